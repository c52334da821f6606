/** What the parts of the queue on Redis share: its connection, its keys, and how a call is made sure of. */
import { type TaskQueueName, taskQueueNames } from '../../../../shared/models/tasks.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { Clock } from '../../../core/ports/time.ts';
import type { TaskBackend } from './backend.ts';
import type { RedisConnection } from './connection.ts';
import { isConnectionError, toQueueError } from './redis-errors.ts';

export interface RedisWorld {
  redis: RedisConnection;
  clock: Clock;
  log: Log;
  backendOf(queue: TaskQueueName): TaskBackend;
  prefixOf(queue: TaskQueueName): string;
  queueOf(prefix: string): TaskQueueName;
  /**
   * Makes a call that changes nothing more the second time: it is made again if its answer was lost with the connection.
   */
  sure<T>(call: () => Promise<T>): Promise<T>;
}

const ROUNDS = 3;

export const keyPrefix = (prefix: string, queue: TaskQueueName): string => `${prefix}:${queue}:`;

export function createRedisWorld(
  given: Omit<RedisWorld, 'prefixOf' | 'queueOf' | 'sure'> & { prefix: string },
): RedisWorld {
  const prefixOf = (queue: TaskQueueName) => keyPrefix(given.prefix, queue);
  return {
    ...given,
    prefixOf,
    queueOf: (prefix) => taskQueueNames.find((queue) => prefixOf(queue) === prefix) ?? 'celery',
    async sure(call) {
      for (let round = 1; ; round += 1) {
        try {
          return await call();
        } catch (error) {
          if (round === ROUNDS || !isConnectionError(error)) throw toQueueError(error);
        }
      }
    },
  };
}

/** A token names the attempt, too: the lock of BullMQ stays the same from one task of a worker to its next. */
export const tokenOf = (lock: string, attempt: string): string => `${lock}.${attempt}`;

export function partsOf(token: string): { lock: string; attempt: string } {
  const at = token.lastIndexOf('.');
  return { lock: token.slice(0, Math.max(0, at)), attempt: token.slice(at + 1) };
}
