/** The calls of the queue's process. */
import type {
  TaskFailure,
  TaskQueueName,
  TaskResult,
  TaskState,
  TaskStep,
} from '../../../../shared/models/tasks.ts';
import type {
  ClaimRequest,
  KeptTask,
  LeaseProof,
  LeaseState,
  NewTask,
  QueueCounts,
  TaskChange,
  TaskClaim,
  TaskPage,
  TaskQuery,
  TaskReport,
} from '../../../core/ports/task-queue.ts';

/** The caller chooses the token, so a claim that is repeated gets what its first call has got. */
export type TokenClaim = ClaimRequest & { token: string };
export type NextClaim = Pick<ClaimRequest, 'queues' | 'workerId' | 'leaseMs'> & { token: string };

export interface QueueWorkerConfig {
  /** Absolute path of the database. */
  file: string;
  /** How large it may become; null for the disk's limit. */
  maxBytes: number | null;
}

export type QueueEvent =
  | { kind: 'changes'; changes: TaskChange[] }
  | { kind: 'lost'; id: string; workerId: string; state: TaskState }
  /** The database was damaged, and moved there. */
  | { kind: 'damaged'; keptAs: string };

export interface QueueContract {
  config: QueueWorkerConfig;
  calls: {
    add: { params: readonly NewTask[]; result: null };
    claim: { params: TokenClaim; result: TaskClaim[] };
    /** Ends a claim whose caller has gone: what it waits for, and what it has got. */
    abandon: { params: { token: string }; result: null };
    renew: { params: { leases: readonly LeaseProof[]; leaseMs: number }; result: LeaseState[] };
    report: { params: readonly TaskReport[]; result: null };
    complete: {
      params: { proof: LeaseProof; result: TaskResult; next: NextClaim | null };
      result: { accepted: boolean; next: TaskClaim | null };
    };
    fail: {
      params: { proof: LeaseProof; failure: TaskFailure; retryAfterMs: number | null };
      result: TaskState | null;
    };
    release: { params: { proof: LeaseProof; delayMs: number }; result: null };
    cancel: { params: readonly string[]; result: number };
    retry: { params: readonly string[]; result: number };
    move: { params: { ids: readonly string[]; queue: TaskQueueName }; result: number };
    remove: { params: readonly string[]; result: number };
    prune: { params: { before: number; limit: number }; result: string[] };
    get: { params: { id: string }; result: KeptTask | null };
    list: { params: TaskQuery; result: TaskPage };
    stats: { params: null; result: QueueCounts[] };
    note: { params: { id: string; step: TaskStep }; result: null };
    takeOut: { params: { limit: number }; result: KeptTask[] };
    putIn: { params: readonly KeptTask[]; result: null };
    forget: { params: readonly string[]; result: null };
  };
  progress: never;
  event: QueueEvent;
}

export type QueueMethod = keyof QueueContract['calls'];
