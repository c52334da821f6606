/**
 * Faces with the models of ../shared/models over HTTP, as a client of the face worker uses them: pictures of 640 pixels
 * a second, beside what the two graphs alone would allow.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type OpenedRunner, openRunner } from '../../electron/adapters/processes/runner/open-runner.ts';
import type { WorkerAnswer } from '../../electron/workers/runner/doors/worker-shape.ts';
import { loadOrt, openSession } from '../../electron/workers/runner/inference/onnxruntime.ts';
import { silentLog } from '../fakes/indexing.ts';
import { sharedFolder } from '../fakes/shared-folder.ts';
import { atLeast, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';

const entry = fileURLToPath(new URL('../../dist/workers/runner-worker.mjs', import.meta.url));
const model = sharedFolder('models/faces');
const SIDE = 640;
/** As many as a client sends at once. */
const BATCH = 32;
const ROUNDS = 9;

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export const benchmark: Benchmark = {
  name: 'runner-faces',
  async run({ signal, note }): Promise<BenchmarkResult[]> {
    if (model === null) {
      note('../shared/models is missing: not measured.');
      return [];
    }
    if (!existsSync(entry)) throw new Error('There is no build. Run npm run build first.');
    const picture = await sharp(join(model, 'pictures/astronaut.jpg'))
      .resize(SIDE, SIDE)
      .jpeg({ quality: 90 })
      .toBuffer();
    const data = picture.toString('base64');
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
    const runner = await openRunner({
      dataFolder: folder,
      entry,
      version: 'bench',
      log: silentLog,
      signal,
      config: { provider: 'cpu' },
    });
    try {
      await post(runner, '/runner/models', { path: model });
      const send = async (crop: boolean) => {
        const images = Array.from({ length: BATCH }, () => ({ data }));
        const answer = (await post(runner, '/detect_and_embed_batch', {
          images,
          crop_faces: crop,
        })) as WorkerAnswer;
        if (answer.results.some((faces) => faces.length !== 1)) throw new Error('A face is missing.');
      };
      const bare: number[] = [];
      const served: number[] = [];
      const cropped: number[] = [];
      await using graphs = await bareGraphs(model);
      // In turns: what else the machine does slows all of them down.
      for (let round = 0; round <= ROUNDS; round += 1) {
        signal.throwIfAborted();
        const each = await graphs.round();
        const ms = await timed(() => send(false));
        const cropMs = await timed(() => send(true));
        if (round === 0) continue;
        bare.push(each);
        served.push(ms / BATCH);
        cropped.push(cropMs / BATCH);
      }
      const shares = served.map((ms, round) => (bare[round] as number) / ms);
      return [
        atLeast('runner-faces: part of the graphs’ own speed', median(shares), '', 0.8),
        reported('runner-faces: pictures a second', 1000 / median(served), '/s'),
        reported('runner-faces: pictures a second, faces cut out', 1000 / median(cropped), '/s'),
        reported('runner-faces: the graphs alone', 1000 / median(bare), '/s'),
      ];
    } finally {
      await runner.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function post({ url, token }: OpenedRunner, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** YuNet and one embedding in this process, with nothing around them, opened as the runner opens them. */
async function bareGraphs(folder: string) {
  const ort = await loadOrt();
  const { Tensor } = ort;
  const open = (file: string) =>
    openSession(ort, join(folder, file), { provider: 'cpu', threads: null, profile: null });
  const detector = await open('yunet_n_dynamic.onnx');
  const embedder = await open('MobileFaceNet.onnx');
  const feed = (side: number) =>
    new Tensor('float32', new Float32Array(3 * side * side).fill(0.3), [1, 3, side, side]);
  const detect = feed(SIDE);
  const embed = feed(112);
  return {
    /** Milliseconds of both for one picture. */
    async round(): Promise<number> {
      const detected: number[] = [];
      const embedded: number[] = [];
      for (let run = 0; run < 12; run += 1) {
        detected.push(await timed(() => detector.run({ input: detect })));
        embedded.push(await timed(() => embedder.run({ input0: embed })));
      }
      return median(detected) + median(embedded);
    },
    async [Symbol.asyncDispose]() {
      await detector.release();
      await embedder.release();
    },
  };
}
