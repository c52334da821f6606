import type { NodePower } from '../../shared/models/power.ts';
import { createStreamStore } from './keyed.ts';

/** Policy, leases, agent, and what becomes of each node. */
export const powerStore = createStreamStore('power');
export const usePower = powerStore.use;

export const useNodePower = (nodeId: string): NodePower | null =>
  usePower((state) => state.entries[nodeId] ?? null);

/** What a call has just answered, until the stream says it as well. */
export function putPower(power: NodePower): void {
  usePower.setState((state) => ({ entries: { ...state.entries, [power.nodeId]: power } }));
}
