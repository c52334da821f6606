/**
 * Commits together what arrived together: the calls of one turn of the event loop are one transaction, and are answered
 * after its commit. If one of them fails, all are undone and each is repeated alone, so that only the one that failed
 * is refused.
 *
 * A commit blocks this process, so callers split into two halves that take turns: one calls while the other is
 * committed. Calls that came during a commit therefore wait a moment for those that were just answered.
 */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { isDamaged, toQueueError } from './database.ts';
import type { QueueStore } from './store.ts';
import { createTurn, type Turn } from './turn.ts';

interface Waiting {
  run(turn: Turn, store: QueueStore): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface Commits {
  /** Runs in the next transaction; resolves after its commit. */
  run<T>(operation: (turn: Turn, store: QueueStore) => T): Promise<T>;
  /** Runs what waits now; later calls reject. */
  stop(): void;
}

export interface CommitsOptions {
  now(): number;
  /** Milliseconds that only grow. */
  monotonic(): number;
  store(): QueueStore;
  /** Does more in the same transaction; what it returns runs after the commit. */
  beforeCommit(turn: Turn, store: QueueStore): () => void;
  afterCommit(turn: Turn, store: QueueStore): void;
  /** Replaces the damaged store. */
  onDamaged(): void;
  stopped(): Error;
}

/** How much of the time that the last commit took a call may wait for others, and never longer, milliseconds. */
const GATHERING_SHARE = 0.5;
const GATHERING_LIMIT_MS = 5;
/** So many commits gather nothing after one that waited in vain. */
const PAUSE_AFTER_VAIN = 16;

export function createCommits(options: CommitsOptions): Commits {
  const { monotonic } = options;
  let waiting: Waiting[] = [];
  let isScheduled = false;
  let isStopped = false;
  /** The last commit: how many calls it answered, when, and how long it took. */
  let last = { calls: 0, at: Number.NEGATIVE_INFINITY, tookMs: 0 };
  let isAfterCommit = false;
  /** While calls are gathered: how many came at once, how many may come, and until when. */
  let gathering: { from: number; calls: number; until: number } | null = null;
  let pause = 0;

  /** In each turn of the event loop in which calls wait, and in the one after a commit. */
  function onTurn(): void {
    isScheduled = false;
    if (isAfterCommit) gathering = mayGather();
    isAfterCommit = false;
    if (gathering !== null && waiting.length < gathering.calls) {
      if (monotonic() < gathering.until) {
        schedule();
        return;
      }
      if (waiting.length === gathering.from) pause = PAUSE_AFTER_VAIN;
    }
    flush();
  }

  /** Whoever was just answered has hardly called again: what waits now came while the last commit was written. */
  function mayGather(): typeof gathering {
    if (waiting.length === 0) return null;
    if (pause > 0) {
      pause -= 1;
      return null;
    }
    const longest = Math.min(last.tookMs * GATHERING_SHARE, GATHERING_LIMIT_MS);
    return { from: waiting.length, calls: waiting.length + last.calls, until: last.at + longest };
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(onTurn);
  }

  function flush(): void {
    gathering = null;
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    const began = monotonic();
    commit(batch, true);
    const at = monotonic();
    last = { calls: batch.length, at, tookMs: at - began };
    isAfterCommit = true;
    schedule();
  }

  function commit(batch: readonly Waiting[], mayRepeat: boolean): void {
    const store = options.store();
    const turn = createTurn(options.now());
    const answers: (() => void)[] = [];
    try {
      store.sql.run('BEGIN');
      for (const { run, resolve, reject } of batch) {
        try {
          const value = run(turn, store);
          answers.push(() => resolve(value));
        } catch (error) {
          // Refused before it had written anything.
          if (!isPilotlightError(error)) throw error;
          answers.push(() => reject(error));
        }
      }
      answers.push(options.beforeCommit(turn, store));
      store.sql.run('COMMIT');
    } catch (error) {
      undo(store);
      if (isDamaged(error) && mayRepeat) {
        repeatOnNew(batch);
        return;
      }
      if (batch.length === 1) batch[0]?.reject(toQueueError(error));
      else for (const one of batch) commit([one], mayRepeat);
      return;
    }
    options.afterCommit(turn, store);
    for (const answer of answers) answer();
  }

  function undo({ database }: QueueStore): void {
    try {
      // A full disk may already have rolled it back.
      if (database.isTransaction) database.exec('ROLLBACK');
    } catch {
      // A damaged database may fail here, too; it is replaced.
    }
  }

  function repeatOnNew(batch: readonly Waiting[]): void {
    try {
      options.onDamaged();
    } catch (error) {
      for (const { reject } of batch) reject(toQueueError(error));
      return;
    }
    commit(batch, false);
  }

  return {
    run: <T>(operation: (turn: Turn, store: QueueStore) => T) =>
      new Promise<T>((resolve, reject) => {
        if (isStopped) {
          reject(options.stopped());
          return;
        }
        waiting.push({ run: operation, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      }),
    stop() {
      flush();
      isStopped = true;
    },
  };
}
