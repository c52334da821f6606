/** The queue: what waits, whose lease ends, what becomes due. It runs in a process of its own, in tests anywhere. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { taskQueueNames } from '../../../shared/models/tasks.ts';
import type {
  NextClaim,
  QueueContract,
  QueueEvent,
  QueueMethod,
  TokenClaim,
} from '../../adapters/queues/sqlite/protocol.ts';
import type { TaskClaim } from '../../core/ports/task-queue.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import { createChanges } from './changes.ts';
import { createCommits } from './commits.ts';
import { openQueueDatabase, replaceDamaged } from './database.ts';
import { createQueueStore, type QueueStore } from './store.ts';
import type { Lease, Turn } from './turn.ts';
import { createWaiters } from './waiters.ts';

export interface QueueEngineOptions {
  file: string;
  maxBytes: number | null;
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  tell(event: QueueEvent): void;
}

type Calls = QueueContract['calls'];
export type QueueEngine = {
  [M in QueueMethod]: (params: Calls[M]['params']) => Promise<Calls[M]['result']>;
} & {
  /** Commits what has arrived, then closes the database. */
  stop(): void;
};

/** Wall clocks are set: what is due later is looked for again after this time, milliseconds. */
const LOOK_AGAIN_MS = 60_000;
/** Pages of deleted tasks that are given back to the disk at once. */
const VACUUM_PAGES = 500;

