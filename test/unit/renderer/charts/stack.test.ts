import { expect, test } from 'vitest';
import type { Series } from '../../../../renderer/charts/chart-row.ts';
import { stackLayers } from '../../../../renderer/charts/stack.ts';

const series = (...keys: string[]): Series[] => keys.map((key) => ({ key, name: key, colour: `#${key}` }));
/** Ten pixels a unit of time, one a unit of value, under an edge of five pixels. */
const frame = { x: 5, y: 5, width: 20, height: 10, first: 100, last: 102, top: 10 };

test('series stand on each other, each row holding until the next', () => {
  const rows = [
    { at: 100, values: { a: 1, b: 2 } },
    { at: 101, values: { a: 3 } },
    { at: 102, values: { b: 4 } },
  ];
  const [a, b] = stackLayers(rows, series('a', 'b'), frame);
  expect(a).toEqual({
    key: 'a',
    colour: '#a',
    line: 'M5.0 14.0H15.0V12.0H25.0V15.0H25.0',
    area: 'M5.0 14.0H15.0V12.0H25.0V15.0H25.0L25.0 15.0H5.0Z',
  });
  // Up over both, and back along the edge of the first.
  expect(b?.line).toBe('M5.0 12.0H25.0V11.0H25.0');
  expect(b?.area).toBe('M5.0 12.0H25.0V11.0H25.0L25.0 15.0H25.0V12.0H15.0V14.0H5.0Z');
});

test('what stays is one stroke, and nothing stands over the top', () => {
  const rows = [100, 101, 102].map((at) => ({ at, values: { a: 99 } }));
  expect(stackLayers(rows, series('a'), frame)[0]?.line).toBe('M5.0 5.0H25.0');
});

test('one row has a place, too', () => {
  const rows = [{ at: 100, values: { a: 5 } }];
  expect(stackLayers(rows, series('a'), { ...frame, last: 100 })[0]?.line).toBe('M5.0 10.0H5.0');
});

test('what is missing is a gap, not zero', () => {
  const rows = [
    { at: 100, values: { a: 4 } },
    { at: 101, values: {}, missing: true },
    { at: 102, values: { a: 2 } },
  ];
  const [a] = stackLayers(rows, series('a'), frame);
  expect(a?.line).toBe('M5.0 11.0H15.0M25.0 13.0H25.0');
  expect(a?.area).toBe('M5.0 11.0H15.0L15.0 15.0H5.0ZM25.0 13.0H25.0L25.0 15.0H25.0Z');
  expect(stackLayers([{ at: 100, values: {}, missing: true }], series('a'), frame)[0]?.line).toBe('');
});
