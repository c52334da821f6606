/** Claims that wait for a task, served in the order in which they came. */
import type { TaskQueueName } from '../../../../shared/models/tasks.ts';
import type { ClaimRequest, TaskClaim } from '../../../core/ports/task-queue.ts';
import type { Clock, Timer } from '../../../core/ports/time.ts';

export interface TakenTasks {
  claims: TaskClaim[];
  /** When the first delayed task of each queue is due that had no other. */
  nextAt: ReadonlyMap<TaskQueueName, number | null>;
}

interface Waiter {
  request: ClaimRequest;
  timer: Timer;
  settle(how: { claims: TaskClaim[] } | { error: unknown }): void;
}

/** Wall clocks are set, and an event may be lost with a connection: it is looked again after this time, milliseconds. */
const LOOK_AGAIN_MS = 5000;

export function createWaiters(options: {
  clock: Pick<Clock, 'now' | 'timer'>;
  take(request: ClaimRequest): Promise<TakenTasks>;
  /** Claims whose caller went away meanwhile. */
  giveBack(claims: readonly TaskClaim[]): void;
}) {
  const { clock } = options;
  const waiting = new Set<Waiter>();
  let isServing = false;
  let again = false;
  let dueTimer: Timer | null = null;
  let dueAt = Number.POSITIVE_INFINITY;

  function remove(waiter: Waiter): boolean {
    waiter.timer.cancel();
    return waiting.delete(waiter);
  }

  function lookAt(at: number): void {
    if (at >= dueAt || waiting.size === 0) return;
    dueTimer?.cancel();
    dueAt = at;
    dueTimer = clock.timer(Math.max(1, at - clock.now()), () => {
      dueAt = Number.POSITIVE_INFINITY;
      serve();
    });
  }

  function serve(): void {
    again = true;
    if (!isServing) void serveAll();
  }

  async function serveAll(): Promise<void> {
    isServing = true;
    while (again) {
      again = false;
      const empty = new Set<TaskQueueName>();
      for (const waiter of [...waiting]) {
        if (!waiting.has(waiter) || waiter.request.queues.every((queue) => empty.has(queue))) continue;
        try {
          const { claims, nextAt } = await options.take(waiter.request);
          for (const [queue, at] of nextAt) {
            empty.add(queue);
            if (at !== null) lookAt(at);
          }
          if (claims.length === 0) continue;
          if (remove(waiter)) waiter.settle({ claims });
          else options.giveBack(claims);
        } catch (error) {
          if (remove(waiter)) waiter.settle({ error });
        }
      }
    }
    isServing = false;
    lookAt(clock.now() + LOOK_AGAIN_MS);
  }

  return {
    wait: (request: ClaimRequest, signal: AbortSignal | undefined): Promise<TaskClaim[]> =>
      new Promise((resolve, reject) => {
        const abort = (): void => {
          if (remove(waiter)) reject(signal?.reason);
        };
        const waiter: Waiter = {
          request,
          timer: clock.timer(request.waitMs, () => {
            if (remove(waiter)) waiter.settle({ claims: [] });
          }),
          settle(how) {
            signal?.removeEventListener('abort', abort);
            if ('error' in how) reject(how.error);
            else resolve(how.claims);
          },
        };
        signal?.addEventListener('abort', abort, { once: true });
        waiting.add(waiter);
        serve();
      }),
    /** Something can be claimed, or may be. */
    serve,
    dueAt: lookAt,
    endAll(): void {
      dueTimer?.cancel();
      for (const waiter of [...waiting]) {
        remove(waiter);
        waiter.settle({ claims: [] });
      }
    },
  };
}
