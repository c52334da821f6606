/**
 * The ONNX runner with all-MiniLM-L6-v2 (int8) of ../shared/models, over HTTP as a client uses it: what HTTP and the queue
 * add, the time to the first answer, and what it costs while idle.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import type { OpenedRunner } from '../../electron/adapters/processes/runner/open-runner.ts';
import { createForkWorkerHost } from '../../electron/adapters/processes/worker-host.ts';
import { loadOrt, openSession } from '../../electron/workers/runner/inference/onnxruntime.ts';
import { createInferenceSessions } from '../../electron/workers/runner/inference/sessions.ts';
import { openLadderNotes } from '../../electron/workers/runner/ladder/notes.ts';
import { feedsOf } from '../../electron/workers/runner/text/feeds.ts';
import { loadText } from '../../electron/workers/runner/text/load.ts';
import { atMost, type Benchmark } from './benchmark.ts';
import {
  add,
  built,
  embed,
  log,
  median,
  model,
  type Reference,
  reference,
  timed,
  withWorld,
} from './runner/world.ts';

export const benchmarks: readonly Benchmark[] = [
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
