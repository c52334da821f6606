/** Labels for the states of a node. Without the schemas, so that the panel can bundle it. */
import type { GpuLost, NodeState } from './node-state.ts';

/** The label of a state, the same in panel, tray and CLI. */
export function nodeStateWords(node: {
  state: NodeState;
  hasGpu: boolean | null;
  url: string | null;
  agentUrl?: string | null;
  gpuLost?: GpuLost | null;
}): string {
  if (node.gpuLost && isServing(node.state)) return 'GPU lost';
  // A node without a server can still be on: this computer runs Pilotlight, another one only its agent.
  if (node.url === null && isServing(node.state)) return 'on, no Ollama';
  if (node.url === null && !node.agentUrl && node.state !== 'unknown') return 'no Ollama here';
  switch (node.state) {
    case 'unknown':
      return 'not checked yet';
    case 'off':
      return 'off';
    case 'waking':
      return 'waking';
    case 'booting':
      return 'booting';
    case 'serving':
      return node.hasGpu === false ? 'serving' : 'serving, GPU not checked';
    case 'gpu-verified':
      return 'gpu-verified';
    case 'trouble':
      return 'trouble';
  }
}

export function isServing(state: NodeState): boolean {
  return state === 'serving' || state === 'gpu-verified';
}
