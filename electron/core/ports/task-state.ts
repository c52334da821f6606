/** What core itself saves of tasks: their records are in the queue (task-queue.ts). */
import type { FilePlace } from '../../../shared/models/places.ts';
import type {
  IngestedText,
  TaskInput,
  TaskQueueName,
  TaskWorkerRecord,
} from '../../../shared/models/tasks.ts';
import type { BucketLength } from './history.ts';

/** `deleted`: a person has deleted its text; kept until its task is deleted, so that it is not stored again. */
export type IngestState = 'pending' | 'indexed' | 'failed' | 'deleted';

export interface IngestedRecord extends Omit<IngestedText, 'indexed'> {
  state: IngestState;
  /** How `origin` is to be read. Absent in what an earlier version saved. */
  input?: TaskInput['kind'] | undefined;
  /** Where its pages, or other parts, begin in its file, in ascending order. Absent for none. */
  places?: readonly FilePlace[] | undefined;
}

/** The webhook of a task that is there. The whole address is among the secrets if it contains a password. */
export interface WebhookRecord {
  taskId: string;
  url: string;
  addedAt: number;
  /** How often it was tried since its task ended. */
  attempts: number;
  /** When it is tried next, milliseconds since the epoch; null before its task has ended. */
  nextAt: number | null;
  /** The end of the task that it was called for last, or given up; null if it was not called yet. */
  calledFor: number | null;
}

/** Depth of a queue in one bucket: sums of what waited and was active, times seconds. */
export interface DepthRow {
  queue: TaskQueueName;
  seconds: number;
  waiting: number;
  active: number;
}

export interface DepthBucket {
  seconds: BucketLength;
  /** Start in wall time, milliseconds since the epoch; a multiple of the length. */
  start: number;
  rows: readonly DepthRow[];
}

/** Synchronous and durable, as the rest of the store. */
export interface TaskStore {
  readonly workers: {
    list(): TaskWorkerRecord[];
    put(worker: TaskWorkerRecord): void;
    remove(id: string): void;
  };
  readonly ingested: {
    get(taskId: string): IngestedRecord | null;
    /** Newest first, without deleted ones. `text`: letters in the title or the origin. */
    list(query: { text?: string | undefined; offset: number; limit: number }): {
      texts: IngestedRecord[];
      total: number;
    };
    /** Oldest first, at most `limit`. */
    inState(state: IngestState, limit: number): IngestedRecord[];
    /** All or none. */
    put(records: readonly IngestedRecord[]): void;
    remove(taskIds: readonly string[]): void;
    size(): { count: number; oldestAt: number | null };
  };
  readonly webhooks: {
    list(): WebhookRecord[];
    /** Since when there is a record of each webhook that was called: the first time that this was asked. */
    since(now: number): number;
    put(webhooks: readonly WebhookRecord[]): void;
    remove(taskIds: readonly string[]): void;
  };
  readonly depth: {
    /** Oldest first. Starts and ends are milliseconds, ends included. */
    read(seconds: BucketLength, from: number, last: number): DepthBucket[];
    /** In one transaction: replaces buckets, and deletes those before `prune.before`, a limited number at a time. */
    write(change: {
      buckets: readonly DepthBucket[];
      prune: readonly { seconds: BucketLength; before: number }[];
    }): void;
  };
}
