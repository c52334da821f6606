/** Every picture of the shared folder against its reference results, within the tolerances of its README. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alignmentOf } from '../../../electron/workers/runner/faces/alignment.ts';
import type { AnalysedFace } from '../../../electron/workers/runner/faces/analysed.ts';
import { type FaceModel, openFaceModel } from '../../../electron/workers/runner/faces/face-model.ts';
import { readFaceModel } from '../../../electron/workers/runner/faces/model-folder.ts';
import { defaultPictureLimits } from '../../../electron/workers/runner/pictures/picture.ts';
import { createPictures } from '../../../electron/workers/runner/pictures/pictures.ts';
import { createInProcessSessions } from '../../fakes/runner-sessions.ts';
import { sharedFolder } from '../../fakes/shared-folder.ts';

interface ReferenceFace {
  box: { x: number; y: number; width: number; height: number };
  score: number;
  landmarks: [number, number][];
  alignment: [number, number, number][];
  embedding: number[];
}

interface Reference {
  pictures: Record<string, { width: number; height: number; rgbSha256: string; faces: ReferenceFace[] }>;
}

const folder = sharedFolder('models/faces');
const reference: Reference =
  folder === null ? { pictures: {} } : JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8'));
const read = (name: string) => readFileSync(join(folder as string, 'pictures', name));
const names = folder === null ? ['(../shared/models is missing)'] : Object.keys(reference.pictures);

const pictures = createPictures({ limits: defaultPictureLimits, atOnce: 2 });
const { signal } = new AbortController();
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, at) => sum + value * (b[at] as number), 0);

describe.skipIf(folder === null)('the reference of the shared face model', () => {
  const sessions = createInProcessSessions();
  let model: FaceModel;

  beforeAll(async () => {
    model = await openFaceModel(await readFaceModel(folder as string), { sessions });
  });
  afterAll(async () => {
    await model.close();
    expect(sessions.opened.size).toBe(0);
  });

  it('has ten pictures', () => expect(names).toHaveLength(10));

  it('takes the embedder that keeps what it declares', () => {
    expect(model).toMatchObject({
      kind: 'yunet',
      dimensions: 128,
      batches: { pictures: true, faces: false },
    });
    expect([...sessions.opened].some((file) => file.endsWith('batch-broken.onnx'))).toBe(false);
  });

  it.each(names)('%s', async (name) => {
    const expected = reference.pictures[name];
    if (expected === undefined) throw new Error(`There is no reference for ${name}.`);
    const picture = await pictures.decode(read(name), signal);
    expect(createHash('sha256').update(picture.rgb).digest('hex')).toBe(expected.rgbSha256);
    const result = await model.analyse(read(name), {
      signal,
      embed: true,
      minQuality: 0,
      cropMargin: null,
    });
    expect([result.width, result.height]).toEqual([expected.width, expected.height]);
    expect(result.faces).toHaveLength(expected.faces.length);
    for (const [at, face] of result.faces.entries()) compare(face, expected.faces[at] as ReferenceFace);
  });
});

function compare(face: AnalysedFace, expected: ReferenceFace): void {
  const { x, y, width, height } = expected.box;
  const { x1, y1, x2, y2 } = face.box;
  for (const [found, wanted] of [
    [x1, x],
    [y1, y],
    [x2, x + width],
    [y2, y + height],
  ] as const) {
    expect(Math.abs(found - wanted)).toBeLessThanOrEqual(0.01);
  }
  expect(Math.abs(face.score - expected.score)).toBeLessThanOrEqual(1e-4);
  for (const [at, [px, py]] of expected.landmarks.entries()) {
    expect(Math.abs((face.landmarks?.[at]?.x ?? Number.NaN) - px)).toBeLessThanOrEqual(0.01);
    expect(Math.abs((face.landmarks?.[at]?.y ?? Number.NaN) - py)).toBeLessThanOrEqual(0.01);
  }
  const aligned = alignmentOf(
    expected.landmarks.map(([px, py]) => ({ x: px, y: py })),
    112,
  );
  const [[a, b, c], [d, e, f]] = expected.alignment as [[number, number, number], [number, number, number]];
  for (const [key, wanted, tolerance] of [
    ['a', a, 1e-4],
    ['b', b, 1e-4],
    ['c', c, 0.01],
    ['d', d, 1e-4],
    ['e', e, 1e-4],
    ['f', f, 0.01],
  ] as const) {
    expect(Math.abs((aligned?.[key] ?? Number.NaN) - wanted)).toBeLessThanOrEqual(tolerance);
  }
  expect(face.embedding).toHaveLength(128);
  expect(cosine(face.embedding ?? [], expected.embedding)).toBeGreaterThanOrEqual(0.9999);
}
