/**
 * How the recordings are played: which files on which server, in which order, and what happened between two requests
 * that is not in them.
 */
import { compareValues } from './compare.ts';
import type { RawResponse } from './raw-http.ts';
import type { Recording } from './recordings.ts';
import type { World } from './world.ts';
import { MIB } from './world.ts';

/** What happens before a case is played. */
export type Before = (world: World) => Promise<void> | void;
/** Plays a case that is no single exchange. Returns the differences. */
export type Play = (world: World, recorded: Recording) => Promise<string[]>;

const unloadAll: Before = (world) => world.unloadAll();
const wait =
  (ms: number): Before =>
  ({ clock }) =>
    clock.advance(ms);
const withFault =
  (...names: Parameters<World['ollama']['faults']['set']>[0][]): Before =>
  ({ ollama }) => {
    for (const name of names) ollama.faults.set(name, true);
  };
const generate = (model: string, body: object = {}) => ({
  method: 'POST',
  path: '/api/generate',
  body: { model, ...body },
});
const TINY = 'tiny-llama:latest';

/** `ps.json` was recorded between the requests of other files: after which case each of them was. */
export const recordedAfter: Readonly<Record<string, string>> = {
  'ps.json: one llm': 'load.json: load llm by generate (stream left out)',
  'ps.json: after a load without keep_alive: the earlier 300 s stay?': 'load.json: load again',
  'ps.json: llm and embedding model': 'load.json: load embedding model by embed without input',
  'ps.json: keep_alive -1': 'load.json: load for ever',
  'ps.json: at once after the unload': 'load.json: unload by generate',
  'ps.json: time until the unloaded model left ps': 'load.json: unload by generate',
  'ps.json: after both unloads': 'load.json: unload embedding model by generate',
  'ps.json: after unload by embed': 'load.json: unload embedding model by embed without input',
  'ps.json: after huge num_ctx': 'generate.json: huge num_ctx',
  'ps.json: llm loaded by embed': 'embed.json: an llm, two',
  'ps.json: after /v1 with options and keep_alive': 'v1.json: options are ignored',
};

export const before: Readonly<Record<string, Before>> = {
  // A model on the CPU is gone a few milliseconds after the answer.
  'ps.json: at once after the unload': wait(4),
  'ps.json: after unload by embed': wait(8),
  'reload.json: first, num_gpu left out': unloadAll,
  'expiry.json: keep_alive 2': unloadAll,
  'expiry.json: expires while a request runs: keep_alive 1 with a long answer': withFault('cut-answers'),
  'expiry.json: ps right after': ({ ollama }) => ollama.faults.set('cut-answers', false),
  'expiry.json: ps 1.6 s after': wait(1600),
  'expiry.json: unload while a stream runs': async (world) => {
    // It was over by then: these models stop after a few tokens.
    streams.set(world, await askBroken(world, 'cut-answers'));
    await world.clock.advance(1000);
  },
  'expiry.json: ps meanwhile': wait(5),
  'expiry.json: ps a second later (0)': wait(1000),
  'expiry.json: ps a second later (1)': wait(1000),
  'expiry.json: ps a second later (2)': wait(1000),
  'expiry.json: load doomed': unloadAll,
  'expiry.json: ps after that': wait(500),
  'expiry.json: ps after that too': wait(500),
  'abort.json: hang up 20 ms into a load': unloadAll,
  'abort.json: ps 1.5 s later': wait(1500),
  'abort.json: ps 1.5 s later #2': wait(1500),
  'abort.json: ps 1.5 s later #3': wait(1500),
  'load-errors.json: the runner is killed in an embed': async (world) => {
    await world.ask({ method: 'POST', path: '/api/embed', body: { model: 'all-minilm:latest', input: 'x' } });
    world.ollama.faults.set('runner-dies', true);
  },
  'gpu/placement.json: a real prompt': withFault('cut-answers'),
  'gpu/placement.json: use_mmap false': ({ ollama }) => ollama.faults.set('cut-answers', false),
  'gpu/eviction.json: the other program has ended: big, automatic': ({ hold }) => hold(0),
  'gpu/eviction.json: 2 GiB free: mid at 4096, automatic': async (world) => {
    await world.unloadAll();
    await world.clock.advance(1000);
    world.hold(79_098);
  },
  'gpu/eviction.json: the memory is free again: mid, options as before': ({ hold }) => hold(0),
  'gpu/eviction.json: big, automatic, default context': unloadAll,
};

