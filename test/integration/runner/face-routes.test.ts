/** The routes of the face worker, on small graphs that find the same faces in every picture. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFaceRoutes } from '../../../electron/workers/runner/doors/face-routes.ts';
import type { WorkerAnswer } from '../../../electron/workers/runner/doors/worker-shape.ts';
import { type FaceModel, openFaceModel } from '../../../electron/workers/runner/faces/face-model.ts';
import { readFaceModel } from '../../../electron/workers/runner/faces/model-folder.ts';
import { defaultPictureLimits } from '../../../electron/workers/runner/pictures/picture.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { RunnerStatus } from '../../../shared/models/runner.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { EMBEDDING, embedderGraph, scrfdGraph, writeFiles } from '../../fakes/face-graphs.ts';
import { aRunnerModel, aRunnerStatus } from '../../fakes/runner.ts';
import { type RunnerDoor, startRunnerDoor } from '../../fakes/runner-door.ts';
import { createInProcessSessions } from '../../fakes/runner-sessions.ts';

const folder = mkdtempSync(join(tmpdir(), 'pilotlight-faces-'));
const sessions = createInProcessSessions();
let model: FaceModel | null;
let opened: FaceModel;
let door: RunnerDoor;
let seen = 0;
const workerId = 'gpu-tower';
const loaded = [
  aRunnerModel({ name: 'minilm', provider: 'cpu' }),
  aRunnerModel({ name: 'buffalo_l', kind: 'faces', provider: 'dml' }),
];
const ladder: RunnerStatus['ladder'] = [
  { provider: 'dml', state: 'used', ms: 1, cpuMs: 9, agreement: 1, share: 1, reason: null },
  { provider: 'cpu', state: 'used', ms: 9, cpuMs: 9, agreement: 1, share: 1, reason: null },
];
let status: RunnerStatus = aRunnerStatus({ provider: 'dml', models: loaded, ladder });

const base64 = async (red: number, { width = 640, height = 480 } = {}) => {
  const background = { r: red, g: 40, b: 80 };
  const flat = sharp({ create: { width, height, channels: 3, background } });
  // Stripes, so that the face is sharp.
  const stripes = Buffer.alloc(width * height * 4);
  for (let at = 0; at < width * height; at += 1) stripes[at * 4 + 3] = Math.floor(at / 6) % 2 ? 90 : 0;
  return (
    await flat
      .composite([{ input: stripes, raw: { width, height, channels: 4 } }])
      .png()
      .toBuffer()
  ).toString('base64');
};

beforeAll(async () => {
  writeFiles({
    [join(folder, 'det_10g.onnx')]: scrfdGraph([
      { column: 14, row: 5, score: 0.8 },
      { column: 5, row: 7, score: 0.9 },
    ]),
    [join(folder, 'w600k_r50.onnx')]: embedderGraph(),
  });
  opened = await openFaceModel(await readFaceModel(folder), { sessions });
  model = opened;
  const routes = createFaceRoutes({
    clock: createFakeClock(),
    pictureBytes: defaultPictureLimits.bytes,
    atOnce: 3,
    workerId,
    async withFaces(work) {
      if (model === null) throw new PilotlightError('FACES_NO_MODEL');
      return work(model);
    },
    status: () => status,
    onPictures(count) {
      seen += count;
    },
  });
  door = await startRunnerDoor(routes);
});
afterAll(async () => {
  await door[Symbol.asyncDispose]();
  await opened.close();
  expect(sessions.opened.size).toBe(0);
  rmSync(folder, { recursive: true });
});

async function embed(body: unknown): Promise<{ status: number; body: WorkerAnswer }> {
  return door.post('/detect_and_embed_batch', body);
}

describe('/detect_and_embed_batch', () => {
  it('gives a list of faces for each picture, in order, from left to right', async () => {
    const before = seen;
    const { status: code, body } = await embed({
      images: [
        { data: await base64(250), image_id: 'red' },
        { data: await base64(10), image_id: 2 },
      ],
    });
    expect(code).toBe(200);
    expect(body).toMatchObject({ errors: [], gpu_used: false, worker_id: workerId });
    expect(body.processing_time_ms).toBeGreaterThanOrEqual(0);
    expect(seen - before).toBe(2);
    expect(body.results.map((faces) => faces.map(({ bbox }) => bbox))).toEqual([
      [
        [96, 160, 224, 288],
        [384, 96, 512, 224],
      ],
      [
        [96, 160, 224, 288],
        [384, 96, 512, 224],
      ],
    ]);
    for (const face of body.results.flat()) {
      expect(Object.keys(face)).toEqual(
        expect.arrayContaining(['bbox', 'landmarks', 'embedding', 'quality', 'age', 'gender']),
      );
      expect(face).toMatchObject({ age: null, gender: null });
      expect(face.landmarks).toHaveLength(5);
      expect(face.embedding).toHaveLength(EMBEDDING);
      expect(Math.hypot(...(face.embedding ?? []))).toBeCloseTo(1, 5);
      expect(face.quality).toBeGreaterThan(0.5);
    }
    const reds = body.results.map(([face]) => face?.embedding?.[0] ?? 0);
    expect(reds[0]).toBeGreaterThan(reds[1] as number);
  });

  it('puts the faces of a request into few runs, because this embedder keeps them apart', async () => {
    sessions.runs.length = 0;
    await embed({
      images: await Promise.all([1, 2, 3, 4].map(async (red) => ({ data: await base64(red * 50) }))),
    });
    const embedded = sessions.runs
      .filter(({ file }) => file === 'w600k_r50.onnx')
      .map(({ dims }) => dims[0] ?? 0);
    expect(embedded.reduce((sum, count) => sum + count, 0)).toBe(8);
    expect(sessions.runs.filter(({ file }) => file === 'det_10g.onnx')).toHaveLength(4);
  });

  it('cuts faces out with a margin, as JPEG, unless nobody wants them', async () => {
    const data = await base64(99);
    const { body } = await embed({ images: [{ data }], face_margin: 0.25 });
    const crop = await sharp(Buffer.from(body.results[0]?.[0]?.crop ?? '', 'base64')).metadata();
    expect(crop).toMatchObject({ format: 'jpeg', width: 192, height: 192 });
    const without = await embed({ images: [{ data }], crop_faces: false });
    expect(without.body.results[0]?.[0]?.crop).toBeNull();
  });

  it('finds faces where they are in large pictures', async () => {
    const { body } = await embed({ images: [{ data: await base64(50, { width: 2048, height: 1024 }) }] });
    // The detector saw it at 640 × 320.
    expect(body.results[0]?.[0]?.bbox).toEqual([307.2, 512, 716.8, 921.6]);
  });

  it('lets a bad picture fail alone, and says why', async () => {
    const good = await base64(120);
    const jpeg = await sharp(Buffer.from(good, 'base64')).jpeg().toBuffer();
    const { status: code, body } = await embed({
      images: [
        { data: good, image_id: 'good' },
        { data: 'not base64!', image_id: 'text' },
        {
          data: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64'),
          image_id: 'drawing',
        },
        { data: '' },
        { data: jpeg.subarray(0, jpeg.length / 2).toString('base64'), image_id: 'cut' },
        { data: `data:image/png;base64,${good}`, image_id: null },
      ],
    });
    expect(code).toBe(200);
    expect(body.results.map((faces) => faces.length)).toEqual([2, 0, 0, 0, 0, 2]);
    expect(body.errors.map(({ index, image_id, code: why }) => [index, image_id, why])).toEqual([
      [1, 'text', 'PICTURE_NOT_BASE64'],
      [2, 'drawing', 'PICTURE_NOT_SUPPORTED'],
      [3, null, 'PICTURE_EMPTY'],
      [4, 'cut', 'PICTURE_DAMAGED'],
    ]);
    for (const { message, next } of body.errors) expect(message.length * next.length).toBeGreaterThan(0);
  });

  it('says where no face is good enough, unless that is a result', async () => {
    const images = [{ data: await base64(7) }];
    const strict = await embed({ images, min_face_quality: 0.99 });
    expect(strict.body).toMatchObject({ results: [[]], errors: [{ index: 0, code: 'FACE_NOT_FOUND' }] });
    const loose = await embed({ images, min_face_quality: 0.99, require_face: false });
    expect(loose.body).toMatchObject({ results: [[]], errors: [] });
  });

  it('answers an empty request with an empty list, and ignores fields that it does not know', async () => {
    expect(await embed({ images: [], model: 'x', extra: { a: 1 } })).toMatchObject({
      status: 200,
      body: { results: [], errors: [] },
    });
  });

  it.each([
    ['33 pictures', { images: Array(33).fill({ data: 'AAAA' }) }, 422, 'PICTURES_TOO_MANY'],
    ['no list', { images: 'AAAA' }, 422, 'FACES_BAD_REQUEST'],
    ['no pictures', {}, 422, 'FACES_BAD_REQUEST'],
    ['a picture without data', { images: [{ image_id: 'a' }] }, 422, 'FACES_BAD_REQUEST'],
    ['a quality beyond 1', { images: [], min_face_quality: 7 }, 422, 'FACES_BAD_REQUEST'],
    ['a list', [], 422, 'FACES_BAD_REQUEST'],
    ['null', null, 422, 'FACES_BAD_REQUEST'],
    ['what is not JSON', '{"images": [', 400, 'RUNNER_BAD_JSON'],
    ['nothing', '', 400, 'RUNNER_BAD_JSON'],
  ])('refuses %s', async (_, body, code, reason) => {
    expect(await embed(body)).toMatchObject({
      status: code,
      body: { code: reason, detail: expect.any(String) },
    });
  });

  it.each([
    ['images', { images: 'AAAA' }],
    ['images.1.data', { images: [{ data: 'AAAA' }, { data: 5 }] }],
    ['min_face_quality', { images: [], min_face_quality: 7 }],
  ])('names the field that is wrong: %s', async (field, body) => {
    const answer = (await embed(body)).body as unknown as { detail: string };
    expect(answer.detail).toContain(`"${field}"`);
  });

  it('says that there is no model', async () => {
    model = null;
    try {
      expect(await embed({ images: [] })).toMatchObject({ status: 503, body: { code: 'FACES_NO_MODEL' } });
    } finally {
      model = opened;
    }
  });
});

describe('/detect_faces_batch', () => {
  it('finds the same faces without vectors', async () => {
    const images = [{ data: await base64(200) }];
    const { body }: { body: WorkerAnswer } = await door.post('/detect_faces_batch', { images });
    const embedded = await embed({ images });
    expect(body.results[0]).toEqual(embedded.body.results[0]?.map((face) => ({ ...face, embedding: null })));
  });
});

describe('/detect_faces_batch_multipart', () => {
  const form = async (count: number) => {
    const made = new FormData();
    for (let at = 0; at < count; at += 1) {
      const bytes = Buffer.from(await base64(10 * at), 'base64');
      made.append('files', new Blob([new Uint8Array(bytes)], { type: 'image/png' }), `picture-${at}.png`);
    }
    return made;
  };

  it('takes files, and options as fields or in the query', async () => {
    const made = await form(2);
    made.append('files', new Blob(['text']), 'notes.txt');
    made.append('crop_faces', 'false');
    const { status: code, body }: { status: number; body: WorkerAnswer } = await door.post(
      '/detect_faces_batch_multipart?min_face_quality=0.1&require_face=true',
      made,
    );
    expect(code).toBe(200);
    expect(body.results.map((faces) => faces.length)).toEqual([2, 2, 0]);
    expect(body.results[0]?.[0]).toMatchObject({ embedding: null, crop: null });
    expect(body.errors).toMatchObject([{ index: 2, image_id: 'notes.txt', code: 'PICTURE_UNKNOWN' }]);
  });

  it.each([
    ['33 files', () => form(33), 422, 'PICTURES_TOO_MANY'],
    ['no file', () => form(0), 422, 'FACES_BAD_REQUEST'],
    [
      'a bad option',
      async () => {
        const made = await form(1);
        made.append('face_margin', 'wide');
        return made;
      },
      422,
      'FACES_BAD_REQUEST',
    ],
    ['JSON', async () => ({ images: [] }), 400, 'PREDICT_BAD_FORM'],
  ])('refuses %s', async (_, make, code, reason) => {
    expect(await door.post('/detect_faces_batch_multipart', await make())).toMatchObject({
      status: code,
      body: { code: reason },
    });
  });
});

describe('what the worker says of itself', () => {
  it('has the shape that clients know', async () => {
    expect(await door.get('/health')).toEqual({
      status: 200,
      body: {
        status: 'healthy',
        gpu_available: true,
        directml_available: true,
        model_loaded: true,
        uptime_seconds: 5,
        worker_id: workerId,
        queue_size: 0,
        metrics: expect.objectContaining({ total_requests: 0, success_rate: null }),
      },
    });
    expect(await door.get('/gpu_info')).toEqual({
      status: 200,
      body: {
        directml_available: true,
        gpu_actually_used: true,
        model_info: expect.objectContaining({ provider: 'dml' }),
        worker_id: workerId,
        queue_size: 0,
        metrics: expect.any(Object),
        timestamp: '2026-11-21T09:00:00.000Z',
      },
    });
  });

  it('never claims a GPU that does no work', async () => {
    status = aRunnerStatus({ ready: false });
    expect(await door.get('/health')).toMatchObject({
      status: 503,
      body: { status: 'starting', gpu_available: false, directml_available: false },
    });
    expect(await door.get('/gpu_info')).toMatchObject({ body: { gpu_actually_used: false } });
  });
});
