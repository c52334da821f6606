/** The activity entry for a GPU that is lost, or there again. Pure. */
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';

/** null if nothing is worth recording. Each loss is reported once, even if the node drops out in between. */
export function describeGpuChange(previous: NodeView, node: NodeView): NewActivityEntry | null {
  const common = { kind: 'fleet' as const, nodeId: node.id };
  const isHere = node.kind === 'this-computer';
  const { gpuLost } = node;
  if (gpuLost !== null) {
    // One from before it came up was reported then.
    if (previous.gpuLost !== null || gpuLost.since < node.since) return null;
    return {
      ...common,
      severity: 'warning',
      message: isHere ? fact('OLLAMA_HERE_LOST_GPU') : fact('NODE_LOST_GPU', { node: node.name }),
      why: fact('SENTENCES', { parts: [gpuLost.reason, gpuLost.next] }),
      notify: true,
    };
  }
  if (previous.gpuLost === null || !isServing(node.state)) return null;
  if (node.state === 'gpu-verified') {
    return {
      ...common,
      severity: 'success',
      message: isHere ? fact('OLLAMA_HERE_HAS_GPU_AGAIN') : fact('NODE_HAS_GPU_AGAIN', { node: node.name }),
    };
  }
  return {
    ...common,
    severity: 'info',
    message: isHere ? fact('TOOLS_HERE_SEE_GPU_AGAIN') : fact('TOOLS_SEE_GPU_AGAIN', { node: node.name }),
  };
}
