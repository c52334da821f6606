import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ChartRow,
  fillAxis,
  rowAt,
  sumKey,
  toCsv,
  withEnd,
} from '../../../../renderer/charts/chart-row.ts';
import { describeLine, describeStack } from '../../../../renderer/charts/chart-text.ts';
import { linesTop, stackTop } from '../../../../renderer/charts/frame.ts';
import { bandPath, linePath, sumBandPath } from '../../../../renderer/charts/line-path.ts';

const rowsAt = (...times: number[]): ChartRow[] => times.map((at) => ({ at, values: { a: at } }));
const series = [{ key: 'a', name: 'a', colour: '#a' }];
const frame = { x: 0, y: 0, width: 100, height: 10, first: 0, last: 10, top: 10 };

test('the row of a moment begins then or before', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(1000)), fc.nat(1000), (times, at) => {
      const rows = rowsAt(...times.toSorted((a, b) => a - b));
      expect(rowAt(rows, at)).toBe(rows.findLastIndex((row) => row.at <= at));
    }),
  );
});

test('an axis has a row for each step, and a gap where nothing is known', () => {
  const filled = fillAxis([{ at: 120_000 }, { at: 999_000 }], { first: 70_000, last: 240_000, seconds: 60 });
  expect(filled).toEqual([
    { at: 60_000, bucket: null },
    { at: 120_000, bucket: { at: 120_000 } },
    { at: 180_000, bucket: null },
  ]);
});

test('the last row is drawn as wide as the others', () => {
  expect(withEnd(rowsAt(1, 3)).at(-1)).toEqual({ at: 5, values: { a: 3 } });
  expect(withEnd(rowsAt(1))).toHaveLength(1);
});

describe('values in a file', () => {
  test('have their time, their band, and nothing where nothing is known', () => {
    const rows: ChartRow[] = [
      { at: 0, values: { a: 0.5, b: null }, bands: { a: [0, 1.25] } },
      { at: 1000, values: { a: 7 }, missing: true },
    ];
    expect(toCsv(rows, [...series, { key: 'b', name: 'b', colour: '' }]).split('\r\n')).toEqual([
      'time,a,b,a min,a max',
      '1970-01-01T00:00:00.000Z,0.5,,0,1.25',
      '1970-01-01T00:00:01.000Z,,,,',
      '',
    ]);
  });

  test('a name is never a formula or a second column', () => {
    const name = (text: string) => toCsv([], [{ key: 'a', name: text, colour: '' }]).trim();
    expect(name('=HYPERLINK("x")')).toBe(`time,"'=HYPERLINK(""x"")"`);
    expect(name('@cmd')).toBe("time,'@cmd");
    expect(name('a,b')).toBe('time,"a,b"');
  });
});

describe('lines', () => {
  const rows: ChartRow[] = [
    { at: 0, values: { a: 1 }, bands: { a: [0, 4] } },
    { at: 2, values: { a: 3 }, bands: { a: [2, 12] } },
    { at: 4, values: {}, missing: true },
    { at: 6, values: { a: 5 }, bands: { a: [5, 5] } },
    { at: 8, values: { a: null } },
  ];

  test('are where their moments are, with gaps, and a lone value can be seen', () => {
    expect(linePath(rows, 'a', frame)).toBe('M0.0 9.0L20.0 7.0M60.0 5.0h1');
  });

  test('bands lie between the extremes and end at a gap', () => {
    expect(bandPath(rows, 'a', frame)).toBe('M0.0 6.0L20.0 0.0L20.0 8.0L0.0 10.0Z');
    expect(bandPath(rows, 'b', frame)).toBe('');
  });

  test('the band of a stack is of its sum: in steps, in the height of the axis and in the file', () => {
    const frame = { x: 0, y: 0, width: 10, height: 10, first: 0, last: 10, top: 10 };
    const rows: ChartRow[] = [
      { at: 0, values: { a: 1 }, bands: { [sumKey]: [2, 8] } },
      { at: 5, values: { a: 1 } },
      { at: 10, values: { a: 1 }, bands: { [sumKey]: [1, 9] } },
    ];
    expect(sumBandPath(rows, frame)).toBe('M0.0 2.0H5.0V8.0H0.0Z');
    expect(stackTop(rows, {})).toBe(10);
    const [heads, first] = toCsv(rows, [{ key: 'a', name: 'a', colour: '' }]).split('\r\n');
    expect(heads).toBe('time,a,all min,all max');
    expect(first).toMatch(/,1,2,8$/);
  });

  test('nothing is drawn outside of the axis', () => {
    expect(linePath(rowsAt(-5, 5, 50), 'a', frame)).toBe('M0.0 10.0L50.0 5.0L100.0 0.0');
  });

  test('an axis has room for the highest value, of a band too', () => {
    expect(linesTop(rows, series, {})).toBe(20);
    expect(linesTop(rows, series, { top: 100 })).toBe(100);
    expect(linesTop([], series, { least: 30 })).toBe(30);
    expect(stackTop([{ at: 0, values: { a: 3, b: 4 } }], { unit: 2 })).toBe(8);
  });
});

describe('in a sentence', () => {
  const words = { label: 'the last day', formatAt: (at: number) => `t${at}` };
  const watts = (value: number) => `${value} W`;

  test('a line has its latest, average and highest value; gaps do not count', () => {
    const rows = [10, null, 90, 20].map((value, at): ChartRow => ({ at, values: { a: value } }));
    expect(describeLine('Power', rows, 'a', watts, words)).toBe(
      'Power over the last day: latest 20 W, average 40 W, highest 90 W at t2.',
    );
    const banded: ChartRow[] = [...rows, { at: 9, values: { a: 20 }, bands: { a: [1, 300] } }];
    expect(describeLine('Power', banded, 'a', watts, words)).toContain('highest 300 W at t9');
  });

  test('a stack without rows has no data', () => {
    expect(describeStack('VRAM', [], series, watts, words)).toBe('VRAM over the last day: no data.');
    expect(describeStack('VRAM', rowsAt(4, 9), series, watts, words)).toContain('Highest: 9 W at t9');
  });
});
