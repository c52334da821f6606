import { beforeAll, describe, expect, test } from 'vitest';
import { proofOf } from '../../../../renderer/features/index/proof.ts';
import { formatInto, leftOutByReason, proofText } from '../../../../renderer/features/index/proof-text.ts';
import { wholeRun } from '../../../../renderer/features/index/rate-layers.ts';
import { loadTexts } from '../../../../renderer/texts.ts';
import type { IndexJob } from '../../../../shared/models/indexing.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';

beforeAll(loadTexts);

const start = 1_700_000_000_000;

function job(patch: Partial<IndexJob> = {}): IndexJob {
  return {
    id: 'job',
    sourceIds: ['notes'],
    label: plainText('Notes'),
    full: false,
    rebuild: false,
    useGpu: true,
    callbackUrl: null,
    status: 'completed',
    phase: 'done',
    detail: fact('JOB_FINISHING'),
    createdAt: start,
    startedAt: start,
    endedAt: start + 60_000,
    files: { total: 100, done: 90, unchanged: 5, removed: 1, failed: 2, skipped: 3 },
    vectors: 1000,
    fallbackVectors: 0,
    etaMs: null,
    limitedBy: null,
    currentFile: '',
    nodes: [{ nodeId: 'tower', name: 'tower', placement: 'gpu', vectors: 1000, vectorsPerSecond: 0 }],
    events: [],
    failures: [],
    leftOut: [],
    error: null,
    resumed: false,
    ...patch,
  };
}

const event = (seconds: number, kind: IndexJob['events'][number]['kind'], message = '') => ({
  at: start + seconds * 1000,
  kind,
  nodeId: 'tower',
  message: plainText(message),
});

describe('work by machine', () => {
  test('a run on one GPU says so, with its mean', () => {
    const proof = proofOf(job());
    expect(proof).toMatchObject({ verdict: 'All on a GPU.', tookMs: 60_000, gpuShare: 1, falls: [] });
    expect(proof.vectorsPerSecond).toBeCloseTo(1000 / 60);
  });

  test('GPUs come first, then the largest share; who did nothing is left out', () => {
    const share = (name: string, placement: 'gpu' | 'cpu', vectors: number) => ({
      nodeId: name,
      name,
      placement,
      vectors,
      vectorsPerSecond: 0,
    });
    const proof = proofOf(
      job({
        nodes: [
          share('nas', 'cpu', 500),
          share('lab', 'gpu', 100),
          share('tower', 'gpu', 400),
          share('idle', 'gpu', 0),
        ],
      }),
    );
    expect(proof.shares.map(({ name, share: part }) => [name, part])).toEqual([
      ['tower', 0.4],
      ['lab', 0.1],
      ['nas', 0.5],
    ]);
    expect(proof.gpuShare).toBe(0.5);
  });

  test('almost all is never called all, and almost nothing never nothing', () => {
    const of = (gpu: number, cpu: number) =>
      proofOf(
        job({
          nodes: [
            { nodeId: 'a', name: 'a', placement: 'gpu', vectors: gpu, vectorsPerSecond: 0 },
            { nodeId: 'b', name: 'b', placement: 'cpu', vectors: cpu, vectorsPerSecond: 0 },
          ],
        }),
      ).verdict;
    expect(of(9999, 1)).toMatch(/^99% on a GPU/);
    expect(of(1, 9999)).toMatch(/^1% on a GPU/);
  });

  test.each([
    [{ vectors: 0, nodes: [], files: { ...job().files, failed: 0, removed: 0 } }, 'Nothing had changed.'],
    [{ vectors: 0, nodes: [] }, 'Nothing new could be indexed.'],
    [{ status: 'cancelled' as const }, 'Cancelled. What was already indexed is kept.'],
    [
      {
        nodes: [{ nodeId: 'me', name: 'me', placement: 'builtin' as const, vectors: 9, vectorsPerSecond: 0 }],
      },
      'All with the built-in embedder, on this computer.',
    ],
  ])('%j has its verdict', (patch, verdict) => {
    expect(proofOf(job(patch)).verdict).toBe(verdict);
  });
});

describe('where the time went', () => {
  test('a wait, a wake, a placement and the work make up the whole', () => {
    const { parts } = proofOf(
      job({ createdAt: start - 5000, events: [event(20, 'woke'), event(25, 'placed')] }),
    );
    expect(parts.map(({ kind, ms }) => [kind, ms])).toEqual([
      ['queue', 5000],
      ['wake', 20_000],
      ['place', 5000],
      ['work', 35_000],
    ]);
  });

  test('a wake in the middle of the work is no part of its own', () => {
    const { parts } = proofOf(
      job({ events: [event(0.5, 'fell-back'), event(20, 'woke'), event(25, 'placed')] }),
    );
    expect(parts.map(({ kind }) => kind)).toEqual(['work']);
  });
});

describe('without the GPU', () => {
  test('a fallback lasts until the GPU is back; the last one to the end', () => {
    const { falls } = proofOf(
      job({
        events: [
          event(0, 'placed'),
          event(10, 'fell-back', 'tower is gone'),
          event(30, 'recovered'),
          event(50, 'waiting', 'no GPU'),
        ],
      }),
    );
    expect(falls).toEqual([
      { kind: 'fell-back', from: start + 10_000, to: start + 30_000, why: 'tower is gone' },
      { kind: 'waiting', from: start + 50_000, to: null, why: 'no GPU' },
    ]);
  });
});

describe('as text', () => {
  test('reasons are counted once each, the most frequent first', () => {
    const failure = (path: string, code: string) => ({ path, code, reason: plainText(`because ${code}`) });
    expect(
      leftOutByReason([failure('a', 'X'), failure('b', 'Y'), failure('c', 'Y')]).map(
        ({ code, count, example }) => [code, count, example],
      ),
    ).toEqual([
      ['Y', 2, 'b'],
      ['X', 1, 'a'],
    ]);
  });

  test('holds what the card holds', () => {
    const one = job({
      events: [event(75, 'fell-back', 'tower dropped out: nas continues on its CPU.')],
      leftOut: [{ path: 'a.bin', code: 'NOT_TEXT', reason: fact('FILE_IS_NOT_TEXT') }],
      limitedBy: fact('LIMITED_BY_SERVER', { nodes: ['tower'] }),
    });
    const text = proofText(one, proofOf(one));
    for (const words of [
      'index of Notes · completed',
      '1,000 vectors in 1 min',
      'Limited by the speed of tower.',
      '1,000 vectors, 100%',
      '(+1:15)  tower dropped out',
      '90 indexed, 5 unchanged, 1 removed, 3 skipped, 2 failed, of 100',
      '1 × Not a text file. [NOT_TEXT]',
    ]) {
      expect(text).toContain(words);
    }
  });

  test.each([
    [7000, '0:07'],
    [760_000, '12:40'],
    [3_729_000, '1:02:09'],
    [-1, '0:00'],
  ])('%d ms into a run is %s', (ms, words) => expect(formatInto(ms)).toBe(words));
});

test('the curve of a whole run begins at nothing and is cut at its end', () => {
  const points = [
    { at: start + 1000, rates: { a: 5 } },
    { at: start + 61_000, rates: { a: 9 } },
  ];
  expect(wholeRun(points, job())).toEqual([
    { at: start, rates: {} },
    { at: start + 1000, rates: { a: 5 } },
    { at: start + 60_000, rates: { a: 5 } },
  ]);
  expect(wholeRun([], job())).toEqual([]);
});
