/**
 * Commits together what arrived together: the calls of one turn of the event loop are one transaction, and are answered
 * after its commit. If one of them fails, all are undone and each is repeated alone, so that only the one that failed
 * is refused.
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
  store(): QueueStore;
  /** Does more in the same transaction; what it returns runs after the commit. */
  beforeCommit(turn: Turn, store: QueueStore): () => void;
  afterCommit(turn: Turn, store: QueueStore): void;
  /** Replaces the damaged store. */
  onDamaged(): void;
  stopped(): Error;
}

export function createCommits(options: CommitsOptions): Commits {
  let waiting: Waiting[] = [];
  let isScheduled = false;
  let isStopped = false;

  function flush(): void {
    isScheduled = false;
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) commit(batch, true);
  }

  function commit(batch: readonly Waiting[], mayRepeat: boolean): void {
    const store = options.store();
    const turn = createTurn(options.now());
    const answers: (() => void)[] = [];
    try {
      store.database.exec('BEGIN');
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
      store.database.exec('COMMIT');
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
        if (isScheduled) return;
        isScheduled = true;
        setImmediate(flush);
      }),
    stop() {
      flush();
      isStopped = true;
    },
  };
}
