import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { niceAbove } from '../../../../renderer/charts/nice.ts';
import { jobProgress } from '../../../../renderer/features/index/job-text.ts';
import { rateLayers, rateRows, withRemembered } from '../../../../renderer/features/index/rate-layers.ts';
import { snippetStart, splitAtRanges } from '../../../../renderer/features/search/hit.tsx';

describe('highlights', () => {
  test('mark what they name', () => {
    expect(splitAtRanges('a magic packet', [[2, 7]])).toEqual([
      { text: 'a ', marked: false, at: 0 },
      { text: 'magic', marked: true, at: 2 },
      { text: ' packet', marked: false, at: 7 },
    ]);
  });
  test('never lose or double a letter, whatever the ranges are', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.tuple(fc.integer({ min: -5, max: 50 }), fc.integer({ min: -5, max: 50 }))),
        (text, ranges) => {
          expect(
            splitAtRanges(text, ranges)
              .map((part) => part.text)
              .join(''),
          ).toBe(text);
        },
      ),
    );
  });
});

describe('a snippet', () => {
  const hit = { snippet: '## Later\n\nThe tide.', heading: 'Harbour › Later', highlights: [] };
  test('begins after the heading that stands above it already', () => {
    expect(hit.snippet.slice(snippetStart(hit))).toBe('The tide.');
  });
  test('keeps a heading that a word was found in, that is another, or that is all there is', () => {
    expect(snippetStart({ ...hit, highlights: [[3, 8]] })).toBe(0);
    expect(snippetStart({ ...hit, heading: 'Harbour' })).toBe(0);
    expect(snippetStart({ ...hit, heading: '' })).toBe(0);
    expect(snippetStart({ ...hit, snippet: '## Later\n' })).toBe(0);
    expect(snippetStart({ ...hit, snippet: 'The tide.' })).toBe(0);
  });
});

describe('progress', () => {
  const files = { total: 10, done: 3, unchanged: 2, removed: 4, failed: 1, skipped: 1 };
  test('counts each file that needs nothing more, and not those that were removed', () => {
    expect(jobProgress({ files, status: 'running' })).toEqual({ files: 7, share: 0.7 });
  });
  test('is unknown before the files are counted, and whole for a run that had none', () => {
    const none = { ...files, total: 0, done: 0, unchanged: 0, failed: 0, skipped: 0 };
    expect(jobProgress({ files: none, status: 'running' }).share).toBeNull();
    expect(jobProgress({ files: none, status: 'completed' }).share).toBe(1);
  });
});

describe('vectors a second', () => {
  const share = (nodeId: string, placement: 'gpu' | 'cpu', vectors = 1) => ({
    nodeId,
    name: nodeId,
    placement,
    vectors,
    vectorsPerSecond: 1,
  });

  test('a fall to the CPU of the same machine is a layer of another colour, above the GPU', () => {
    const [first, second] = rateLayers({ nodes: [share('a', 'cpu'), share('a', 'gpu')] });
    expect(first?.key).toBe('a|gpu');
    expect(second?.key).toBe('a|cpu');
    expect(first?.colour).not.toBe(second?.colour);
  });

  test('what the core remembers stands before what was watched, and only of this run', () => {
    const points = withRemembered(
      [{ at: 300, rates: { 'a|gpu': 9 } }],
      [
        { at: 50, vectorsPerSecondByNode: { a: 1 } },
        { at: 150, vectorsPerSecondByNode: { a: 2, stranger: 5 } },
        { at: 350, vectorsPerSecondByNode: { a: 3 } },
      ],
      { nodes: [share('a', 'gpu', 10), share('a', 'cpu', 2)], startedAt: 100, endedAt: null },
    );
    expect(points).toEqual([
      { at: 150, rates: { 'a|gpu': 2 } },
      { at: 300, rates: { 'a|gpu': 9 } },
    ]);
  });

  test('an axis ends at a round number at or above its highest', () => {
    expect([1, 3, 4.2, 7, 23, 812].map(niceAbove)).toEqual([1, 3, 6, 8, 30, 1000]);
  });
});

test('the last rate of a run holds until its end, and nothing is drawn after it', () => {
  const points = [
    { at: 1000, rates: { a: 1 } },
    { at: 2000, rates: { a: 3 } },
  ];
  expect(rateRows(points, 5000)).toEqual([
    { at: 1000, values: { a: 1 } },
    { at: 2000, values: { a: 3 } },
    { at: 5000, values: { a: 3 } },
  ]);
  expect(rateRows(points, 2000)).toHaveLength(2);
  expect(rateRows([], 5000)).toEqual([]);
});
