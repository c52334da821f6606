/** WebGPU for real, on a driver that runs on the CPU: right answers, found to be slower, and not used. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { createSystemClock } from '../../../electron/adapters/clock.ts';
import { createForkWorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { type InferenceLink, startInference } from '../../../electron/workers/runner/inference/link.ts';
import { createInferenceSessions } from '../../../electron/workers/runner/inference/sessions.ts';
import { openLadderNotes } from '../../../electron/workers/runner/ladder/notes.ts';
import { encodeGraph } from '../../../electron/workers/runner/onnx/encode.ts';
import type { Tensor, VectorReduction } from '../../../electron/workers/runner/sessions.ts';
import { loadText } from '../../../electron/workers/runner/text/load.ts';
import type { RunnerProvider } from '../../../shared/models/runner.ts';
import { sharedFolder } from '../../fakes/shared-folder.ts';
import { missingVulkan, vulkanEnvironment } from '../../fakes/software-vulkan.ts';
import { tableGraph } from '../../fakes/text-model.ts';

const model = sharedFolder('models/all-minilm-l6-v2');
const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };
const clock = createSystemClock();
const entry = fileURLToPath(
  new URL('../../../electron/workers/runner/inference/inference-worker.ts', import.meta.url),
);

/** Its shaders are compiled on the CPU. */
const TRIALS_MS = 240_000;

/** Where CI is set the test must run. */
function needVulkan(context: TestContext): void {
  const missing = missingVulkan();
  const must = process.env.CI !== undefined && process.platform === 'linux' && process.arch === 'x64';
  if (missing !== null && !must) context.skip(missing);
}

let folder: string;
const ends: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-webgpu-'));
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(folder, { recursive: true, force: true });
});
const hostOnVulkan = () => createForkWorkerHost({ entry, env: vulkanEnvironment() });

describe('WebGPU without a GPU', () => {
  it.skipIf(model === null)(
    'is tried with a real model, found slower, and not used',
    { timeout: TRIALS_MS },
    async (context) => {
      needVulkan(context);
      const inference = createInferenceSessions({
        host: hostOnVulkan(),
        clock,
        log,
        notes: openLadderNotes(folder),
        folder,
        rungs: ['webgpu', 'cpu'],
        deviceKey: '',
        threads: null,
      });
      ends.push(inference.stop);
      const loaded = await loadText(inference, {
        folder: model as string,
        graphPath: 'onnx/model.onnx',
        precision: 'float32',
        hash: 'real',
      });
      await inference.settled();
      expect(inference.ladder()[0]).toMatchObject({ provider: 'webgpu', state: 'used' });
      const [webgpu] = loaded.graph.ladder();
      expect(webgpu).toMatchObject({
        provider: 'webgpu',
        state: 'slower',
        reason: { code: 'RUNNER_PROVIDER_SLOWER' },
      });
      expect(webgpu?.agreement).toBeGreaterThan(0.9995);
      expect(webgpu?.ms ?? 0).toBeGreaterThan(webgpu?.cpuMs ?? Number.POSITIVE_INFINITY);
      expect(loaded.graph.provider()).toBe('cpu');
      expect(inference.restarts()).toBe(0);
    },
  );

  it('pools in the graph as the CPU pools beside it', async (context) => {
    needVulkan(context);
    const link: InferenceLink = startInference({
      host: hostOnVulkan(),
      timer: clock.timer,
      config: { threads: null },
      onDefect: silent,
    });
    ends.push(link.kill);
    const rows = [[1, 2, 3, 4], [2], [4, 4], [0, 1, 0]];
    const flat = (at: (row: readonly number[], index: number) => number): Tensor => ({
      type: 'int64',
      dims: [4, 4],
      data: BigInt64Array.from(rows.flatMap((row) => [0, 1, 2, 3].map((index) => BigInt(at(row, index))))),
    });
    const feeds = {
      input_ids: flat((row, index) => row[index] ?? 0),
      attention_mask: flat((row, index) => Number(index < row.length)),
    };
    const file = encodeGraph(tableGraph());
    async function pooled(
      graph: number,
      provider: RunnerProvider,
      reduction: Omit<VectorReduction, 'kind' | 'lengths'>,
    ) {
      await link.call('open', { graph, file, provider });
      const reduce = { kind: 'vectors' as const, ...reduction, lengths: rows.map(({ length }) => length) };
      const { answers } = await link.call('run', { graph, feeds, reduce, size: 1, urgent: false });
      await link.call('close', { graph });
      return answers[reduction.output] as Tensor;
    }
    for (const pooling of ['mean', 'cls'] as const) {
      const reduction = { output: 'last_hidden_state', pooling, normalise: true };
      const expected = await pooled(1, 'cpu', reduction);
      const vectors = await pooled(2, 'webgpu', reduction);
      expect(vectors.dims).toEqual(expected.dims);
      for (const [index, value] of [...(vectors.data as Float32Array)].entries())
        expect(value).toBeCloseTo(Number(expected.data[index]), 4);
    }
  });
});
