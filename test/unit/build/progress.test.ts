import { describe, expect, it } from 'vitest';
import { createProgress, formatMegabytes, formatSeconds } from '../../../build/lib/progress.mjs';

describe('createProgress', () => {
  it('writes one line at the start and one at the end of a step, where nobody watches', () => {
    const lines: string[] = [];
    let time = 0;
    const stream = { write: (text: string) => lines.push(text), isTTY: false };
    const progress = createProgress({ stream, total: 2, now: () => time });
    const first = progress.start('Dependencies');
    time += 29_400;
    first.done();
    const second = progress.start('Build');
    time += 1_500;
    second.fail();
    expect(lines).toEqual([
      '1/2 Dependencies …\n',
      '1/2 Dependencies: ready, 29 s\n',
      '2/2 Build …\n',
      '2/2 Build: failed after 1.5 s\n',
    ]);
  });
});

describe('formatSeconds', () => {
  it.each([
    [0, '0.0 s'],
    [430, '0.4 s'],
    [59_400, '59 s'],
    [65_000, '1 min 5 s'],
    [119_700, '2 min 0 s'],
  ])('%d ms → %s', (milliseconds, expected) => {
    expect(formatSeconds(milliseconds)).toBe(expected);
  });
});

describe('formatMegabytes', () => {
  it('rounds', () => {
    expect(formatMegabytes(52_504_722)).toBe('53 MB');
  });
});
