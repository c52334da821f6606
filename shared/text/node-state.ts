/** The label of a node's state, the same in panel, tray and CLI. */
import type { GpuLost, NodeState, Wedged } from '../models/node-state.ts';
import { isServing } from '../models/serving.ts';

export function nodeStateLabel(node: {
  state: NodeState;
  hasGpu: boolean | null;
  url: string | null;
  agentUrl?: string | null;
  gpuLost?: GpuLost | null;
  wedged?: Wedged | null;
  server?: { capabilities: readonly string[] } | null;
}): string {
  if (node.wedged && isServing(node.state)) return 'wedged';
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
      return node.hasGpu === false || saysNothing(node) ? 'serving' : 'serving, GPU not checked';
    case 'gpu-verified':
      return 'gpu-verified';
    case 'trouble':
      return 'trouble';
  }
}

/** Its server never says where its models are, so the GPU can't be checked. */
const saysNothing = ({ server }: { server?: { capabilities: readonly string[] } | null }): boolean =>
  (server ?? null) !== null && server?.capabilities.includes('says-placement') === false;
