/** What the operations of one transaction have done: it is told and remembered after the commit, or forgotten. */
import type { TaskQueueName, TaskState } from '../../../shared/models/tasks.ts';

export interface Lease {
  id: string;
  token: string;
  workerId: string;
  leaseMs: number;
}

export interface LostLease {
  id: string;
  workerId: string;
  state: TaskState;
}

export interface Transition {
  id: string;
  /** null for a new one. */
  from: { queue: TaskQueueName; state: TaskState } | null;
  /** null for one that was deleted. */
  to: { queue: TaskQueueName; state: TaskState } | null;
}

export interface Turn {
  /** Wall time. */
  readonly now: number;
  readonly transitions: Transition[];
  readonly leases: Map<string, Lease | null>;
  readonly lost: LostLease[];
  /** Queues that got a task that can be claimed. */
  readonly ready: Set<TaskQueueName>;
  /** When the first delayed task of this turn may start; null without one. */
  delayedUntil: number | null;
}

export const createTurn = (now: number): Turn => ({
  now,
  transitions: [],
  leases: new Map(),
  lost: [],
  ready: new Set(),
  delayedUntil: null,
});

export function transit(turn: Turn, transition: Transition): void {
  turn.transitions.push(transition);
  if (transition.from?.state === 'active') turn.leases.set(transition.id, null);
  if (transition.to?.state === 'waiting') turn.ready.add(transition.to.queue);
}

/** A task changed, but not its state. */
export function touch(
  turn: Turn,
  { id, queue, state }: { id: string; queue: TaskQueueName; state: TaskState },
): void {
  turn.transitions.push({ id, from: { queue, state }, to: { queue, state } });
}

export function delay(turn: Turn, runAt: number): void {
  turn.delayedUntil = Math.min(turn.delayedUntil ?? runAt, runAt);
}
