import { expect, test } from 'vitest';
import { formatCountdown } from '../../../../renderer/components/time.tsx';
import { readSettings } from '../../../../renderer/features/settings/address.ts';
import {
  nodeFromHash,
  nodeHref,
  nodeTabFromHash,
  nodeTabs,
  pageFromHash,
  runFromHash,
  runHref,
  settingHref,
} from '../../../../renderer/features/shell/route.ts';

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

test('the page of a node is found by any name, and stands under the Fleet', () => {
  const name = 'böser/Name?&=%';
  expect(nodeFromHash(nodeHref(name))).toBe(name);
  expect(pageFromHash(nodeHref('gpu-tower'))).toBe('fleet');
  expect(nodeFromHash('#/models')).toBeNull();
  expect(nodeFromHash('#/node/')).toBeNull();
  expect(nodeFromHash('#/node/%')).toBeNull();
  expect(nodeFromHash('#token=abc')).toBeNull();
});

test('a part of the page of a node is named in its address', () => {
  for (const tab of nodeTabs) {
    expect(nodeTabFromHash(nodeHref('a?tab=gpu&b', tab))).toBe(tab);
    expect(nodeFromHash(nodeHref('a?tab=gpu&b', tab))).toBe('a?tab=gpu&b');
  }
  expect(nodeTabFromHash('#/node/a?tab=constructor')).toBe('overview');
  expect(nodeTabFromHash('#/models?tab=gpu')).toBe('overview');
});

test('a run is named in the address of the Index', () => {
  expect(runFromHash(runHref('a&b'))).toBe('a&b');
  expect(pageFromHash(runHref('a&b'))).toBe('index');
  expect(runFromHash('#/index')).toBeNull();
  expect(runFromHash('#/models?run=1')).toBeNull();
});

test('a countdown never goes below nothing', () => {
  expect(formatCountdown(130_000)).toBe('2:10');
  expect(formatCountdown(999)).toBe('0:01');
  expect(formatCountdown(-5)).toBe('0:00');
});

test('a setting is named in the address of Settings', () => {
  expect(readSettings(settingHref('optimizer.on')).setting).toBe('optimizer.on');
  expect(readSettings('#/settings').setting).toBeNull();
});
