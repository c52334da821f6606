import { describe, expect, it } from 'vitest';
import {
  cosine,
  facesOf,
  mostAlike,
  pictureProblem,
  placeOf,
  runnersWith,
  similarityText,
  sizeOf,
  workedOn,
} from '../../../../renderer/features/runner/try-logic.ts';
import { MOST_PICTURE_BYTES } from '../../../../shared/models/picture-limit.ts';
import type { RunnerFace } from '../../../../shared/models/runner.ts';
import { faceModel, runner, runnerModel, runnerStatus } from '../../../fakes/runner-views.ts';

const face = (embedding: number[], box: RunnerFace['box'] = [0, 0, 10, 10]): RunnerFace => ({
  box,
  landmarks: [],
  score: 1,
  embedding,
});

describe('the similarity', () => {
  it('is the cosine of the vectors, whatever their length', () => {
    expect(cosine([1, 0], [3, 0])).toBe(1);
    expect(cosine([1, 0], [0, 2])).toBe(0);
    expect(cosine([1, 0], [-2, 0])).toBe(-1);
    expect(cosine([1, 1], [1, 0])).toBeCloseTo(Math.SQRT1_2);
  });

  it('never leaves its range by rounding', () => {
    const vector = Array.from({ length: 384 }, (_, index) => Math.sin(index) / 7);
    expect(cosine(vector, vector)).toBeLessThanOrEqual(1);
  });

  it('is unknown for vectors that cannot be compared', () => {
    expect(cosine([], [])).toBeNull();
    expect(cosine([1], [1, 2])).toBeNull();
    expect(cosine([0, 0], [1, 0])).toBeNull();
  });

  it('is written with two decimals, and without a zero that is negative', () => {
    expect([1, 0.834, -0.001, -0.5].map(similarityText)).toEqual(['1.00', '0.83', '0.00', '-0.50']);
  });
});

describe('the machine', () => {
  it('is one that has a model of the kind which has not failed; those that answer come first', () => {
    const away = runner('away', { state: 'unreachable' });
    const broken = runner('broken', {
      status: runnerStatus({ models: [faceModel({ state: 'failed' }), runnerModel('a')] }),
    });
    const unknown = runner('unknown', { status: null });
    const names = (kind: 'text' | 'faces') =>
      runnersWith([away, broken, unknown, runner('ready')], kind).map((one) => one.runner.name);
    expect(names('faces')).toEqual(['ready', 'away']);
    expect(names('text')).toEqual(['broken', 'ready', 'away']);
  });

  it('is named with its provider, unless the answer says otherwise', () => {
    const tower = runner('tower');
    const model = { provider: 'dml' } as const;
    expect(workedOn(tower, { gpu: true, model })).toBe('DirectML on tower');
    expect(workedOn(tower, { gpu: false, model })).toBe('CPU on tower');
    expect(workedOn(tower, { gpu: true, model: { provider: 'cpu' } })).toBe('GPU on tower');
    expect(workedOn(undefined, { gpu: false, model: undefined })).toBe('CPU');
  });
});

describe('a picture', () => {
  it.each([
    ['a text', { type: 'text/plain', size: 10 }],
    ['an empty file', { type: 'image/png', size: 0 }],
    ['one that is too large', { type: 'image/jpeg', size: MOST_PICTURE_BYTES + 1 }],
  ])('is not sent if it is %s', (_, file) => expect(pictureProblem(file)).not.toBeNull());

  it('is sent if it may be one', () => {
    expect(pictureProblem({ type: 'image/webp', size: MOST_PICTURE_BYTES })).toBeNull();
    // Some systems know no type for a picture; the runner looks into it.
    expect(pictureProblem({ type: '', size: 10 })).toBeNull();
  });

  it('has its faces somewhere', () => {
    const size = { width: 300, height: 300 };
    expect(placeOf(face([], [0, 0, 20, 20]), size)).toBe('top left');
    expect(placeOf(face([], [140, 140, 160, 160]), size)).toBe('centre');
    expect(placeOf(face([], [140, 280, 160, 340]), size)).toBe('bottom');
    expect(placeOf(face([], [-40, 120, -10, 180]), size)).toBe('left');
    expect(sizeOf(face([], [0.4, 0, 120.3, 150]))).toContain('120 × 150');
  });
});

describe('the faces of two pictures', () => {
  const found = (...embeddings: number[][]) => ({ faces: embeddings.map((one) => face(one)) });

  it('are numbered through; a picture that failed or is being read has none', () => {
    const numbers = (outcomes: Parameters<typeof facesOf>[0]) =>
      facesOf(outcomes).map(({ number, picture }) => [number, picture]);
    expect(numbers([found([1, 0], [0, 1]), found([1, 1])])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
    ]);
    expect(numbers(['running', found([1, 0])])).toEqual([[1, 1]]);
    expect(numbers([{ message: 'No.' }, null])).toEqual([]);
  });

  it('are compared across the pictures, not inside one', () => {
    expect(mostAlike(facesOf([found([1, 0], [1, 0.01]), found([0, 1], [1, 1])]))).toMatchObject({
      one: 2,
      other: 4,
    });
  });

  it('are compared inside the picture if there is only one, and not at all if there is one face', () => {
    expect(mostAlike(facesOf([found([1, 0], [0, 1], [1, 0.2]), null]))).toMatchObject({ one: 1, other: 3 });
    expect(mostAlike(facesOf([found([1, 0]), null]))).toBeNull();
    expect(mostAlike(facesOf([found([], []), null]))).toBeNull();
  });
});
