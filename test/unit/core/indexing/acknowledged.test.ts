import { describe, expect, it } from 'vitest';
import { acknowledgementOf, unseenFailures } from '../../../../electron/core/indexing/acknowledged.ts';
import { minutesFor, paceOf } from '../../../../electron/core/indexing/estimate.ts';
import { usablePatterns } from '../../../../electron/core/indexing/ignore-limits.ts';
import { plainText } from '../../../../shared/models/message.ts';
import { aJob } from '../../../fakes/records.ts';

const files = { total: 9, done: 0, unchanged: 0, removed: 0, failed: 0, skipped: 0 };
const run = (paths: string[], failed = paths.length, code = 'FILE_ENCODING') => ({
  files: { ...files, failed },
  failures: paths.map((path) => ({ path, code, reason: plainText('x') })),
});

describe('failures that a person has seen', () => {
  it('are all of a run, and none of a later one that is not the same', () => {
    const seen = acknowledgementOf(run(['a', 'b']));
    expect(unseenFailures(run(['a', 'b']), seen)).toBe(0);
    expect(unseenFailures(run(['a', 'c']), seen)).toBe(1);
    expect(unseenFailures(run(['a'], 1, 'FILE_UNREADABLE'), seen)).toBe(1);
    expect(unseenFailures(run(['a', 'b']), undefined)).toBe(2);
  });

  it('count those that a run does not list', () => {
    const seen = acknowledgementOf(run(['a'], 500));
    expect(unseenFailures(run(['a'], 500), seen)).toBe(0);
    expect(unseenFailures(run(['a'], 503), seen)).toBe(3);
    expect(unseenFailures(run([], 0), seen)).toBe(0);
  });
});

describe('the pace of a first run', () => {
  const job = (sourceIds: string[], vectors: number, seconds: number) =>
    aJob({ sourceIds, vectors, startedAt: 0, endedAt: seconds * 1000 });

  it('is that of the latest run with enough passages of the same embedder', () => {
    const alike = new Set(['a', 'b']);
    const jobs = [job(['a'], 3, 1), job(['a', 'c'], 9000, 1), job(['a', 'b'], 600, 60), job(['a'], 900, 1)];
    expect(paceOf(jobs, alike)).toBe(10);
    expect(paceOf([], alike)).toBeNull();
    expect(
      paceOf([aJob({ sourceIds: ['a'], vectors: 900, startedAt: null, endedAt: null })], alike),
    ).toBeNull();
  });

  it('unknown stays unknown', () => {
    expect(minutesFor(1000, null)).toBeNull();
    expect(minutesFor(6000, 10)).toBe(10);
  });
});

describe('patterns', () => {
  it('are lines without remarks and empty ones', () => {
    expect(usablePatterns(['*.log  ', '', '# mine', '!keep.log'])).toEqual(['*.log', '!keep.log']);
  });

  it.each(['a*b*c*d*e*f', '**/a/**/b/**/c', 'two\nlines', 'nul\0'])('%j is refused', (pattern) => {
    expect(() => usablePatterns([pattern])).toThrowError(expect.objectContaining({ code: 'BAD_PATTERN' }));
  });
});
