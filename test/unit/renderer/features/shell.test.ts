import { expect, test } from 'vitest';
import { formatCountdown } from '../../../../renderer/components/time.tsx';
import { jobHref, nodeHref, pageFromHash, routeFromHash } from '../../../../renderer/features/shell/route.ts';

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

test.each([
  ['#/node/tower', { page: 'node', id: 'tower' }],
  ['#/node', { page: 'fleet', id: '' }],
  ['#/node/', { page: 'fleet', id: '' }],
  ['#/index/job-1?x=2', { page: 'index', id: 'job-1' }],
  ['#/settings/50%', { page: 'settings', id: '50%' }],
])('%j is the route %j', (hash, route) => {
  expect(routeFromHash(hash)).toEqual(route);
});

test('an id comes through an address as it is', () => {
  const id = 'a/b?c#d %é';
  expect(routeFromHash(nodeHref(id))).toEqual({ page: 'node', id });
  expect(routeFromHash(jobHref(id))).toEqual({ page: 'index', id });
});
