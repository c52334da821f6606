/** What must survive a restart. */
import type { ActivityEntry, ActivityQuery, NewActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import type { IndexJob, SourceRecord } from '../../../shared/models/indexing.ts';
import type { MoveRecord } from '../../../shared/models/placement.ts';
import type { SecretsProtection } from '../../../shared/models/secrets.ts';
import type { SavedSettings } from '../../../shared/models/settings.ts';
import type { BucketLength, BucketRow } from './history.ts';
import type { PowerStore } from './power-state.ts';

/**
 * Passwords, tokens, and addresses that carry one, by name (shared/models/secrets.ts, secretSettings). Apart from
 * the store, so that no export, log or copy of the database holds one. A value goes only to the one who uses it.
 */
export interface Secrets {
  readonly protection: SecretsProtection;
  /** null where none is set, or where it cannot be opened any more. */
  get(name: string): string | null;
  /** Sets each value, or removes it with null; durable when it returns. Throws DISK_FULL, and changes nothing then. */
  change(changes: Readonly<Record<string, string | null>>): void;
}

/**
 * What must survive a restart, one part per domain. Synchronous: rows are few and small. Every call is
 * durable when it returns; a full disk rejects with DISK_FULL and changes nothing.
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
    /** Remembers how long one boot took, in milliseconds. */
    add(nodeId: string, at: number, durationMs: number): void;
    /** Newest first. */
    recent(nodeId: string, limit: number): number[];
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
  readonly jobs: {
    put(job: IndexJob): void;
    get(id: string): IndexJob | null;
    /** Newest first. */
    list(limit: number): IndexJob[];
    /** Jobs that were pending or running when the process ended. */
    unfinished(): IndexJob[];
  };
  readonly power: PowerStore;
  /** Telemetry and work in buckets of wall time. Starts and ends are milliseconds, ends included. */
  readonly history: {
    /** What is kept of every node for one bucket. */
    at(seconds: BucketLength, start: number): BucketRow[];
    /**
     * In one transaction: puts rows in the place of those with the same node, length and start, and drops what
     * begins before `prune.before`, oldest first, a bounded number at a time.
     */
    write(change: {
      rows: readonly BucketRow[];
      prune: readonly { seconds: BucketLength; before: number }[];
    }): void;
    /** One node, oldest first. */
    read(nodeId: string, seconds: BucketLength, from: number, last: number): BucketRow[];
    /** Vectors by node where there were any, oldest first. */
    work(
      seconds: BucketLength,
      from: number,
      last: number,
    ): { nodeId: string; start: number; vectors: number }[];
    /** Forgets a node: from now on nothing of it is found. */
    remove(nodeId: string): void;
  };
  /** Keeps all that `work` writes, or nothing of it when it throws. Not to be nested. */
  transaction<Result>(work: () => Result): Result;
  close(): void;
}
