/** Graphs that pool by themselves, as on a GPU: real runs, with the CPU in the place of the GPU. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInference } from '../../../electron/workers/runner/inference/graphs.ts';
import { loadOrt, type Ort } from '../../../electron/workers/runner/inference/onnxruntime.ts';
import { encodeGraph } from '../../../electron/workers/runner/onnx/encode.ts';
import type { Tensor, VectorReduction } from '../../../electron/workers/runner/sessions.ts';
import type { RunnerProvider } from '../../../shared/models/runner.ts';
import { tableGraph } from '../../fakes/text-model.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-pooling-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Counts the sessions, and which outputs their runs fetch. */
async function start() {
  const ort = await loadOrt();
  const fetched: string[][] = [];
  let opened = 0;
  const load = async (): Promise<Ort> =>
    ({
      ...ort,
      Tensor: ort.Tensor,
      env: ort.env,
      listSupportedBackends: ort.listSupportedBackends,
      InferenceSession: {
        async create(file: string, options: object) {
          opened += 1;
          const session = await ort.InferenceSession.create(file, {
            ...options,
            executionProviders: ['cpu'],
          });
          const run = session.run.bind(session);
          session.run = ((feeds: never, ...rest: never[]) => {
            if (Array.isArray(rest[0])) fetched.push(rest[0]);
            return run(feeds, ...rest);
          }) as typeof session.run;
          return session;
        },
      },
    }) as unknown as Ort;
  const { handlers } = createInference({ load });
  const context = { id: 0, signal: new AbortController().signal, report() {} };
  return {
    fetched,
    opened: () => opened,
    open: (file: string | Uint8Array, provider: RunnerProvider, graph = 1) =>
      handlers.open({ graph, file, provider }, context),
    async run(
      rows: readonly (readonly number[])[],
      reduction: Omit<VectorReduction, 'kind' | 'lengths'>,
      graph = 1,
    ) {
      const lengths = rows.map(({ length }) => length);
      const longest = Math.max(...lengths);
      const tensor = (at: (row: readonly number[], index: number) => number): Tensor => ({
        type: 'int64',
        dims: [rows.length, longest],
        data: BigInt64Array.from(
          rows.flatMap((row) => Array.from({ length: longest }, (_, index) => BigInt(at(row, index)))),
        ),
      });
      const feeds = {
        input_ids: tensor((row, index) => row[index] ?? 0),
        attention_mask: tensor((row, index) => Number(index < row.length)),
      };
      const reduce = { kind: 'vectors' as const, ...reduction, lengths };
      const { answers } = await handlers.run({ graph, feeds, reduce, size: 1, urgent: false }, context);
      return answers[reduction.output] as Tensor;
    },
    close: (graph = 1) => handlers.close({ graph }, context),
  };
}

const graphFile = (changes: Parameters<typeof tableGraph>[0] = {}) => encodeGraph(tableGraph(changes));

const texts = [[1, 2, 3, 4], [2], [4, 4], [0, 1, 0]];
const output = 'last_hidden_state';

describe.each(['mean', 'cls'] as const)('%s pooling in the graph', (pooling) => {
  it.each([true, false])('gives what pooling beside it gives, normalised: %s', async (normalise) => {
    const test = await start();
    const file = join(folder, `${pooling}.onnx`);
    writeFileSync(file, graphFile());
    await test.open(file, 'cpu', 1);
    await test.open(file, 'webgpu', 2);
    const beside = await test.run(texts, { output, pooling, normalise }, 1);
    const inside = await test.run(texts, { output, pooling, normalise }, 2);
    expect(test.fetched).toEqual([[output], ['pilotlight/pooled']]);
    expect(inside.dims).toEqual(beside.dims);
    for (const [index, number] of [...(inside.data as Float32Array)].entries())
      expect(number).toBeCloseTo(Number(beside.data[index]), 6);
    await test.close(1);
    await test.close(2);
  });
});

describe('a graph that cannot pool by itself', () => {
  it('is pooled beside it: the place of the last token depends on the text', async () => {
    const test = await start();
    await test.open(graphFile(), 'webgpu');
    await test.run(texts, { output, pooling: 'last', normalise: true });
    expect(test.opened()).toBe(1);
    expect(test.fetched).toEqual([[output]]);
    await test.close();
  });

  it('is one of old operators', async () => {
    const test = await start();
    await test.open(graphFile({ opset: 11 }), 'webgpu');
    await test.run(texts, { output, pooling: 'mean', normalise: true });
    expect(test.fetched).toEqual([[output]]);
    await test.close();
  });

  it('is changed once, not at each run', async () => {
    const test = await start();
    await test.open(graphFile(), 'webgpu');
    await test.run(texts, { output, pooling: 'mean', normalise: true });
    await test.run(texts, { output, pooling: 'mean', normalise: true });
    expect(test.opened()).toBe(2);
    await test.close();
  });
});
