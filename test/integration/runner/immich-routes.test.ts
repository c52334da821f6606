/** Immich's door: requests exactly as its server sends them, on small graphs in Immich's own folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createImmichRoutes } from '../../../electron/workers/runner/doors/immich-routes.ts';
import {
  createLocalPredictor,
  type LocalPredictor,
} from '../../../electron/workers/runner/doors/local-predictor.ts';
import type { PredictAnswer, PredictRequest } from '../../../electron/workers/runner/doors/predictor.ts';
import { defaultPictureLimits } from '../../../electron/workers/runner/pictures/picture.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts';
import { clipVisualGraph, EMBEDDING, embedderGraph, writeFiles } from '../../fakes/face-graphs.ts';
import { immichFiles } from '../../fakes/immich-folder.ts';
import { recording } from '../../fakes/replay.ts';
import { type RunnerDoor, startRunnerDoor } from '../../fakes/runner-door.ts';
import { createInProcessSessions, type InProcessSessions } from '../../fakes/runner-sessions.ts';

const folder = mkdtempSync(join(tmpdir(), 'pilotlight-immich-'));
writeFiles({
  ...immichFiles(folder),
  [`${folder}/clip/broken/visual/model.onnx`]: Buffer.from('not a graph'),
  [`${folder}/clip/broken/visual/preprocess_cfg.json`]: { size: 16, mean: [0, 0, 0], std: [1, 1, 1] },
  [`${folder}/clip/odd/visual/model.onnx`]: clipVisualGraph(16),
  [`${folder}/clip/odd/visual/preprocess_cfg.json`]: { size: 'large' },
  [`${folder}/facial-recognition/mixed/detection/model.onnx`]: embedderGraph(),
  [`${folder}/facial-recognition/mixed/recognition/model.onnx`]: embedderGraph(),
});
afterAll(() => rmSync(folder, { recursive: true }));

let clock: FakeClock;
let sessions: InProcessSessions;
let predictor: LocalPredictor;
let door: RunnerDoor;

beforeEach(async () => {
  clock = createFakeClock();
  sessions = createInProcessSessions();
  const { createTextTokenizer } = await import('../../../electron/workers/runner/text/tokenizer.ts');
  predictor = createLocalPredictor({ clock, sessions, folder, makeTokenizer: createTextTokenizer });
  door = await startRunnerDoor(
    createImmichRoutes({ predictor, pictureBytes: defaultPictureLimits.bytes, onPictures: () => {} }),
  );
});
afterEach(async () => {
  await door[Symbol.asyncDispose]();
  await predictor.close();
  expect(sessions.opened.size).toBe(0);
});

function form(entries: unknown, fields: Readonly<Record<string, string | Blob>> = {}): FormData {
  const made = new FormData();
  made.append('entries', typeof entries === 'string' ? entries : JSON.stringify(entries));
  for (const [name, content] of Object.entries(fields)) made.append(name, content);
  return made;
}
const visual = (modelName = 'ViT-B-32__openai') => ({ clip: { visual: { modelName } } });
const facial = (modelName = 'buffalo_l', minScore?: number) => ({
  'facial-recognition': {
    detection: { modelName, ...(minScore === undefined ? {} : { options: { minScore } }) },
    recognition: { modelName },
  },
});
const predict = (
  body: FormData,
): Promise<{ status: number; body: PredictAnswer & { detail: string; code: string } }> =>
  door.post('/predict', body);
const png = async (width = 64, height = 48) =>
  new Blob([
    new Uint8Array(
      await sharp({ create: { width, height, channels: 3, background: { r: 255, g: 51, b: 0 } } })
        .png()
        .toBuffer(),
    ),
  ]);

it('greets and answers the ping as Immich expects', async () => {
  expect(await door.get('/')).toEqual({ status: 200, body: { message: 'Immich ML' } });
  expect(await door.get('/ping')).toEqual({ status: 200, body: 'pong' });
});

describe('requests as Immich’s server sends them', () => {
  it('for faces', async () => {
    const { status, body } = await door.send(recording('immich/faces'));
    expect(status).toBe(200);
    const answer: PredictAnswer = JSON.parse(body);
    expect(answer).toMatchObject({ imageHeight: 32, imageWidth: 48 });
    // The detector sees the picture enlarged to 640; the face with a score under 0.7 is left out.
    expect(answer['facial-recognition']).toEqual([
      {
        boundingBox: { x1: 19, y1: 10, x2: 29, y2: 19 },
        embedding: expect.stringMatching(/^\[.*\]$/),
        score: 0.75,
      },
    ]);
    expect(JSON.parse(answer['facial-recognition']?.[0]?.embedding ?? '')).toHaveLength(EMBEDDING);
  });

  it('for a picture’s vector', async () => {
    const { status, head, body } = await door.send(recording('immich/clip-visual'));
    expect(status).toBe(200);
    expect(head).toMatch(/content-type: application\/json/i);
    const answer: PredictAnswer = JSON.parse(body);
    expect(answer).toEqual({ clip: expect.any(String), imageHeight: 32, imageWidth: 48 });
    const vector: number[] = JSON.parse(answer.clip ?? '');
    expect(vector).toHaveLength(3);
    expect(vector[2]).toBeCloseTo(128 / 255, 1);
  });

  it('for a text’s vector', async () => {
    const { status, body } = await door.send(recording('immich/clip-textual'));
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ clip: '[0,3,4,5,6,7,1,2]' });
  });

  it('for text in a picture, which is refused in so many words', async () => {
    const { status, body } = await door.send(recording('immich/ocr'));
    expect(status).toBe(501);
    expect(JSON.parse(body)).toMatchObject({ code: 'PREDICT_NO_OCR', detail: expect.any(String) });
  });

  it('in pieces of one byte', async () => {
    const whole = recording('immich/clip-visual');
    const [one, all] = await Promise.all([
      fetchInPieces(door.url, whole),
      door.send(whole).then(({ body }) => JSON.parse(body)),
    ]);
    expect(one).toEqual(all);
  });
});

/** Sends the body of a recording byte by byte. */
async function fetchInPieces(url: string, whole: Buffer): Promise<unknown> {
  const end = whole.indexOf('\r\n\r\n');
  const type = /content-type: ([^\r]+)/i.exec(whole.toString('latin1', 0, end))?.[1] ?? '';
  const body = whole.subarray(end + 4);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of body) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { 'content-type': type },
    body: stream,
    duplex: 'half',
  };
  return (await fetch(`${url}/predict`, init)).json();
}

