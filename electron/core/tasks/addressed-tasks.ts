/**
 * Tasks that one worker alone must do, such as the one by which a worker checks itself. The queue gives them to whoever
 * asks first; they wait here, with their lease, until their own worker asks.
 */
import type { TaskClaim } from '../ports/task-queue.ts';
import type { Clock } from '../ports/time.ts';

export interface AddressedTasks {
  park(workerId: string, claim: TaskClaim): void;
  /** Those of a worker whose lease has not ended. */
  take(workerId: string, count: number): TaskClaim[];
}

export function createAddressedTasks(
  clock: Pick<Clock, 'monotonic'>,
  { leaseMs }: { leaseMs: number },
): AddressedTasks {
  const parked = new Map<string, { claim: TaskClaim; until: number }[]>();
  return {
    park(workerId, claim) {
      const now = clock.monotonic();
      const others = (parked.get(workerId) ?? []).filter(({ until }) => until > now);
      parked.set(workerId, [...others, { claim, until: now + leaseMs }]);
    },
    take(workerId, count) {
      const now = clock.monotonic();
      const waiting = (parked.get(workerId) ?? []).filter(({ until }) => until > now);
      const rest = waiting.slice(count);
      if (rest.length > 0) parked.set(workerId, rest);
      else parked.delete(workerId);
      return waiting.slice(0, count).map(({ claim }) => claim);
    },
  };
}
