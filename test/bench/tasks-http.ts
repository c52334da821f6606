/**
 * Files that arrive over HTTP at a headless core: how many of 1 MB a second, and what 50 of 500 MB at once cost in
 * memory. The content is made as it is sent, so that the sender needs no disk.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readEndpoint } from '../../electron/host/endpoint.ts';
import { callPath } from '../../shared/contract/link.ts';
import { spawn } from '../fakes/children.ts';
import {
  atLeast,
  atMost,
  type Benchmark,
  type BenchmarkContext,
  type BenchmarkResult,
  reported,
} from './benchmark.ts';
import { rssOf } from './gateway/process-use.ts';
import { median, rounded } from './gateway/rounds.ts';

const built = (file: string) => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));
const MB = 1_000_000;
const MiB = 1_048_576;

const FILE_BYTES = MB;
const FILES = 600;
const SENDERS = 8;
const ROUNDS = 3;

const LARGE = 50;
const LARGE_BYTES = 500 * MB;
/** All of them are in progress for so long; the disk would need 25 GB for the whole of them. */
const LARGE_SECONDS = 30;
const SAMPLE_MS = 100;
/** Sent by each while memory is measured, at most: it is deleted after that. */
const LARGE_MOST = 60 * MB;

/** As `npm start -- --headless` starts it, without a browser, a gateway and an Ollama. */
async function startCore(dataFolder: string) {
  const args = [built('headless/headless.mjs'), '--no-open', '--data', dataFolder, '--gateway-port', 'off'];
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8', ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, OLLAMA_HOST: '127.0.0.1:1' },
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('Pilotlight is ready at ')) break;
  }
  child.stdout.resume();
  const { url, token } = readEndpoint(dataFolder) ?? {};
  if (url === undefined || token === undefined) throw new Error('The core did not start.');
  return {
    pid: child.pid ?? 0,
    url,
    token,
    async [Symbol.asyncDispose]() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    },
  };
}
type Core = Awaited<ReturnType<typeof startCore>>;

