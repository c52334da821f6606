/** Whether a node serves. Without the schemas, so that the panel can bundle it. */
import type { NodeState } from './node-state.ts';

export function isServing(state: NodeState): boolean {
  return state === 'serving' || state === 'gpu-verified';
}
