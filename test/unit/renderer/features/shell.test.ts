import { expect, test } from 'vitest';
import { formatCountdown } from '../../../../renderer/components/time.tsx';
import { pageFromHash } from '../../../../renderer/features/shell/route.ts';

test.each([
  ['#/models', 'models'],
  ['#models', 'models'],
  ['#/index?q=1', 'index'],
  ['', 'fleet'],
  ['#/nowhere', 'fleet'],
  ['#/constructor', 'fleet'],
])('%j shows %s', (hash, page) => {
  expect(pageFromHash(hash)).toBe(page);
});

test('a countdown never goes below nothing', () => {
  expect(formatCountdown(130_000)).toBe('2:10');
  expect(formatCountdown(999)).toBe('0:01');
  expect(formatCountdown(-5)).toBe('0:00');
});
