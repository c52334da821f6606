/**
 * Texts a second of the runner with all-MiniLM-L6-v2 (int8) of ../shared/models, over HTTP as a client uses it, beside
 * onnxruntime in Python with the same tokens.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setUpPaths } from '../../build/lib/paths.mjs';
import { preparePython } from '../../build/lib/python.mjs';
import { spawn } from '../fakes/children.ts';
import { atLeast, type Benchmark, type BenchmarkContext, reported } from './benchmark.ts';
import {
  add,
  embed,
  median,
  model,
  type Reference,
  reference,
  root,
  timed,
  withWorld,
} from './runner/world.ts';

/** In which the ways of Python are compared with each other. */
const FIRST_ROUNDS = 3;
/** Of the runner and the best way of Python, in turn. */
const ROUNDS = 9;
const LEARN_MS = 20_000;

/** Each text several times, in an order that mixes lengths. */
const mixed = (texts: Reference['texts']) => Array.from({ length: 8 }, () => texts).flat();

const pythonFor = (context: BenchmarkContext) =>
  preparePython({
    cache: setUpPaths(root).cache,
    requirements: fileURLToPath(new URL('runner/requirements.txt', import.meta.url)),
    name: 'onnxruntime-python',
    what: 'Python with onnxruntime',
    megabytes: 180,
    say: context.note,
  });

export const benchmark: Benchmark = {
  names: ['runner-embed', 'runner-embed-unsorted', 'runner-embed-best'],
  run: (context) =>
    withWorld(context, async ({ open }) => {
      const python = await pythonFor(context);
      const texts = mixed(reference().texts);
      const runner = await open();
      await add(runner);
      const input = texts.map(({ text }) => text);
      const ours = async () => (texts.length / (await timed(() => embed(runner, input)))) * 1000;
      // It learns its batches from real ones.
      const until = performance.now() + LEARN_MS;
      while (performance.now() < until) await ours();
      if ('fix' in python) {
        context.note(`Not compared. ${python.fix}`);
        const all: number[] = [];
        for (let round = 0; round < ROUNDS; round += 1) all.push(await ours());
        return [reported('runner-embed', Math.round(median(all)), 'texts/s')];
      }
      const theirs = await startPython(
        python.path,
        texts.map(({ tokenIds }) => tokenIds),
      );
      try {
        const first: number[] = [];
        const byWay = new Map<string, number[]>(theirs.ways.map((way) => [way, []]));
        for (let round = 0; round < FIRST_ROUNDS; round += 1) {
          first.push(await ours());
          for (const [way, rates] of byWay) rates.push(await theirs.rate(way));
        }
        const medians = [...byWay].map(([way, rates]) => [way, median(rates)] as const);
        context.note(medians.map(([way, rate]) => `${way} ${Math.round(rate)}`).join(', '));
        const [best] = medians.reduce((one, other) => (other[1] > one[1] ? other : one));
        const rates: number[] = [];
        const ratios: number[] = [];
        // In turn, so that other work on the machine slows both down alike.
        for (let round = 0; round < ROUNDS; round += 1) {
          const rate = await ours();
          rates.push(rate);
          ratios.push(rate / (await theirs.rate(best)));
        }
        context.note(`With "${best}", round by round: ${ratios.map((one) => one.toFixed(2)).join(' ')}`);
        return [
          reported('runner-embed', Math.round(median(rates)), 'texts/s'),
          atLeast('runner-embed-unsorted', median(first) / median(byWay.get('unsorted') ?? []), '×', 4),
          atLeast('runner-embed-best', median(ratios), '×', 1),
        ];
      } finally {
        theirs.end();
      }
    }),
};

/** onnxruntime in Python, which embeds the same texts when it is asked. */
async function startPython(python: string, texts: readonly (readonly number[])[]) {
  const script = fileURLToPath(new URL('runner/baseline.py', import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function answerTo(line: string): Promise<unknown> {
    child.stdin.write(`${line}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error('Python ended.');
    return JSON.parse(value);
  }
  const job = { model: join(model as string, 'onnx/model_quantized.onnx'), texts };
  return {
    ways: (await answerTo(JSON.stringify(job))) as string[],
    /** Texts a second. */
    rate: async (way: string) => (await answerTo(way)) as number,
    end: () => child.kill(),
  };
}
