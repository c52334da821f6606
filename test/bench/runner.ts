/**
 * The ONNX runner with all-MiniLM-L6-v2 (int8) of ../shared/models, over HTTP as a client uses it: texts a second beside
 * onnxruntime in Python, what HTTP and the queue add, the time to the first answer, and what it costs while idle.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import { type OpenedRunner, openRunner } from '../../electron/adapters/processes/runner/open-runner.ts';
import { createForkWorkerHost } from '../../electron/adapters/processes/worker-host.ts';
import { loadOrt, openSession } from '../../electron/workers/runner/inference/onnxruntime.ts';
import { createInferenceSessions } from '../../electron/workers/runner/inference/sessions.ts';
import { openLadderNotes } from '../../electron/workers/runner/ladder/notes.ts';
import { feedsOf } from '../../electron/workers/runner/text/feeds.ts';
import { loadText } from '../../electron/workers/runner/text/load.ts';
import { spawn } from '../fakes/children.ts';
import { sharedFolder } from '../fakes/shared-folder.ts';
import {
  atLeast,
  atMost,
  type Benchmark,
  type BenchmarkContext,
  type BenchmarkResult,
  reported,
} from './benchmark.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = (name: string) => join(root, 'dist', 'workers', name);
const model = sharedFolder('models/all-minilm-l6-v2');
const python = join(root, '.cache', 'runner-bench-python', 'bin', 'python');

const ROUNDS = 5;

const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };

interface Reference {
  texts: { text: string; tokenIds: number[] }[];
}
const reference = (): Reference => JSON.parse(readFileSync(join(model as string, 'reference.json'), 'utf8'));

interface World {
  folder: string;
  open(): Promise<OpenedRunner>;
}

async function withWorld(context: BenchmarkContext, measure: (world: World) => Promise<BenchmarkResult[]>) {
  if (model === null) {
    context.note('../shared/models is missing: not measured.');
    return [];
  }
  if (!existsSync(built('runner-worker.mjs'))) throw new Error('There is no build. Run npm run build first.');
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-runner-bench-'));
  const opened: OpenedRunner[] = [];
  try {
    return await measure({
      folder,
      async open() {
        const runner = await openRunner({
          dataFolder: folder,
          entry: built('runner-worker.mjs'),
          version: 'bench',
          log,
          signal: context.signal,
          config: { provider: 'cpu' },
        });
        opened.push(runner);
        return runner;
      },
    });
  } finally {
    await Promise.all(opened.map((runner) => runner.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

const agent = new Agent({ keepAlive: true });

function post({ url, token }: OpenedRunner, path: string, body: object): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      {
        method: 'POST',
        agent,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = Buffer.concat(chunks);
          if ((response.statusCode ?? 0) < 300) resolve(answer);
          else reject(new Error(answer.toString()));
        });
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

const add = (runner: OpenedRunner) =>
  post(runner, '/runner/models', { path: model, name: 'minilm', precision: 'int8' });
const embed = (runner: OpenedRunner, input: readonly string[]) =>
  post(runner, '/v1/embeddings', { model: 'minilm', input, encoding_format: 'base64' });

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Each text several times, in an order that mixes lengths. */
const mixed = (texts: Reference['texts']) => Array.from({ length: 8 }, () => texts).flat();

