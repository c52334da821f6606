/** The connection to Redis or Valkey, and what is known about the server. */
import { Redis } from 'ioredis';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { TaskQueue } from '../../../core/ports/task-queue.ts';
import { toQueueError } from './redis-errors.ts';
import { type ScriptName, scripts } from './scripts.ts';

type Warnings = Awaited<ReturnType<TaskQueue['warnings']>>;

/** BullMQ needs commands of 6.2. */
const OLDEST = [6, 2];
/** A command that waits for the connection fails after so many attempts to connect: about two seconds. */
const RETRIES = 6;

const options = {
  lazyConnect: true,
  maxRetriesPerRequest: RETRIES,
  // A command that was sent may have been carried out: whoever sent it decides whether to send it again.
  autoResendUnfulfilledCommands: false,
  retryStrategy: (times: number) => Math.min(25 * 2 ** times, 1000),
  connectTimeout: 5000,
};

/**
 * Rejects what had been sent when the connection closed. The client forgets such commands when it is connected again, and
 * whoever waits for an answer would wait for ever.
 */
function rejectUnanswered(client: Redis): Redis {
  client.on('close', () => {
    const { prevCommandQueue: sent } = client as unknown as {
      prevCommandQueue?: { toArray(): { command: { reject(error: Error): void } }[] } | null;
    };
    for (const { command } of sent?.toArray() ?? []) command.reject(new Error('Connection is closed.'));
  });
  return client;
}

export interface RedisConnection {
  client: Redis;
  /** Runs a script on the keys with both prefixes. */
  script<Result>(name: ScriptName, ...values: (string | number)[]): Promise<Result>;
  log(key: string, text: string, most: number): Promise<void>;
  warnings(): Promise<Warnings>;
  /** For commands that wait in the server. */
  duplicate(): Redis;
  close(): void;
}

/** Rejects with QUEUE_UNREACHABLE or QUEUE_OLD_SERVER. */
export async function connectRedis(
  url: string,
  prefixes: readonly [string, string],
  log: Log,
): Promise<RedisConnection> {
  const client = rejectUnanswered(new Redis(url, options));
  let wasReported = false;
  client.on('error', (error: unknown) => {
    if (!wasReported) log.warn('The server of the task queue cannot be reached.', { error: String(error) });
    wasReported = true;
  });
  client.on('ready', () => {
    wasReported = false;
  });
  for (const [name, lua] of Object.entries(scripts)) {
    client.defineCommand(`pilotlight-${name}`, { numberOfKeys: name === 'log' ? 1 : 0, lua });
  }
  const run = (name: ScriptName, values: readonly (string | number)[]): Promise<unknown> => {
    const commands = client as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
    return (commands[`pilotlight-${name}`] as (...given: unknown[]) => Promise<unknown>).call(
      client,
      ...values,
    );
  };

  try {
    await client.connect();
    const version = versionOf(await client.info('server'));
    if (isOlder(version))
      throw new PilotlightError('QUEUE_OLD_SERVER', { details: { version: version.join('.') } });
  } catch (error) {
    client.disconnect();
    const coded = toQueueError(error);
    throw coded instanceof PilotlightError
      ? coded
      : new PilotlightError('QUEUE_UNREACHABLE', { cause: error });
  }

  return {
    client,
    script: async <Result>(name: ScriptName, ...values: (string | number)[]) =>
      (await run(name, [...prefixes, ...values])) as Result,
    async log(key, text, most) {
      await run('log', [key, text, most]);
    },
    async warnings() {
      const [server, persistence, memory] = await Promise.all(
        ['server', 'persistence', 'memory'].map((section) => client.info(section)),
      );
      const found: ('no-append-only-file' | 'evicts-keys' | 'old-server')[] = [];
      if (infoOf(persistence, 'aof_enabled') === '0') found.push('no-append-only-file');
      const evicts =
        infoOf(memory, 'maxmemory') !== '0' && infoOf(memory, 'maxmemory_policy') !== 'noeviction';
      if (evicts) found.push('evicts-keys');
      if (isOlder(versionOf(server ?? ''))) found.push('old-server');
      return found;
    },
    duplicate: () => rejectUnanswered(client.duplicate({ maxRetriesPerRequest: null })),
    close: () => client.disconnect(),
  };
}

function infoOf(text: string | undefined, field: string): string | null {
  return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(text ?? '')?.[1] ?? null;
}

/** Valkey says a version of Redis that it is compatible with. */
const versionOf = (info: string): number[] =>
  (infoOf(info, 'redis_version') ?? '0').split('.').map((part) => Number.parseInt(part, 10) || 0);

const isOlder = ([major = 0, minor = 0]: readonly number[]): boolean =>
  major < (OLDEST[0] ?? 0) || (major === OLDEST[0] && minor < (OLDEST[1] ?? 0));
