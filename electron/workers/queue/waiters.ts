/** Claims that wait for a task, served in the order in which they came. */
import type { TaskQueueName } from '../../../shared/models/tasks.ts';
import type { TokenClaim } from '../../adapters/queues/sqlite/protocol.ts';
import type { TaskClaim } from '../../core/ports/task-queue.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';

interface Waiter {
  request: TokenClaim;
  timer: Timer;
  answer(claims: TaskClaim[]): void;
}

export interface Waiters {
  wait(request: TokenClaim): Promise<TaskClaim[]>;
  /**
   * Lets those take tasks that wait for one of these queues. The returned function answers them: it is called after the
   * commit, or never.
   */
  serve(ready: ReadonlySet<TaskQueueName>, take: (request: TokenClaim) => TaskClaim[]): () => void;
  /** Answers one with nothing. */
  end(token: string): void;
  endAll(): void;
}

export function createWaiters(clock: Pick<Clock, 'timer'>): Waiters {
  const waiting = new Map<string, Waiter>();

  function answer(token: string, claims: TaskClaim[]): void {
    const waiter = waiting.get(token);
    waiting.delete(token);
    waiter?.timer.cancel();
    waiter?.answer(claims);
  }

  return {
    wait: (request) =>
      new Promise((resolve) => {
        const { token, waitMs } = request;
        waiting.set(token, { request, timer: clock.timer(waitMs, () => answer(token, [])), answer: resolve });
      }),
    serve(ready, take) {
      const served: [string, TaskClaim[]][] = [];
      const left = new Set(ready);
      for (const { request } of waiting.values()) {
        if (left.size === 0) break;
        if (!request.queues.some((queue) => left.has(queue))) continue;
        const claims = take(request);
        if (claims.length > 0) served.push([request.token, claims]);
        // It could have had more: none is left in its queues.
        if (claims.length < request.count) for (const queue of request.queues) left.delete(queue);
      }
      return () => {
        for (const [token, claims] of served) answer(token, claims);
      };
    },
    end: (token) => answer(token, []),
    endAll() {
      for (const token of [...waiting.keys()]) answer(token, []);
    },
  };
}