describe('what senders leave out', () => {
  it('reads an image without a file name and a type', async () => {
    const bytes = Buffer.from(await (await png()).arrayBuffer());
    const body = Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="entries"\r\n\r\n'),
      Buffer.from(
        `${JSON.stringify(visual())}\r\n--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n`,
      ),
      bytes,
      Buffer.from('\r\n--x--\r\n'),
    ]);
    const response = await fetch(`${door.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: new Uint8Array(body),
    });
    const answer = (await response.json()) as PredictAnswer;
    expect(answer).toMatchObject({ imageWidth: 64, imageHeight: 48 });
    expect(JSON.parse(answer.clip ?? '').map((value: number) => Math.round(value * 255))).toEqual([
      255, 51, 0,
    ]);
  });

  it('uses the default score, and the one that is asked for', async () => {
    const image = await png();
    const count = async (entries: unknown) =>
      (await predict(form(entries, { image }))).body['facial-recognition']?.length;
    expect(await count(facial())).toBe(1);
    expect(await count(facial('buffalo_l', 0.5))).toBe(2);
    expect(await count(facial('buffalo_l', 0.9))).toBe(0);
  });

  it('answers a picture without faces with an empty list', async () => {
    const { body } = await predict(form(facial('buffalo_l', 0.99), { image: await png() }));
    expect(body).toEqual({ 'facial-recognition': [], imageHeight: 48, imageWidth: 64 });
  });

  it('runs several models on one picture', async () => {
    const { body } = await predict(form({ ...visual(), ...facial() }, { image: await png() }));
    expect(Object.keys(body).sort()).toEqual(['clip', 'facial-recognition', 'imageHeight', 'imageWidth']);
  });
});

describe('what is refused', () => {
  it.each([
    ['entries that are not JSON', async () => form('{', { image: await png() }), 422, 'PREDICT_BAD_ENTRIES'],
    [
      'entries of an unknown task',
      async () => form({ speech: {} }, { image: await png() }),
      422,
      'PREDICT_BAD_ENTRIES',
    ],
    [
      'no model',
      async () => form({ clip: { visual: {} } }, { image: await png() }),
      422,
      'PREDICT_BAD_ENTRIES',
    ],
    ['no entries', async () => new FormData(), 422, 'PREDICT_BAD_ENTRIES'],
    ['neither image nor text', async () => form(visual()), 400, 'PREDICT_NOTHING_GIVEN'],
    [
      'an empty text',
      async () => form({ clip: { textual: { modelName: 'ViT-B-32__openai' } } }, { text: '' }),
      400,
      'PREDICT_NOTHING_GIVEN',
    ],
    [
      'a text where a picture is needed',
      async () => form(visual(), { text: 'dog' }),
      400,
      'PREDICT_NOTHING_GIVEN',
    ],
    ['what is no picture', async () => form(visual(), { image: new Blob(['text']) }), 422, 'PICTURE_UNKNOWN'],
    [
      'a model that is not there',
      async () => form(visual('ViT-L-14__openai'), { image: await png() }),
      500,
      'PREDICT_MODEL_MISSING',
    ],
    [
      'a model outside the folder',
      async () => form(visual('../../etc'), { image: await png() }),
      500,
      'PREDICT_MODEL_MISSING',
    ],
    [
      'a file that is no graph',
      async () => form(visual('broken'), { image: await png() }),
      500,
      'PREDICT_MODEL_FAILED',
    ],
    [
      'settings that make no sense',
      async () => form(visual('odd'), { image: await png() }),
      500,
      'PREDICT_MODEL_FAILED',
    ],
    [
      'a detector that is none',
      async () => form(facial('mixed'), { image: await png() }),
      500,
      'PREDICT_MODEL_FAILED',
    ],
  ])('%s', async (_, make, status, code) => {
    expect(await predict(await make())).toMatchObject({ status, body: { code, detail: expect.any(String) } });
  });

  it('a body that is no form, and one that ends early', async () => {
    expect(await door.post('/predict', { entries: visual() })).toMatchObject({
      status: 400,
      body: { code: 'PREDICT_BAD_FORM' },
    });
    const whole = recording('immich/clip-visual');
    const end = whole.indexOf('\r\n\r\n');
    const cut = whole.subarray(end + 4, whole.length - 200);
    const head = whole
      .toString('latin1', 0, end)
      .replace(/content-length: \d+/i, `content-length: ${cut.length}`);
    const { status, body } = await door.send(Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), cut]));
    expect([status, JSON.parse(body).code]).toEqual([400, 'PREDICT_BAD_FORM']);
  });

  it('everything, while no folder is set', async () => {
    const { createTextTokenizer } = await import('../../../electron/workers/runner/text/tokenizer.ts');
    const bare = createLocalPredictor({
      clock,
      sessions,
      folder: null,
      makeTokenizer: createTextTokenizer,
    });
    const request: PredictRequest = { entries: visual(), image: Buffer.alloc(1), text: null };
    await expect(bare.predict(request, new AbortController().signal)).rejects.toMatchObject({
      code: 'PREDICT_MODEL_MISSING',
      said: { code: 'IMMICH_FOLDER_UNSET' },
    });
  });
});

describe('models', () => {
  it('are loaded once, and dropped when nobody has used them for 300 s', async () => {
    const image = await png();
    await Promise.all([1, 2, 3].map(() => predict(form(visual(), { image }))));
    expect(predictor.loaded()).toEqual(['clip/ViT-B-32__openai/visual']);
    expect(sessions.opened.size).toBe(1);
    await clock.advance(299_999);
    expect(predictor.loaded()).toHaveLength(1);
    await clock.advance(1);
    expect(predictor.loaded()).toEqual([]);
    await expect.poll(() => sessions.opened.size).toBe(0);
    expect(await predict(form(visual(), { image }))).toMatchObject({ status: 200 });
  });
});

it('another predictor can answer in its place', async () => {
  const asked: PredictRequest[] = [];
  const routes = createImmichRoutes({
    predictor: {
      async predict(request) {
        asked.push(request);
        if (request.text === 'stop') throw new PilotlightError('RUNNER_STARTING');
        return { clip: '[1]' };
      },
    },
    pictureBytes: 100,
    onPictures: () => {},
  });
  await using other = await startRunnerDoor(routes);
  const entries = { clip: { textual: { modelName: 'a' } } };
  expect(await other.post('/predict', form(entries, { text: 'dog' }))).toEqual({
    status: 200,
    body: { clip: '[1]' },
  });
  expect(asked).toEqual([{ entries, image: null, text: 'dog' }]);
  expect(await other.post('/predict', form(entries, { text: 'stop' }))).toMatchObject({ status: 503 });
  expect(
    await other.post('/predict', form(visual(), { image: new Blob([new Uint8Array(101)]) })),
  ).toMatchObject({
    status: 422,
    body: { code: 'PICTURE_TOO_LARGE' },
  });
});
