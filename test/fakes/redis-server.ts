/** A real Redis or Valkey on loopback, with a folder of its own. The test ends it, by its id. */

import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';
import { spawn } from './children.ts';

/** Path of the program; null where none is installed. `REDIS_SERVER_PATH` names one that is not on PATH. */
export function findRedisServer(): string | null {
  const given = process.env.REDIS_SERVER_PATH;
  if (given !== undefined && given !== '') return given;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['redis-server', 'valkey-server']) {
      const path = join(folder, name);
      if (folder !== '' && existsSync(path)) return path;
    }
  }
  return null;
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on its folder. */
  start(): Promise<void>;
  /** Sends commands to it, whatever the queue does. */
  command<Answer>(...words: (string | number)[]): Promise<Answer>;
  close(): Promise<void>;
}

/** @param settings more settings, such as `--maxmemory 3mb` in two words */
export async function startRedisServer(settings: readonly string[] = []): Promise<RedisServer> {
  const program = findRedisServer();
  if (program === null) throw new Error('There is no redis-server.');
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-redis-'));
  const port = await freePort();
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    child = spawn(
      program as string,
      [
        ...[
          '--port',
          String(port),
          '--bind',
          '127.0.0.1',
          '--dir',
          folder,
          '--save',
          '',
          '--daemonize',
          'no',
        ],
        ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--loglevel', 'warning', ...settings],
      ],
      { stdio: 'ignore' },
    );
    await command('PING');
  }

  async function kill(): Promise<void> {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill('SIGKILL');
    await ended;
  }

  /** Waits until the server answers. */
  async function command<Answer>(...words: (string | number)[]): Promise<Answer> {
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: 500 });
    client.on('error', () => {});
    try {
      const [name = 'PING', ...rest] = words.map(String);
      return (await client.call(name, ...rest)) as Answer;
    } finally {
      client.disconnect();
    }
  }

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    command,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