/** Hangs up in the middle, as the recording did. */
const hangUp: Play = async (world, recorded) => {
  const afterMs = Number(/after (\d+) ms/.exec(String(recorded.client))?.[1]);
  if (recorded.request === undefined) return ['there is no request'];
  const exchange = world.send(recorded.request);
  await world.clock.flush(20);
  await world.clock.advance(afterMs);
  exchange.hangUp();
  await exchange.response;
  await world.clock.flush(20);
  return [];
};

type StreamFault = 'runner-dies' | 'cut-answers';

/** Streams that were recorded before the case that shows them. */
const streams = new WeakMap<World, RawResponse | null>();

async function askBroken(world: World, fault: StreamFault): Promise<RawResponse | null> {
  world.ollama.faults.set(fault, true);
  const answer = await world.ask(generate(TINY, { prompt: 'The', options: { num_predict: 1500 } }));
  world.ollama.faults.set(fault, false);
  return answer;
}

/** A stream that ends with 200, and neither an error nor `done`. */
const brokenStream =
  (fault: StreamFault): Play =>
  async (world, recorded) => {
    const answer = streams.get(world) ?? (await askBroken(world, fault));
    streams.delete(world);
    const last = (answer?.chunks ?? []).at(-1) ?? '';
    const [wanted] = [recorded.last, recorded['last two']].flat() as ({ data?: string } | undefined)[];
    const differences = answer?.status === recorded.status ? [] : [`the status is ${answer?.status}`];
    if (wanted?.data === undefined) return /"done":true/.test(last) ? [`it ended with ${last}`] : differences;
    const moment = { recorded: 0, simulated: 0 };
    return [...differences, ...compareValues(JSON.parse(wanted.data), JSON.parse(last), moment)];
  };

const measured =
  (lowMs: number, highMs: number): Play =>
  async (world) => {
    const start = world.clock.monotonic();
    const isLoaded = () => world.ollama.scheduler.loaded().some(({ model }) => model.name === TINY);
    while (isLoaded()) await world.clock.advance(1);
    const tookMs = world.clock.monotonic() - start;
    return tookMs >= lowMs && tookMs <= highMs ? [] : [`it took ${tookMs} ms`];
  };

/** Unit length, whatever the numbers are. */
const vectorsAreUnit: Play = async (world, recorded) => {
  const embed = {
    method: 'POST',
    path: '/api/embed',
    body: { model: 'all-minilm:latest', input: ['cat', 'kitten', 'gpu'] },
  };
  const { embeddings } = JSON.parse((await world.ask(embed))?.text ?? '{}') as { embeddings: number[][] };
  const norms = embeddings.map((vector) => Math.hypot(...vector));
  const wanted = recorded.norms as number[];
  return norms.every((norm, index) => Math.abs(norm - (wanted[index] ?? 0)) < 1e-5) &&
    embeddings[0]?.length === recorded.length
    ? []
    : [`the norms are ${norms}`];
};

const olderRouteIsTheSame: Play = async (world, recorded) => {
  const ask = async (path: string, field: string) =>
    JSON.parse(
      (await world.ask({ method: 'POST', path, body: { model: 'all-minilm:latest', [field]: 'hello' } }))
        ?.text ?? '{}',
    );
  const one = (await ask('/api/embeddings', 'prompt')).embedding as number[];
  const other = (await ask('/api/embed', 'input')).embeddings[0] as number[];
  const dot = one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
  return Math.abs(dot - Number(recorded['dot with embed'])) < 1e-4 ? [] : [`their product is ${dot}`];
};

