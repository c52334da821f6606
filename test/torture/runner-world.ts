/** A real runner with small models, and clients that ask it for vectors and faces. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { embedderGraph, scrfdGraph, writeFiles } from '../fakes/face-graphs.ts';
import { createTestRunner } from '../fakes/open-runner.ts';
import { sharedFolder } from '../fakes/shared-folder.ts';
import { WORDS, writeTextModel } from '../fakes/text-model.ts';
import type { Random } from './random.ts';

export interface RunnerWorld {
  readonly pid: number;
  /** Pids of its children: the inference process, and whoever tries providers. */
  children(): number[];
  /** One request of a kind that is drawn; what is wrong with its answer, or null. */
  ask(): Promise<string | null>;
  /** Bytes of both processes. */
  memory(): Promise<number>;
  /** How often the inference process was replaced. */
  restarts(): Promise<number>;
  close(): Promise<void>;
}

const built = join(import.meta.dirname, '../../dist/workers/runner-worker.mjs');
const PICTURE_SIDE = 96;
/** Others are no words, or have no vector. */
const words = WORDS.filter((word) => /^[a-z]+$/.test(word) && word !== 'nan');
/** Texts of the real model, where it is there; it is slow beside the small one. */
const REAL_SHARE = 0.02;
const FACES_SHARE = 0.05;
const BAD_SHARE = 0.05;
const ABORTED_SHARE = 0.05;

export async function openRunnerWorld(folder: string, random: Random): Promise<RunnerWorld> {
  const text = writeTextModel(join(folder, 'text'), {});
  const faces = join(folder, 'faces');
  mkdirSync(faces, { recursive: true });
  writeFiles({
    [join(faces, 'det.onnx')]: scrfdGraph([{ column: 10, row: 8, score: 0.9 }]),
    [join(faces, 'rec.onnx')]: embedderGraph(),
  });
  const picture = await sharp({
    create: { width: PICTURE_SIDE, height: PICTURE_SIDE, channels: 3, background: '#808080' },
  })
    .jpeg()
    .toBuffer();
  const images = [{ data: picture.toString('base64') }];

  const runner = createTestRunner({ entry: built });
  const { pid } = await runner.open();
  const add = async (path: string, body: object) => {
    const { status, body: answer } = await runner.ask('POST', '/runner/models', { path, ...body });
    if (status !== 201) throw new Error(`A model could not be added: ${JSON.stringify(answer)}`);
  };
  await add(text, { name: 'small' });
  await add(faces, { name: 'faces' });
  const real = sharedFolder('models/all-minilm-l6-v2');
  if (real !== null) await add(real, { name: 'real', precision: 'int8' });

  const someWords = () =>
    Array.from({ length: 1 + Math.floor(random.next() * 14) }, () => random.pick(words)).join(' ');
  const someTexts = () => Array.from({ length: 1 + Math.floor(random.next() * 6) }, someWords);

  async function faultOf(path: string, body: unknown, expected: number): Promise<string | null> {
    const answer = await runner.ask('POST', path, body);
    return answer.status === expected ? null : `${path}: ${answer.status} ${JSON.stringify(answer.body)}`;
  }

  /** Gives up while the runner works on it. */
  async function aborted(input: readonly string[]): Promise<null> {
    const { url, token } = runner.opened();
    const controller = new AbortController();
    const sent = fetch(`${url}/v1/embeddings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'small', input }),
      signal: controller.signal,
    });
    setImmediate(() => controller.abort());
    await sent.then((response) => response.arrayBuffer()).catch(() => {});
    return null;
  }

  return {
    pid,
    children: () =>
      readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    async ask() {
      const drawn = random.next();
      const input = someTexts();
      if (drawn < BAD_SHARE) return faultOf('/v1/embeddings', { model: 'small', input: [] }, 400);
      if (drawn < BAD_SHARE + ABORTED_SHARE) return aborted(input);
      if (drawn < BAD_SHARE + ABORTED_SHARE + FACES_SHARE)
        return faultOf('/detect_and_embed_batch', { images }, 200);
      const isReal = real !== null && drawn > 1 - REAL_SHARE;
      return faultOf('/v1/embeddings', { model: isReal ? 'real' : 'small', input }, 200);
    },
    async memory() {
      return (await runner.ask('GET', '/runner/status')).body.memoryBytes as number;
    },
    async restarts() {
      return (await runner.ask('GET', '/runner/status')).body.restarts as number;
    },
    close: () => runner.close(),
  };
}