async function call(core: Core, method: string, params: object): Promise<unknown> {
  const reply = await fetch(`${core.url}${callPath(method)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${core.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(params),
  });
  if (!reply.ok) throw new Error(`${method}: ${await reply.text()}`);
  return reply.json();
}

const head = (name: string) =>
  `--border\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/plain\r\n\r\n`;
const tail = '\r\n--border\r\ncontent-disposition: form-data; name="gpu"\r\n\r\nfalse\r\n--border--\r\n';

/** Resolves with the status of the answer, or 0 if it was broken off. */
function send(
  core: Core,
  { bytes, agent, signal, pace }: { bytes: number; agent: Agent; signal: AbortSignal; pace?: Pace },
): Promise<number> {
  const start = Buffer.from(head('bench.txt'));
  const piece = Buffer.alloc(64 * 1024, 'the lamp is lit\n');
  return new Promise((resolve) => {
    const outgoing = httpRequest(`${core.url}/api/v1/ingest/file`, {
      method: 'POST',
      agent,
      headers: {
        authorization: `Bearer ${core.token}`,
        'content-type': 'multipart/form-data; boundary=border',
        'content-length': start.length + bytes + tail.length,
      },
    });
    const stop = () => outgoing.destroy();
    signal.addEventListener('abort', stop, { once: true });
    const end = (status: number) => {
      signal.removeEventListener('abort', stop);
      resolve(status);
    };
    outgoing.on('error', () => end(0));
    outgoing.on('response', (response) => {
      response.resume();
      response.on('end', () => end(response.statusCode ?? 0));
      response.on('error', () => end(0));
    });
    let left = bytes;
    outgoing.write(start);
    const pump = () => {
      while (left > 0) {
        if (pace !== undefined && !pace.take(piece.length, pump)) return;
        const part = left < piece.length ? piece.subarray(0, left) : piece;
        left -= part.length;
        if (!outgoing.write(part)) {
          outgoing.once('drain', pump);
          return;
        }
      }
      outgoing.end(tail);
    };
    pump();
  });
}

interface Pace {
  /** False if it has to wait; `again` is called then. */
  take(bytes: number, again: () => void): boolean;
}

/** Lets so many bytes pass in so much time, evenly. */
function createPace(bytes: number, ms: number): Pace {
  const began = performance.now();
  let passed = 0;
  return {
    take(some, again) {
      const due = (performance.now() - began) * (bytes / ms);
      if (passed <= due) {
        passed += some;
        return true;
      }
      setTimeout(again, 20);
      return false;
    },
  };
}

async function rate(core: Core, { signal, note }: BenchmarkContext): Promise<BenchmarkResult[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const rates: number[] = [];
  let refused = 0;
  for (let round = 0; round <= ROUNDS; round += 1) {
    let left = round === 0 ? FILES / 4 : FILES;
    const began = performance.now();
    const count = left;
    await Promise.all(
      Array.from({ length: SENDERS }, async () => {
        while (left > 0) {
          left -= 1;
          signal.throwIfAborted();
          if ((await send(core, { bytes: FILE_BYTES, agent, signal })) !== 200) refused += 1;
        }
      }),
    );
    const perSecond = count / ((performance.now() - began) / 1000);
    note(`tasks-http: ${round === 0 ? 'warm-up' : `round ${round}`}, ${perSecond.toFixed(0)} a second`);
    if (round > 0) rates.push(perSecond);
    await clear(core);
  }
  agent.destroy();
  return [
    atLeast('tasks-http: files of 1 MB that are queued', rounded(median(rates), 1), '/s', 150),
    atMost('tasks-http: files that were refused', refused, '', 0),
  ];
}

/** So that a round finds the same queue as the one before. */
async function clear(core: Core): Promise<void> {
  for (;;) {
    const { tasks } = (await call(core, 'tasks.list', { limit: 1000 })) as {
      tasks: { id: string; state: string }[];
    };
    if (tasks.length === 0) return;
    const ids = tasks.map(({ id }) => id);
    await call(core, 'tasks.cancel', { ids });
    await call(core, 'tasks.remove', { ids });
  }
}

async function memory(
  core: Core,
  dataFolder: string,
  { signal, note }: BenchmarkContext,
): Promise<BenchmarkResult[]> {
  const agent = new Agent({ maxSockets: LARGE });
  await wait(3000);
  const before = rssOf(core.pid);
  const leaving = new AbortController();
  const both = AbortSignal.any([signal, leaving.signal]);
  const uploads = Array.from({ length: LARGE }, () =>
    send(core, {
      bytes: LARGE_BYTES,
      agent,
      signal: both,
      pace: createPace(LARGE_MOST, LARGE_SECONDS * 1000),
    }),
  );
  let peak = before;
  let arriving = 0;
  for (const until = performance.now() + LARGE_SECONDS * 1000; performance.now() < until; ) {
    signal.throwIfAborted();
    await wait(SAMPLE_MS);
    peak = Math.max(peak, rssOf(core.pid));
    arriving = Math.max(arriving, parts(dataFolder).length);
  }
  const arrived = parts(dataFolder).reduce((sum, size) => sum + size, 0);
  leaving.abort();
  await Promise.all(uploads);
  while (parts(dataFolder).length > 0) {
    signal.throwIfAborted();
    await wait(50);
  }
  note(`tasks-http: ${arriving} arrived at once, ${(arrived / MB).toFixed(0)} MB; one whole now`);
  const began = performance.now();
  const status = await send(core, { bytes: LARGE_BYTES, agent, signal });
  const seconds = (performance.now() - began) / 1000;
  peak = Math.max(peak, rssOf(core.pid));
  agent.destroy();
  return [
    atMost(`tasks-http: memory with ${LARGE} files of 500 MB`, rounded(peak / MiB, 1), 'MiB', 200),
    reported('tasks-http: memory before that', rounded(before / MiB, 1), 'MiB'),
    atLeast('tasks-http: files that arrived at once', arriving, '', LARGE),
    atLeast('tasks-http: whole files of 500 MB', status === 200 ? 1 : 0, '', 1),
    reported('tasks-http: one file of 500 MB', rounded(LARGE_BYTES / MB / seconds, 0), 'MB/s'),
  ];
}

/** Sizes of the files that are arriving. */
function parts(dataFolder: string): number[] {
  const folder = join(dataFolder, 'tasks');
  return readdirSync(folder).flatMap((name) => {
    if (!name.endsWith('.part')) return [];
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return found === undefined ? [] : [found.size];
  });
}

export const benchmark: Benchmark = {
  name: 'tasks-http',
  async run(context): Promise<BenchmarkResult[]> {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const dataFolder = join(folder, 'data');
    const core = stack.use(await startCore(dataFolder));
    // Nobody works on them: what is measured is how they arrive.
    await call(core, 'settings.update', { tasks: { embeddedWorker: false } });
    return [...(await rate(core, context)), ...(await memory(core, dataFolder, context))];
  },
};