/** Throws TASK_QUEUE_FULL, STATE_NEWER or DATA_FOLDER_UNUSABLE. */
export function createQueueEngine({ file, maxBytes, clock, tell }: QueueEngineOptions): QueueEngine {
  const waiters = createWaiters(clock);
  const changes = createChanges(clock, tell);
  let dueTimer: Timer | null = null;
  let dueAt = Number.POSITIVE_INFINITY;

  const opened = openQueueDatabase(file, maxBytes);
  let store: QueueStore = createQueueStore(opened.database, clock, onLeasesEnded);
  if (opened.keptAs !== null) tell({ kind: 'damaged', keptAs: opened.keptAs });

  const { run, stop } = createCommits({
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    store: () => store,
    beforeCommit: (turn) => waiters.serve(turn.ready, (request) => take(turn, request)),
    afterCommit,
    onDamaged() {
      try {
        store.close();
      } catch {
        // A damaged database may fail to close; its file is moved anyway.
      }
      const { database, keptAs } = replaceDamaged(file, maxBytes);
      store = createQueueStore(database, clock, onLeasesEnded);
      tell({ kind: 'damaged', keptAs: keptAs ?? file });
    },
    stopped: () => new PilotlightError('STOPPING'),
  });
  lookForDue();

  function onLeasesEnded(ended: readonly Lease[]): void {
    run((turn, { attempts, leases }) => {
      for (const lease of ended) if (leases.hasEnded(lease.id)) attempts.lose(turn, lease);
      // The disk is full: the leases are still there, and it is tried again.
    }).catch(() => {});
  }

  function afterCommit(turn: Turn, { leases, counts }: QueueStore): void {
    for (const [id, lease] of turn.leases) {
      if (lease === null) leases.drop(id);
      else leases.hold(lease);
    }
    counts.apply(turn.transitions);
    if (turn.delayedUntil !== null) lookAt(turn.delayedUntil);
    if (turn.transitions.length > 0) changes.add(turn.transitions);
    for (const lost of turn.lost) tell({ kind: 'lost', ...lost });
  }

  function lookAt(at: number): void {
    if (at >= dueAt) return;
    dueTimer?.cancel();
    dueAt = at;
    const inMs = Math.max(1, Math.min(at - clock.now(), LOOK_AGAIN_MS));
    dueTimer = clock.timer(inMs, () => {
      run((turn, { attempts }) => attempts.promote(turn)).then(lookForDue, lookForDue);
    });
  }

  function lookForDue(): void {
    dueAt = Number.POSITIVE_INFINITY;
    try {
      lookAt(store.nextDelayed() ?? clock.now() + LOOK_AGAIN_MS);
    } catch {
      // Stopped, or damaged: the next call finds out.
      lookAt(clock.now() + LOOK_AGAIN_MS);
    }
  }

  function take(turn: Turn, request: TokenClaim): TaskClaim[] {
    const claims: TaskClaim[] = [];
    while (claims.length < request.count) {
      const claim = store.attempts.claimOne(turn, request, request.token);
      if (claim === null) break;
      claims.push(claim);
    }
    return claims;
  }

  async function claim(request: TokenClaim): Promise<TaskClaim[]> {
    let waits: Promise<TaskClaim[]> | null = null;
    const claims = await run((turn) => {
      const before = again(turn, request.token);
      if (before.length > 0) return before;
      const taken = take(turn, request);
      // It waits from now on: a task that is added by the next call of this turn is already for it.
      if (taken.length === 0 && request.waitMs > 0) waits = waiters.wait(request);
      return taken;
    }).catch((error: unknown) => {
      waiters.end(request.token);
      throw error;
    });
    return waits ?? claims;
  }

  /** What a claim has got that was not answered, because its process ended. */
  const again = (turn: Turn, token: string): TaskClaim[] =>
    store.leases.inherited(token)
      ? store.attempts.claimedWith(turn, store.leases.withToken(token), token)
      : [];

  function claimNext(turn: Turn, next: NextClaim | null): TaskClaim | null {
    if (next === null) return null;
    return again(turn, next.token)[0] ?? store.attempts.claimOne(turn, next, next.token);
  }

  const nothing = (): null => null;

  return {
    add: (tasks) => run((turn, { management }) => management.add(turn, tasks)).then(nothing),
    claim,
    abandon: ({ token }) =>
      run((turn, { attempts, leases }) => {
        waiters.end(token);
        // Its claim may be part of this very transaction.
        const fresh = [...turn.leases.values()].filter((lease) => lease?.token === token) as Lease[];
        const taken = attempts.claimedWith(turn, [...leases.withToken(token), ...fresh], token);
        for (const { task } of taken) attempts.release(turn, [{ id: task.id, token }, 0]);
      }).then(nothing),
    renew: ({ leases: proofs, leaseMs }) =>
      run((_turn, { leases, held, find }) =>
        proofs.map((proof) => {
          const lease = leases.get(proof.id);
          if (held(proof) !== null && lease !== undefined) {
            leases.renew(lease, leaseMs);
            return 'held';
          }
          const row = find(proof.id);
          return row?.state === 'cancelled' && row.token === proof.token ? 'cancelled' : 'lost';
        }),
      ),
    report: (reports) => run((turn, { attempts }) => attempts.report(turn, reports)).then(nothing),
    complete: ({ proof, result, next }) =>
      run((turn, { attempts }) => {
        const accepted = attempts.complete(turn, [proof, result]);
        return { accepted, next: claimNext(turn, next) };
      }),
    fail: ({ proof, failure, retryAfterMs }) =>
      run((turn, { attempts }) => attempts.fail(turn, [proof, failure, retryAfterMs])),
    release: ({ proof, delayMs }) =>
      run((turn, { attempts }) => attempts.release(turn, [proof, delayMs])).then(nothing),
    cancel: (ids) => run((turn, { management }) => management.cancel(turn, ids)),
    retry: (ids) => run((turn, { management }) => management.retry(turn, ids)),
    move: ({ ids, queue }) => run((turn, { management }) => management.move(turn, ids, queue)),
    remove: (ids) => shrinking(run((turn, { management }) => management.remove(turn, ids))),
    prune: ({ before, limit }) =>
      shrinking(run((turn, { management }) => management.prune(turn, before, limit))),
    get: ({ id }) => run((_turn, { reads }) => reads.get(id)),
    list: (query) => run((_turn, { reads }) => reads.list(query)),
    stats: () =>
      run((_turn, { reads, counts }) =>
        taskQueueNames.map((queue) => ({ queue, counts: counts.of(queue), oldestAt: reads.oldestAt(queue) })),
      ),
    note: ({ id, step }) => run((turn, { management }) => management.note(turn, id, step)).then(nothing),
    takeOut: ({ limit }) => run((_turn, { reads }) => reads.takeOut(limit)),
    putIn: (tasks) => run((turn, { management }) => management.putIn(turn, tasks)).then(nothing),
    forget: (ids) => shrinking(run((turn, { management }) => management.forget(turn, ids))).then(nothing),
    stop() {
      stop();
      waiters.endAll();
      changes.stop();
      dueTimer?.cancel();
      dueAt = Number.NEGATIVE_INFINITY;
      store.close();
    },
  };

  /** Gives a part of the freed space back to the disk. */
  async function shrinking<T>(deleted: Promise<T>): Promise<T> {
    const result = await deleted;
    try {
      store.database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
    } catch {
      // It is freed with the next ones.
    }
    return result;
  }
}