export const benchmarks: readonly Benchmark[] = [
  {
    names: ['runner-embed', 'runner-embed-unsorted', 'runner-embed-best'],
    run: (context) =>
      withWorld(context, async ({ open }) => {
        const texts = mixed(reference().texts);
        const runner = await open();
        await add(runner);
        const input = texts.map(({ text }) => text);
        // It learns its batches from real ones.
        const until = performance.now() + 20_000;
        while (performance.now() < until) await embed(runner, input);
        if (!existsSync(python)) {
          context.note(`Not compared: there is no onnxruntime for Python in ${python}.`);
          const ms = Math.min(...(await rounds(ROUNDS, () => timed(() => embed(runner, input)))));
          return [reported('runner-embed', Math.round((texts.length / ms) * 1000), 'texts/s')];
        }
        const other = startPython(texts.map(({ tokenIds }) => tokenIds));
        try {
          // In turn, so that other work on the machine slows both down alike.
          let ours = 0;
          const theirs: Record<string, number> = {};
          for (let round = 0; round < ROUNDS; round += 1) {
            ours = Math.max(ours, (texts.length / (await timed(() => embed(runner, input)))) * 1000);
            for (const [way, rate] of Object.entries(await other.round()))
              theirs[way] = Math.max(theirs[way] ?? 0, rate);
          }
          context.note(
            Object.entries(theirs)
              .map(([way, rate]) => `${way} ${Math.round(rate)}`)
              .join(', '),
          );
          return [
            reported('runner-embed', Math.round(ours), 'texts/s'),
            atLeast('runner-embed-unsorted', ours / (theirs.unsorted ?? 0), '×', 4),
            atLeast('runner-embed-best', ours / Math.max(...Object.values(theirs)), '×', 1),
          ];
        } finally {
          other.end();
        }
      }),
  },
  {
    name: 'runner-overhead',
    run: (context) =>
      withWorld(context, async ({ folder, open }) => {
        const { text, tokenIds } = reference().texts[0] as Reference['texts'][number];
        const runner = await open();
        await add(runner);
        const whole: number[] = [];
        for (let run = 0; run < 300; run += 1) whole.push(await timed(() => embed(runner, [text])));
        await runner.stop();

        const inference = createInferenceSessions({
          host: createForkWorkerHost({ entry: built('inference-worker.mjs') }),
          clock: createSystemClock(),
          log,
          notes: openLadderNotes(folder),
          folder,
          rungs: ['cpu'],
          deviceKey: '',
          threads: null,
        });
        const { graph } = await loadText(inference, {
          folder: model as string,
          graphPath: 'onnx/model_quantized.onnx',
          precision: 'int8',
          hash: '',
        });
        inference.stop();
        const bare = await bareMs(feedsOf([tokenIds], graph.inputs, { padId: 0, length: null }));
        const p50 = median(whole.slice(50));
        context.note(`one text ${p50.toFixed(2)} ms, of which the session takes ${bare.toFixed(2)} ms`);
        return [atMost('runner-overhead', p50 - bare, 'ms', 4)];
      }),
  },
  {
    name: 'runner-start',
    run: (context) =>
      withWorld(context, async ({ open }) => {
        const first = await open();
        await add(first);
        await first.stop();
        const times: number[] = [];
        for (let run = 0; run < 7; run += 1) {
          const startedAt = performance.now();
          const runner = await open();
          await embed(runner, ['a lamp on a table']);
          times.push(performance.now() - startedAt);
          await runner.stop();
        }
        return [atMost('runner-start', Math.round(median(times)), 'ms', 600)];
      }),
  },
  {
    names: ['runner-idle-memory', 'runner-idle-after-peak', 'runner-idle-cpu'],
    run: (context) =>
      withWorld(context, async ({ open }) => {
        const runner = await open();
        await add(runner);
        await embed(runner, ['a lamp on a table']);
        await wait(5000);
        const idle = await memoryMb(runner);
        const busyBefore = cpuSeconds(runner.pid);
        await wait(20_000);
        const cpu = ((cpuSeconds(runner.pid) - busyBefore) / 20) * 100;
        const long = reference().texts.reduce((one, other) =>
          one.tokenIds.length > other.tokenIds.length ? one : other,
        );
        await embed(
          runner,
          Array.from({ length: 64 }, () => long.text),
        );
        await wait(60_000);
        const after = await memoryMb(runner);
        return [
          atMost('runner-idle-memory', idle, 'MB', 220),
          atMost('runner-idle-after-peak', after, 'MB', 220),
          atMost('runner-idle-cpu', cpu, '%', 0.2),
        ];
      }),
  },
];

/** onnxruntime in Python, which embeds the same texts when it is asked. */
function startPython(texts: readonly (readonly number[])[]) {
  const script = fileURLToPath(new URL('runner-baseline.py', import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(
    `${JSON.stringify({ model: join(model as string, 'onnx/model_quantized.onnx'), texts })}\n`,
  );
  return {
    async round(): Promise<Record<string, number>> {
      child.stdin.write('go\n');
      const { value, done } = await lines.next();
      if (done === true) throw new Error('Python ended.');
      return JSON.parse(value) as Record<string, number>;
    },
    end: () => child.kill(),
  };
}

async function rounds<Value>(count: number, work: () => Promise<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for (let round = 0; round < count; round += 1) all.push(await work());
  return all;
}

/** The median of single runs in this process, with nothing around them. */
async function bareMs(feeds: ReturnType<typeof feedsOf>): Promise<number> {
  const ort = await loadOrt();
  const { Tensor } = ort;
  const session = await openSession(ort, join(model as string, 'onnx/model_quantized.onnx'), {
    provider: 'cpu',
    threads: null,
    profile: null,
  });
  const given = Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      new Tensor(type as 'int64', data as never, [...dims]),
    ]),
  );
  const times: number[] = [];
  for (let run = 0; run < 300; run += 1) times.push(await timed(() => session.run(given)));
  await session.release();
  return median(times.slice(50));
}

async function memoryMb({ url }: OpenedRunner): Promise<number> {
  const status = (await (await fetch(`${url}/runner/status`)).json()) as { memoryBytes: number | null };
  return Math.round((status.memoryBytes ?? Number.NaN) / 1e6);
}

/** Of the door and its children. */
function cpuSeconds(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const ticks = [pid, ...children].map((one) => {
    const fields = readFileSync(`/proc/${one}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / 100;
}