/** Of a model with this context: the answer at once, then the VRAM, then ps. */
const unloadTimes =
  (options: object): Play =>
  async (world, recorded) => {
    await world.ask(generate('mid:latest', { options }));
    const loadedBytes = world.memory().usedBytes;
    const start = world.clock.monotonic();
    await world.ask(generate('mid:latest', { keep_alive: 0 }));
    const times: Record<string, number> = { answered: world.clock.monotonic() - start };
    for (let ms = 0; ms < 2000 && !('left' in times); ms += 1) {
      await world.clock.advance(1);
      const passed = world.clock.monotonic() - start;
      if (!('freed' in times) && world.memory().usedBytes < loadedBytes - 588 * MIB) times.freed = passed;
      if (world.ollama.scheduler.loaded().length === 0) times.left = passed;
    }
    const { answered = 0, freed = 0, left = 0 } = times;
    const differences = freed < left && answered < freed ? [] : [`the order is ${JSON.stringify(times)}`];
    const near = (seen: number, wanted: unknown) => seen > Number(wanted) / 2 && seen < Number(wanted) * 2;
    if (!near(freed, recorded['nvidia-smi shows it freed ms'])) differences.push(`freed after ${freed} ms`);
    if (!near(left, recorded['left ps ms'])) differences.push(`left ps after ${left} ms`);
    const samples = recorded.samples as [number, number][];
    const looked = samples.some(([ms, used]) => ms > Number(recorded['left ps ms']) && used > 500);
    let most = 0;
    for (let ms = 0; ms < 1500; ms += 10) {
      await world.clock.advance(10);
      most = Math.max(most, world.memory().usedBytes / MIB);
    }
    if (looked !== most > 500) differences.push(`its own look at the GPU took ${most} MiB`);
    return differences;
  };

const loads =
  (options: object, unloadsFirst: boolean): Play =>
  async (world, recorded) => {
    if (unloadsFirst) await world.ask(generate('mid:latest', { keep_alive: 0 }));
    const answer = await world.ask(generate('mid:latest', { options }));
    const differences = answer?.status === recorded.status ? [] : [`the status is ${answer?.status}`];
    const later = unloadsFirst ? ['ps at once', 'ps 2 s later'] : ['ps'];
    for (const name of later) {
      if (name === 'ps 2 s later') await world.clock.advance(2000);
      const names = ((recorded[name] ?? []) as { name: string }[]).map((one) => one.name);
      const seen = (await world.ps()).map((one) => one.name);
      if (names.join() !== seen.join()) differences.push(`${name}: recorded ${names}, got ${seen}`);
    }
    return differences;
  };

/** One model runs, and the queue has one place. */
const queueWhileFull = async (world: World): Promise<Map<string, { status: number; text: string }>> => {
  const seen = new Map<string, { status: number; text: string }>();
  world.ollama.faults.set('cut-answers', true);
  await world.ask(generate(TINY, { prompt: 'The', options: { num_predict: 3000 } }));
  world.ollama.faults.set('cut-answers', false);
  const embeds = [0, 1, 2, 3, 4].map((index) =>
    world.send({
      method: 'POST',
      path: '/api/embed',
      body: { model: 'all-minilm:latest', input: `hello ${index}` },
    }),
  );
  // They arrive in their order, and the first evicts what is loaded.
  for (let turn = 0; turn < 10; turn += 1) await world.clock.advance(2);
  const during = await Promise.all([
    world.send({ method: 'GET', path: '/api/ps' }).response,
    world.send({ method: 'GET', path: '/api/tags' }).response,
    world.send(generate(TINY, { prompt: 'x', stream: false, options: { num_predict: 1 } })).response,
  ]);
  for (const [index, name] of [
    'ps while full',
    'tags while full',
    'the loaded model, while another load is pending',
  ].entries())
    seen.set(name, during[index] ?? { status: 0, text: '' });
  const answers = await world.settle(Promise.all(embeds.map(({ response }) => response)));
  for (const [index, answer] of answers.entries())
    seen.set(`embed ${index}`, answer ?? { status: 0, text: '' });
  return seen;
};

