/** What must survive a restart of policies, leases and history. */
import type { NodeState } from '../../../shared/models/node-state.ts';
import type { LeaseRecord, PowerPolicy, Withdrawal } from '../../../shared/models/power.ts';

export interface PowerStore {
  /** Of this panel: made at first, the same for ever. */
  panelId(): string;
  policies(): { nodeId: string; policy: PowerPolicy }[];
  putPolicy(nodeId: string, policy: PowerPolicy): void;
  removePolicy(nodeId: string): void;
  /** Agents that this panel is still to be withdrawn from, oldest first. */
  withdrawals(): Withdrawal[];
  putWithdrawal(withdrawal: Withdrawal): void;
  removeWithdrawal(id: string): void;
  /** Writes a lease, or writes it anew. */
  putLease(lease: LeaseRecord): void;
  openLeases(): LeaseRecord[];
  /** Leases of a node that lived at some moment between, oldest first. */
  leases(nodeId: string, from: number, to: number): LeaseRecord[];
  appendState(nodeId: string, at: number, state: NodeState): void;
  /** Changes between, oldest first, and before them the last one of earlier. */
  states(nodeId: string, from: number, to: number): { at: number; state: NodeState }[];
  /** That Pilotlight woke it, in the run that began then; null when that run is over. */
  woken(nodeId: string): { at: number; bootId: string | null } | null;
  setWoken(nodeId: string, woken: { at: number; bootId: string | null } | null): void;
  /** Forgets a node. */
  remove(nodeId: string): void;
}
