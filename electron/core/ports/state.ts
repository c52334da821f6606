/** Storage that survives a restart. */
import type { CredentialRecord } from '../../../shared/models/access.ts';
import type { ActivityEntry, ActivityQuery, NewActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import type { IndexJob, SourceRecord } from '../../../shared/models/indexing.ts';
import type { ListingRecord, MoveRecord } from '../../../shared/models/placement.ts';
import type { RemoteIndexRecord } from '../../../shared/models/remote-index.ts';
import type { RunnerRecord } from '../../../shared/models/runner.ts';
import type { SecretsProtection } from '../../../shared/models/secrets.ts';
import type { SavedSettings } from '../../../shared/models/settings.ts';
import type { BucketLength, BucketRow, QueueTotalsBucket } from './history.ts';
import type { PowerStore } from './power-state.ts';
import type { RequestTotalsBucket } from './request-history.ts';
import type { HistoryPart, HistoryUse } from './storage.ts';
import type { TaskStore } from './task-state.ts';

/**
 * Passwords, tokens, and addresses that contain one, by name (shared/models/secrets.ts, secretSettings). Separate from
 * the store, so that no export, log or copy of the database contains one. Pass a value only to the code that uses it.
 */
export interface Secrets {
  readonly protection: SecretsProtection;
  /** null if it is not set or can no longer be decrypted. */
  get(name: string): string | null;
  /** Sets each value, or removes it with null; durable when it returns. Throws DISK_FULL without changing anything. */
  change(changes: Readonly<Record<string, string | null>>): void;
}

/**
 * The database, one part per domain. Synchronous, because rows are few and small. Every call is durable when it
 * returns; on a full disk it throws DISK_FULL without changing anything.
 */
export interface Store {
  readonly settings: {
    read(): unknown;
    write(settings: SavedSettings): void;
  };
  readonly nodes: {
    list(): NodeRecord[];
    put(node: NodeRecord): void;
    remove(id: string): void;
  };
  readonly bootTimes: {
    /** Saves how long a boot took, milliseconds. */
    add(nodeId: string, at: number, durationMs: number): void;
    /** Newest first. */
    recent(nodeId: string, limit: number): number[];
  };
  /** The models that each server listed last; removed with the node. */
  readonly listings: {
    list(): ListingRecord[];
    put(listing: ListingRecord): void;
  };
  /** What each runner reported last; removed with the node. */
  readonly runners: {
    list(): RunnerRecord[];
    put(record: RunnerRecord): void;
    remove(nodeId: string): void;
  };
  readonly pins: {
    list(): { nodeId: string; model: string }[];
    set(nodeId: string, model: string, pinned: boolean): void;
  };
  readonly moves: {
    append(move: Omit<MoveRecord, 'id'>): MoveRecord;
    /** Newest first. */
    list(limit: number): MoveRecord[];
  };
  readonly activity: {
    append(entry: NewActivityEntry & { at: number }): ActivityEntry;
    /** Newest first. */
    list(query: ActivityQuery): ActivityEntry[];
  };
  readonly sources: {
    list(): SourceRecord[];
    put(source: SourceRecord): void;
    remove(id: string): void;
  };
  readonly remoteIndexes: {
    /** The oldest first. */
    list(): RemoteIndexRecord[];
    put(record: RemoteIndexRecord): void;
    remove(id: string): void;
  };
  readonly jobs: {
    put(job: IndexJob): void;
    get(id: string): IndexJob | null;
    /** Newest first. */
    list(limit: number): IndexJob[];
    /** Jobs that were pending or running when the process ended. */
    unfinished(): IndexJob[];
  };
  readonly credentials: {
    /** Revoked ones too. A damaged record is replaced by one that opens nothing. */
    list(): CredentialRecord[];
    put(credential: CredentialRecord): void;
    remove(id: string): void;
  };
  readonly power: PowerStore;
  /** Telemetry and work in buckets of wall time. Starts and ends are milliseconds, ends included. */
  readonly history: {
    /** The totals of every node in one bucket. */
    at(seconds: BucketLength, start: number): BucketRow[];
    /**
     * In one transaction: inserts rows or replaces those with the same node, length and start, and deletes buckets that
     * begin before `prune.before`, oldest first, a limited number at a time.
     */
    write(change: {
      rows: readonly BucketRow[];
      prune: readonly { seconds: BucketLength; before: number }[];
    }): void;
    /** One node, oldest first. */
    read(nodeId: string, seconds: BucketLength, from: number, last: number): BucketRow[];
    /** Vectors by node, oldest first; buckets without any are left out. */
    work(
      seconds: BucketLength,
      from: number,
      last: number,
    ): { nodeId: string; start: number; vectors: number }[];
    /** Deletes the history of a node. */
    remove(nodeId: string): void;
  };
  /** What came through the gateway. Starts and ends are milliseconds, ends included. */
  readonly requestHistory: {
    /** Oldest first; buckets that cannot be read have no rows. */
    read(seconds: BucketLength, from: number, last: number): RequestTotalsBucket[];
    /** In one transaction: replaces buckets, and deletes those before `prune.before`, a limited number at a time. */
    write(change: {
      buckets: readonly RequestTotalsBucket[];
      prune: readonly { seconds: BucketLength; before: number }[];
    }): void;
  };
  /** What waited. Starts and ends are milliseconds, ends included. */
  readonly queueHistory: {
    /** Oldest first; buckets that cannot be read are left out. */
    read(seconds: BucketLength, from: number, last: number): QueueTotalsBucket[];
    /** In one transaction: replaces buckets, and deletes those before `prune.before`, a limited number at a time. */
    write(change: {
      buckets: readonly QueueTotalsBucket[];
      prune: readonly { seconds: BucketLength; before: number }[];
    }): void;
  };
  readonly tasks: TaskStore;
  /** What people may delete of the past. */
  readonly histories: {
    use(part: HistoryPart): HistoryUse;
    clear(part: HistoryPart): void;
  };
  /** Commits everything that `work` writes, or nothing if it throws. Must not be nested. */
  transaction<Result>(work: () => Result): Result;
  close(): void;
}