const queues = new WeakMap<World, ReturnType<typeof queueWhileFull>>();

const queued: Play = async (world, recorded) => {
  const pending = queues.get(world) ?? queueWhileFull(world);
  queues.set(world, pending);
  const name = /^embed \d/.exec(recorded.case)?.[0] ?? recorded.case;
  const seen = (await pending).get(name);
  if (seen?.status !== recorded.response?.status) return [`the status is ${seen?.status}`];
  const json = recorded.response?.json;
  return json === undefined
    ? []
    : compareValues(json, JSON.parse(seen?.text ?? 'null'), { recorded: 0, simulated: 0 });
};

const sixAtOnce: Play = async (world, recorded) => {
  await world.ask(generate(TINY));
  world.ollama.faults.set('cut-answers', true);
  const asked = Array.from(
    { length: 6 },
    () => world.send(generate(TINY, { prompt: 'x', stream: false })).response,
  );
  const answers = await world.settle(Promise.all(asked));
  world.ollama.faults.set('cut-answers', false);
  const results = recorded.results as { status: number; body: Record<string, unknown> }[];
  return results.flatMap(({ status, body }, index) => {
    const got = answers[index];
    const seen = JSON.parse(got?.text ?? '{}') as Record<string, unknown>;
    if (got?.status !== status) return [`the status is ${got?.status}`];
    return Object.keys(seen).join() === Object.keys(body).join() && seen.done === body.done
      ? []
      : [`recorded ${JSON.stringify(body)}, got ${got.text}`];
  });
};

export const plays: Readonly<Record<string, Play>> = {
  'abort.json: hang up 20 ms into a load': hangUp,
  'abort.json: hang up 100 ms into a load': hangUp,
  'abort.json: hang up 250 ms into a load': hangUp,
  'abort.json: hang up 300 ms into a stream': hangUp,
  'embed.json: lengths and similarity': vectorsAreUnit,
  'embed.json: /api/embeddings is normalised too?': olderRouteIsTheSame,
  'expiry.json: left ps after': measured(1900, 2200),
  'expiry.json: the stream that ran': brokenStream('cut-answers'),
  'ps.json: time until the unloaded model left ps': measured(0, 5),
  'load-errors.json: the runner is killed in mid-stream': brokenStream('runner-dies'),
  'queue.json: ps while full': queued,
  'queue.json: tags while full': queued,
  'queue.json: the loaded model, while another load is pending': queued,
  ...Object.fromEntries(
    [0, 1, 2, 3, 4].map((index) => [
      `queue.json: embed ${index} while one model runs and one load waits (OLLAMA_MAX_QUEUE=1, OLLAMA_MAX_LOADED_MODELS=1)`,
      queued,
    ]),
  ),
  'queue.json: the long one': brokenStream('cut-answers'),
  'queue.json: six at once at one loaded model, OLLAMA_NUM_PARALLEL 1, OLLAMA_MAX_QUEUE 1': sixAtOnce,
  "gpu/unload.json: mid:latest {'num_ctx': 4096}": unloadTimes({ num_ctx: 4096 }),
  'gpu/unload.json: load after that': loads({ num_ctx: 4096 }, false),
  'gpu/unload.json: load AT ONCE after keep_alive 0': loads({ num_ctx: 4096 }, true),
  'gpu/unload.json: mid:latest None': unloadTimes({}),
  'gpu/unload.json: load after that #2': loads({}, false),
  'gpu/unload.json: load AT ONCE after keep_alive 0 #2': loads({}, true),
  'gpu/eviction.json: another program holds 64 GiB': async ({ hold, memory }, recorded) => {
    hold(65_786);
    const used = memory().usedBytes / MIB;
    return Math.abs(used - Number(recorded['memory.used MiB'])) < 16 ? [] : [`memory.used is ${used} MiB`];
  },
};
