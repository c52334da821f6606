/**
 * How soon the ONNX runner answers again after its inference process, or its door, was killed: alone, and while the machine is
 * busy with something else. The model is all-MiniLM-L6-v2 (int8) of ../shared/models.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type OpenedRunner, openRunner } from '../../electron/adapters/processes/runner/open-runner.ts';
import { spawn } from '../fakes/children.ts';
import { sharedFolder } from '../fakes/shared-folder.ts';
import { atMost, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';
import { type KillTimes, killUnderLoad } from './runner/kills.ts';
import { reference } from './runner/world.ts';

const entry = fileURLToPath(new URL('../../dist/workers/runner-worker.mjs', import.meta.url));
const model = sharedFolder('models/all-minilm-l6-v2');
const faces = sharedFolder('models/faces');
const KILLS = 8;
const KILLS_UNDER_LOAD = 50;
/** Programs that compute all the time, for each processor. */
const BUSY = 4;
/** The spare is there by then. */
const REST_MS = 5000;
const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };

async function ask({ url, token }: OpenedRunner, path: string, body: object): Promise<void> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
}
const embed = (runner: OpenedRunner) => ask(runner, '/v1/embeddings', { model: 'minilm', input: ['a lamp'] });

/** The oldest child: the others are spares. */
function inferencePid(door: number): number | undefined {
  const [first] = readFileSync(`/proc/${door}/task/${door}/children`, 'utf8').trim().split(' ');
  return first === undefined || first === '' ? undefined : Number(first);
}

/** Milliseconds from each kill to the answer of a request that is sent right after it. */
async function killsOf(runner: OpenedRunner, restMs: number): Promise<number[]> {
  const times: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    await embed(runner);
    await wait(restMs);
    const startedAt = performance.now();
    process.kill(inferencePid(runner.pid) as number, 'SIGKILL');
    await embed(runner);
    times.push(performance.now() - startedAt);
  }
  return times;
}

async function whileBusy<Value>(work: () => Promise<Value>): Promise<Value> {
  const programs = Array.from({ length: BUSY * availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  try {
    return await work();
  } finally {
    for (const program of programs) program.kill('SIGKILL');
  }
}

/** Six clients ask for vectors of several texts, two for the faces of several pictures. */
async function underLoad(
  runner: OpenedRunner,
  kills: number,
  restMs: number,
  signal: AbortSignal,
): Promise<KillTimes> {
  const { texts } = reference();
  const image = { data: readFileSync(join(faces as string, 'pictures/astronaut.jpg')).toString('base64') };
  let next = 0;
  const someTexts = () => {
    next = (next + 7) % texts.length;
    return texts.slice(next, next + 8).map(({ text }) => text);
  };
  const textClient = () => ask(runner, '/v1/embeddings', { model: 'minilm', input: someTexts() });
  const faceClient = () => ask(runner, '/detect_and_embed_batch', { images: [image, image, image, image] });
  return killUnderLoad({
    ...{ kills, restMs, signal },
    clients: [...Array<typeof textClient>(6).fill(textClient), faceClient, faceClient],
    query: () => embed(runner),
    pid: () => inferencePid(runner.pid),
  });
}

const most = (times: readonly number[]) => Math.round(Math.max(...times));

export const benchmark: Benchmark = {
  names: [
    'runner-respawn',
    'runner-respawn-busy',
    'runner-respawn-twice',
    'runner-respawn-load',
    'runner-respawn-load-all',
    'runner-respawn-load-rested',
    'runner-door-respawn',
  ],
  async run(context): Promise<BenchmarkResult[]> {
    if (model === null || faces === null) {
      context.note('../shared/models is missing: not measured.');
      return [];
    }
    if (!existsSync(entry)) throw new Error('There is no build. Run npm run build first.');
    const dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-respawn-'));
    const open = () =>
      openRunner({
        dataFolder,
        entry,
        version: 'bench',
        log,
        signal: context.signal,
        config: { provider: 'cpu' },
      });
    const all: OpenedRunner[] = [];
    try {
      const runner = await open();
      all.push(runner);
      await ask(runner, '/runner/models', { path: model, name: 'minilm', precision: 'int8' });
      const alone = await killsOf(runner, REST_MS);
      // Killed again before there is another spare.
      const twice = await killsOf(runner, 0);
      const busy = await whileBusy(() => killsOf(runner, REST_MS));
      await ask(runner, '/runner/models', { path: faces, name: 'faces' });
      const load = await underLoad(runner, KILLS_UNDER_LOAD, 0, context.signal);
      const rested = await underLoad(runner, KILLS, REST_MS, context.signal);
      const ended = new Promise<void>((resolve) => runner.onExit(() => resolve()));
      const killedAt = performance.now();
      process.kill(runner.pid, 'SIGKILL');
      await ended;
      const next = await open();
      all.push(next);
      await embed(next);
      const door = performance.now() - killedAt;
      context.note(
        `alone ${alone.map(Math.round).join(', ')} ms; busy ${busy.map(Math.round).join(', ')} ms`,
      );
      context.note(
        `under load ${load.first.map(Math.round).join(', ')} ms; rested ${rested.first.map(Math.round).join(', ')} ms; ${load.answered + rested.answered} requests answered`,
      );
      return [
        atMost('runner-respawn', most(alone), 'ms', 3000),
        atMost('runner-respawn-busy', most(busy), 'ms', 3000),
        reported('runner-respawn-twice', most(twice), 'ms'),
        atMost('runner-respawn-load', most(load.first), 'ms', 3000),
        reported('runner-respawn-load-all', most([...load.all, ...rested.all]), 'ms'),
        atMost('runner-respawn-load-rested', most(rested.first), 'ms', 3000),
        atMost('runner-door-respawn', Math.round(door), 'ms', 3000),
      ];
    } finally {
      await Promise.all(all.map((one) => one.stop()));
      rmSync(dataFolder, { recursive: true, force: true });
    }
  },
};
