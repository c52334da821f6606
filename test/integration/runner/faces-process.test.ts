/** Faces and Immich's door through the runner's real processes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedRunner, openRunner } from '../../../electron/adapters/processes/runner/open-runner.ts';
import type { WorkerAnswer } from '../../../electron/workers/runner/doors/worker-shape.ts';
import { runnerModelSchema, runnerStatusSchema } from '../../../shared/models/runner.ts';
import {
  clipVisualGraph,
  EMBEDDING,
  embedderGraph,
  scrfdGraph,
  writeFiles,
} from '../../fakes/face-graphs.ts';
import { silentLog } from '../../fakes/indexing.ts';

const root = mkdtempSync(join(tmpdir(), 'pilotlight-faces-process-'));
const entry = join(import.meta.dirname, '../../../electron/workers/runner/runner-worker.ts');
const clip = join(root, 'immich/clip/ViT-B-32__openai');
let runner: OpenedRunner;
let picture = '';

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${runner.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${runner.token}` },
    ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** The spare is started after it. */
const inferencePid = () =>
  Number(readFileSync(`/proc/${runner.pid}/task/${runner.pid}/children`, 'utf8').split(' ')[0]);

beforeAll(async () => {
  writeFiles({
    [join(root, 'buffalo_l/det_10g.onnx')]: scrfdGraph([{ column: 10, row: 8, score: 0.9 }]),
    [join(root, 'buffalo_l/w600k_r50.onnx')]: embedderGraph(),
    [`${clip}/visual/model.onnx`]: clipVisualGraph(8),
    [`${clip}/visual/preprocess_cfg.json`]: { size: 8, mean: [0, 0, 0], std: [1, 1, 1] },
  });
  const noise = Buffer.from(Array.from({ length: 640 * 480 * 3 }, (_, at) => (at * 7919) % 251));
  picture = (
    await sharp(noise, { raw: { width: 640, height: 480, channels: 3 } })
      .jpeg()
      .toBuffer()
  ).toString('base64');
  runner = await openRunner({
    dataFolder: join(root, 'data'),
    entry,
    version: '0.0.0',
    log: silentLog,
    signal: new AbortController().signal,
    config: { provider: 'cpu', immichCache: join(root, 'immich') },
  });
});
afterAll(async () => {
  await runner.stop();
  rmSync(root, { recursive: true });
});

describe('a runner', () => {
  it('says that it has no face model, and what to do', async () => {
    expect(await call('POST', '/detect_and_embed_batch', { images: [] })).toMatchObject({
      status: 503,
      body: { code: 'FACES_NO_MODEL', next: expect.stringContaining('runner models add') },
    });
  });

  it('takes a folder of insightface, and finds faces with it', async () => {
    const added = await call('POST', '/runner/models', { path: join(root, 'buffalo_l') });
    expect(runnerModelSchema.parse(added.body)).toMatchObject({
      name: 'buffalo_l',
      kind: 'faces',
      dimensions: EMBEDDING,
      state: 'ready',
      provider: 'cpu',
    });
    const { status, body } = await call('POST', '/detect_and_embed_batch', {
      images: [{ data: picture, image_id: 'a' }, { data: 'AAAA' }, { data: picture }],
    });
    expect(status).toBe(200);
    const { results, errors } = body as WorkerAnswer;
    expect(results.map((faces) => faces.map(({ bbox }) => bbox))).toEqual([
      [[256, 192, 384, 320]],
      [],
      [[256, 192, 384, 320]],
    ]);
    expect(errors).toMatchObject([{ index: 1, code: 'PICTURE_UNKNOWN' }]);
    expect(results[0]?.[0]?.embedding).toHaveLength(EMBEDDING);
    const now = runnerStatusSchema.parse((await call('GET', '/runner/status')).body);
    expect(now.totals).toMatchObject({ pictures: 3, gpuRuns: 0 });
    expect(await call('GET', '/health')).toMatchObject({ status: 200, body: { model_loaded: true } });
  });

  it.skipIf(process.platform !== 'linux')('decodes pictures beside the graphs, not in its door', () => {
    const hasDecoder = (pid: number) => readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libvips');
    expect([hasDecoder(inferencePid()), hasDecoder(runner.pid)]).toEqual([true, false]);
  });

  it('refuses a bomb by its header, and answers the others', async () => {
    const side = 10_000;
    const bomb = await sharp({ create: { width: side, height: side, channels: 3, background: '#000' } })
      .png({ compressionLevel: 9 })
      .toBuffer();
    const { status, body } = await call('POST', '/detect_and_embed_batch', {
      images: [{ data: bomb.toString('base64') }, { data: picture }],
    });
    expect(status).toBe(200);
    const { results, errors } = body as WorkerAnswer;
    expect(results.map((faces) => faces.length)).toEqual([0, 1]);
    expect(errors).toMatchObject([{ index: 0, code: 'PICTURE_TOO_LARGE' }]);
  });

  it.skipIf(process.platform !== 'linux')(
    'loses no picture when its inference process is killed',
    async () => {
      const child = inferencePid();
      const requests = Array.from({ length: 6 }, () =>
        call('POST', '/detect_and_embed_batch', { images: Array(4).fill({ data: picture }) }),
      );
      process.kill(child, 'SIGKILL');
      for (const { status, body } of await Promise.all(requests)) {
        expect(status).toBe(200);
        expect((body as WorkerAnswer).results.map((faces) => faces.length)).toEqual([1, 1, 1, 1]);
      }
    },
  );

  it('answers Immich from its own model folder', async () => {
    const form = new FormData();
    form.append('entries', JSON.stringify({ clip: { visual: { modelName: 'ViT-B-32__openai' } } }));
    form.append('image', new Blob([new Uint8Array(Buffer.from(picture, 'base64'))]));
    const { status, body } = await call('POST', '/predict', form);
    expect(status).toBe(200);
    const answer = body as { clip: string; imageWidth: number; imageHeight: number };
    expect([answer.imageWidth, answer.imageHeight]).toEqual([640, 480]);
    expect(JSON.parse(answer.clip)).toHaveLength(3);
    expect(await (await fetch(`${runner.url}/ping`)).text()).toBe('pong');
  });
});
