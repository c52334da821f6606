/**
 * A queue of tasks. Two engines implement it, and one contract test holds for both: SQLite in a process of its own, and
 * BullMQ on Redis or Valkey.
 *
 * A claim is a lease: its token proves who has the task. The worker renews it while the work lives, so no time limit
 * makes a long task run twice; a lease that is not renewed ends, and the task is tried again. Every call with a token
 * that is no longer valid changes nothing.
 *
 * Rejects with QUEUE_UNREACHABLE, TASK_QUEUE_FULL (no memory or disk: nothing was changed), QUEUE_FOREIGN (another program's
 * keys), NOT_FOUND.
 */
import type {
  TaskFailure,
  TaskQueueName,
  TaskRecord,
  TaskResult,
  TaskSpec,
  TaskState,
  TaskStep,
} from '../../../shared/models/tasks.ts';

export interface NewTask {
  /** Chosen by the caller, never only digits, without `:`. Adding one that is there changes nothing. */
  id: string;
  queue: TaskQueueName;
  spec: TaskSpec;
  /** Higher goes first, 0 to 1,000,000. Equal ones in the order they were added. */
  priority: number;
  /** Not before, milliseconds since the epoch; null for at once. */
  runAt: number | null;
  maxAttempts: number;
}

export interface TaskClaim {
  task: TaskRecord;
  token: string;
  /** When the lease ends unless it is renewed, milliseconds since the epoch. */
  leaseUntil: number;
}

export interface ClaimRequest {
  /** The first one that has a task. */
  queues: readonly TaskQueueName[];
  workerId: string;
  /** At most. */
  count: number;
  leaseMs: number;
  /** How long to wait for a first task, milliseconds; 0 answers at once. */
  waitMs: number;
}

/** `cancelled`: a person cancelled it; the work has to end, and is not accepted any more. */
export type LeaseState = 'held' | 'lost' | 'cancelled';

export interface LeaseProof {
  id: string;
  token: string;
}

export interface TaskReport extends LeaseProof {
  /** 0 to 1; null leaves it as it is. */
  progress: number | null;
  progressText: string | null;
  /** Added to its log; the last 64 kB are kept. */
  log: string;
}

export interface TaskPage {
  tasks: TaskRecord[];
  /** How many fit the query in all. */
  total: number;
}

export interface TaskQuery {
  queue?: TaskQueueName | undefined;
  states?: readonly TaskState[] | undefined;
  batchId?: string | undefined;
  workerId?: string | undefined;
  /** Letters in the title, the id or the failure; upper and lower case are the same. */
  text?: string | undefined;
  offset?: number | undefined;
  limit: number;
}

export interface QueueCounts {
  queue: TaskQueueName;
  counts: Record<TaskState, number>;
  /** When the one that waits longest was added; null if none waits. */
  oldestAt: number | null;
}

/** What changed, newest state of each task; collected for a few milliseconds under load. */
export interface TaskChange {
  id: string;
  /** null if it was removed. */
  state: TaskState | null;
}

export interface TaskQueue {
  /** Durable when it resolves: all, or none. */
  add(tasks: readonly NewTask[]): Promise<void>;
  claim(request: ClaimRequest, signal?: AbortSignal): Promise<TaskClaim[]>;
  renew(leases: readonly LeaseProof[], leaseMs: number): Promise<LeaseState[]>;
  report(reports: readonly TaskReport[]): Promise<void>;
  /**
   * Durable when it resolves. With `next`, claims one more in the same step.
   * `accepted` is false if the lease was lost or the task cancelled: the result was dropped. Repeated with the token that
   * completed it, it is accepted again and changes nothing, so a caller that got no answer may ask again.
   */
  complete(
    proof: LeaseProof,
    result: TaskResult,
    next?: Omit<ClaimRequest, 'count' | 'waitMs'>,
  ): Promise<{ accepted: boolean; next: TaskClaim | null }>;
  /**
   * An attempt failed. It waits for `retryAfterMs` and is tried again while attempts are left; with null it fails for
   * good. Returns the new state, or null if the lease was lost.
   */
  fail(proof: LeaseProof, failure: TaskFailure, retryAfterMs: number | null): Promise<TaskState | null>;
  /** Gives it back without an attempt having been used: a worker that is draining, or cannot do it. */
  release(proof: LeaseProof, delayMs: number): Promise<void>;
  /**
   * Cancels what has not ended. An active one is cancelled at once, too: its worker learns it from its next `renew`, and
   * its result is dropped. Returns how many were cancelled.
   */
  cancel(ids: readonly string[]): Promise<number>;
  /** Puts ended tasks back with all their attempts. Returns how many. */
  retry(ids: readonly string[]): Promise<number>;
  /** Moves waiting tasks to another queue. Returns how many; an active one is not moved. */
  move(ids: readonly string[], queue: TaskQueueName): Promise<number>;
  /** Deletes ended tasks. Returns how many. */
  remove(ids: readonly string[]): Promise<number>;
  /** Deletes ended tasks that ended before, oldest first, at most `limit`. Returns their ids. */
  prune(before: number, limit: number): Promise<string[]>;
  get(id: string): Promise<{ task: TaskRecord; steps: TaskStep[]; log: string } | null>;
  /** Newest first. */
  list(query: TaskQuery): Promise<TaskPage>;
  stats(): Promise<QueueCounts[]>;
  /** Adds a step to a task's timeline. */
  note(id: string, step: TaskStep): Promise<void>;
  /** Called in order, once the change is durable. Returns how to stop. */
  onChange(listener: (changes: readonly TaskChange[]) => void): () => void;
  /**
   * Leases that ended without having been renewed. The task is already in its queue again, or failed if it had no attempt
   * left. Returns how to stop.
   */
  onLost(listener: (lost: { id: string; workerId: string; state: TaskState }) => void): () => void;
  /** Warnings about its server: no append-only file, a policy that evicts keys. Empty if all is well. */
  warnings(): Promise<readonly ('no-append-only-file' | 'evicts-keys' | 'old-server')[]>;
  close(): Promise<void>;
}

/** A task with all that its queue keeps, for another engine. */
export interface KeptTask {
  task: TaskRecord;
  steps: TaskStep[];
  log: string;
}

/** What moving to another engine needs of both; see core/tasks/move-tasks.ts. */
export interface MovableTaskQueue extends TaskQueue {
  /** Tasks that are not active, in the order in which they are to be put in again. */
  takeOut(limit: number): Promise<KeptTask[]>;
  /** Keeps id, state, attempts and times. One whose id is there is left as it is. Durable when it resolves. */
  putIn(tasks: readonly KeptTask[]): Promise<void>;
  /** Deletes tasks in any state but active, without a trace. */
  forget(ids: readonly string[]): Promise<void>;
}

/** Opens an engine. Rejects with QUEUE_UNREACHABLE or QUEUE_OLD_SERVER. */
export type OpenTaskQueue = (
  engine: { kind: 'sqlite' } | { kind: 'bullmq'; url: string },
) => Promise<MovableTaskQueue>;
