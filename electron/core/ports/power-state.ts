/** Stored policies, leases, withdrawals and power history. */
import type { NodeState } from '../../../shared/models/node-state.ts';
import type { LeaseRecord, PowerPolicy, Withdrawal } from '../../../shared/models/power.ts';

export interface PowerStore {
  /** The id of this panel: created once, and then permanent. */
  panelId(): string;
  policies(): { nodeId: string; policy: PowerPolicy }[];
  putPolicy(nodeId: string, policy: PowerPolicy): void;
  removePolicy(nodeId: string): void;
  /** Pending withdrawals from agents, oldest first. */
  withdrawals(): Withdrawal[];
  putWithdrawal(withdrawal: Withdrawal): void;
  removeWithdrawal(id: string): void;
  /** Inserts or replaces a lease. */
  putLease(lease: LeaseRecord): void;
  openLeases(): LeaseRecord[];
  /** Leases of a node that overlap the range, oldest first. */
  leases(nodeId: string, from: number, to: number): LeaseRecord[];
  appendState(nodeId: string, at: number, state: NodeState): void;
  /** Changes in the range, oldest first, preceded by the last one before it. */
  states(nodeId: string, from: number, to: number): { at: number; state: NodeState }[];
  /** When Pilotlight woke it, and the boot that began then; null once that boot has ended. */
  woken(nodeId: string): { at: number; bootId: string | null } | null;
  setWoken(nodeId: string, woken: { at: number; bootId: string | null } | null): void;
  /** Deletes everything about a node. */
  remove(nodeId: string): void;
}
