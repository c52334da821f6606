/**
 * The requests of real clients, byte for byte, answered by the runner's own processes: at its own port, and behind an
 * agent.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMBEDDING, embedderGraph, scrfdGraph, writeFiles } from '../../fakes/face-graphs.ts';
import { immichFiles } from '../../fakes/immich-folder.ts';
import { createTestRunner, type TestRunner } from '../../fakes/open-runner.ts';
import { type Replayed, recording, recordingsOf, replay } from '../../fakes/replay.ts';
import { meanOf, tableRow, WORDS, writeTextModel } from '../../fakes/text-model.ts';
import { createPlace, startAgent } from '../agent/process.ts';

/** Of the recordings. */
const KEY = 'key-of-a-recording';
let folder: string;
let runner: TestRunner;
let place: ReturnType<typeof createPlace>;
let agent: Awaited<ReturnType<typeof startAgent>>;
const ports = { runner: 0, agent: 0 };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-recordings-'));
  const words = writeTextModel(join(folder, 'words'), {
    files: {
      'modules.json': [{ type: 'x.Transformer' }, { type: 'x.Pooling' }],
      '1_Pooling/config.json': { pooling_mode_mean_tokens: true },
    },
  });
  const faces = join(folder, 'faces');
  const immich = join(folder, 'immich');
  writeFiles({
    ...immichFiles(immich),
    [join(faces, 'detector.onnx')]: scrfdGraph([{ column: 1, row: 0, score: 0.75 }]),
    [join(faces, 'embedder.onnx')]: embedderGraph(),
  });
  runner = createTestRunner();
  place = createPlace({ role: ['runner'], secret: KEY, immichFolder: immich });
  [agent] = await Promise.all([startAgent(place.folder, []), runner.open({ immichCache: immich })]);
  await agent.said(/runner: listens on/);
  ports.runner = Number(new URL(runner.opened().url).port);
  ports.agent = agent.port;
  // Each runner has its own list of models.
  cpSync(faces, join(folder, 'faces-of-the-agent'), { recursive: true });
  for (const [path, name] of [
    [words, 'words'],
    [faces, 'faces'],
  ] as const) {
    expect((await runner.add(path, name)).status).toBe(201);
    expect((await agent.call('POST', '/runner/models', { path, name })).status).toBe(201);
  }
}, 60_000);
afterAll(async () => {
  await Promise.all([runner.close(), agent[Symbol.asyncDispose]()]);
  place[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const close = (numbers: readonly number[]) => numbers.map((one) => expect.closeTo(one, 4));
const unit = (numbers: readonly number[]) => numbers.map((one) => one / Math.hypot(...numbers));
const unitOf = (...words: string[]) => close(unit(meanOf(words)));
const idOf = (word: string) => WORDS.indexOf(word);

/** What OpenAI's clients make of an answer. */
const floatsOf = (text: string) => [...new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer)];
const openaiVectors = ({ body }: Replayed) =>
  body.data.map(({ embedding }: { embedding: string | number[] }) =>
    typeof embedding === 'string' ? floatsOf(embedding) : embedding,
  );
function isOpenai(answer: Replayed, vectors: unknown, tokens: number): void {
  expect(answer.body).toMatchObject({
    object: 'list',
    model: 'words',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
  expect(answer.body.data.map(({ index }: { index: number }) => index)).toEqual([...answer.body.data.keys()]);
  expect(openaiVectors(answer)).toEqual(vectors);
}

const model = {
  id: 'words',
  object: 'model',
  created: expect.any(Number),
  owned_by: 'pilotlight',
  capabilities: ['embed'],
};
/** Of the planted face: 64 pixels around (32, 0), in a picture that is not enlarged. */
const box = [-32, -64, 96, 64];
const workerFace = {
  bbox: close(box),
  landmarks: Array(5).fill([expect.any(Number), expect.any(Number)]),
  quality: expect.any(Number),
  age: null,
  gender: null,
  score: 0.75,
};
const withVector = { ...workerFace, embedding: expect.any(Array), crop: expect.any(String) };
const isWorker = (answer: Replayed, results: unknown) => {
  expect(answer.body).toEqual({
    results,
    errors: [],
    processing_time_ms: expect.any(Number),
    gpu_used: false,
    worker_id: expect.any(String),
  });
};
const isFaces = ({ body }: Replayed, scores: unknown[]) => {
  expect(body).toMatchObject({ imageHeight: 32, imageWidth: 48 });
  const faces: { embedding: string; score: number }[] = body['facial-recognition'];
  expect(faces.map(({ score }) => score)).toEqual(scores);
  for (const { embedding } of faces) expect(JSON.parse(embedding)).toHaveLength(EMBEDDING);
};

type Check = (answer: Replayed) => void;
const tei = (expected: unknown): Check => {
  return ({ body }) => expect(body).toEqual(expected);
};
const openai = (vectors: readonly (readonly unknown[])[], tokens: number): Check => {
  return (answer) => isOpenai(answer, vectors, tokens);
};
const similar = [expect.closeTo(1, 6), expect.any(Number)];

const checks: Readonly<Record<string, Check>> = {
  'immich/ping': ({ body }) => expect(body).toBe('pong'),
  'immich/clip-textual': tei({ clip: '[0,3,4,5,6,7,1,2]' }),
  'immich/clip-textual-no-language': tei({ clip: '[0,5,1,2,2,2,2,2]' }),
  'immich/clip-visual': ({ body }) => {
    expect(body).toEqual({ clip: expect.any(String), imageHeight: 32, imageWidth: 48 });
    expect(JSON.parse(body.clip)).toHaveLength(3);
  },
  'immich/faces': (answer) => isFaces(answer, [0.75]),
  'immich/faces-low-score': (answer) => isFaces(answer, [0.75, expect.closeTo(0.6, 6)]),
  'immich/ocr': ({ body }) =>
    expect(body).toMatchObject({ code: 'PREDICT_NO_OCR', detail: expect.any(String) }),

  'openai/python-text': openai([close(meanOf(['red']))], 3),
  'openai/python-texts-float': openai(
    [close(meanOf(['red'])), close(meanOf(['green', 'blue'])), close(meanOf(['square']))],
    10,
  ),
  'openai/python-tokens': openai([close(meanOf(['red']))], 3),
  'openai/python-dimensions': openai(
    [close(unit(meanOf(['red']).slice(0, 3))), close(unit(meanOf([]).slice(0, 3)))],
    5,
  ),
  'openai/python-async': openai([close(meanOf(['[UNK]']))], 3),
  'openai/node-text': openai([close(meanOf(['red']))], 3),
  'openai/python-model': tei(model),
  'openai/python-models': ({ body }) => {
    expect(body).toMatchObject({ object: 'list' });
    expect(body.data).toContainEqual(model);
  },

  'tei/huggingface-hub': tei([unitOf('red', 'green')]),
  'tei/huggingface-hub-options': tei([close(meanOf(['red']))]),
  'tei/huggingface-hub-similarity': tei(similar),
  'tei/huggingface-node': tei([unitOf('red')]),
  'tei/llama-index': tei([unitOf('red'), unitOf('green', 'blue'), unitOf('square')]),
  'tei/llama-index-async': tei([unitOf('round')]),
  'tei/requests-embed-all': tei([
    ['[CLS]', 'red', 'blue', '[SEP]'].map((word) => close(tableRow(idOf(word)))),
  ]),
  'tei/requests-tokenize': tei([
    ['red', 'blue'].map((text) => ({ id: idOf(text), text, special: false, start: null, stop: null })),
  ]),
  'tei/requests-similarity': tei(similar),
  'tei/requests-info': ({ body }) =>
    expect(body).toMatchObject({ model_id: 'words', max_input_length: 16, max_client_batch_size: 10_000 }),

  'worker/requests-embed': (answer) => isWorker(answer, [[withVector]]),
  'worker/requests-chunked': (answer) => isWorker(answer, [[withVector]]),
  'worker/aiohttp-embed': (answer) => isWorker(answer, [[withVector]]),
  'worker/httpx-detect': (answer) =>
    isWorker(answer, [[{ ...workerFace, embedding: null, crop: expect.any(String) }]]),
  'worker/requests-multipart': (answer) => {
    const face = { ...workerFace, embedding: null, crop: null };
    isWorker(answer, [[face], [face]]);
  },
  'worker/httpx-multipart': (answer) =>
    isWorker(answer, [[{ ...workerFace, embedding: null, crop: expect.any(String) }]]),
  'worker/aiohttp-multipart': (answer) =>
    isWorker(answer, [[{ ...workerFace, embedding: null, crop: expect.any(String) }]]),
  'worker/aiohttp-health': ({ body }) =>
    expect(body).toMatchObject({
      status: expect.any(String),
      gpu_available: false,
      directml_available: false,
      model_loaded: true,
      uptime_seconds: expect.any(Number),
      worker_id: expect.any(String),
      queue_size: 0,
      metrics: expect.any(Object),
    }),
  'worker/requests-gpu-info': ({ body }) =>
    expect(body).toMatchObject({
      directml_available: false,
      gpu_actually_used: false,
      model_info: expect.any(Object),
      timestamp: expect.any(String),
    }),
};
const statusOf = (name: string) => (name === 'immich/ocr' ? 501 : 200);
const protocols = ['immich', 'openai', 'tei', 'worker'];

it('checks every recording', () => {
  expect(protocols.flatMap(recordingsOf).sort()).toEqual(Object.keys(checks).sort());
});

describe.each(['runner', 'agent'] as const)('the %s', (target) => {
  it.each(Object.entries(checks))('answers %s', async (name, check) => {
    const [answer] = await replay(ports[target], [recording(name)]);
    expect(answer?.status, JSON.stringify(answer?.body)).toBe(statusOf(name));
    const type = name === 'immich/ping' ? 'text/plain; charset=utf-8' : 'application/json';
    expect(answer?.headers.get('content-type')).toBe(type);
    expect(answer?.headers.get('x-content-type-options')).toBe('nosniff');
    check(answer as Replayed);
  });

  it.each(protocols)('answers all of %s on one connection', async (protocol) => {
    const names = recordingsOf(protocol);
    const answers = await replay(ports[target], names.map(recording));
    expect(answers.map(({ status }) => status)).toEqual(names.map(statusOf));
    for (const [index, name] of names.entries()) checks[name]?.(answers[index] as Replayed);
  });
});
