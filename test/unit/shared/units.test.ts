import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatAwake,
  formatBytes,
  formatCount,
  formatDuration,
  formatEnergy,
  formatEta,
  formatMemory,
  formatPercent,
  formatRate,
  plural,
  VRAM_GIGABYTE,
} from '../../../shared/units.ts';

describe('formatted numbers', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [12_345, '12 kB'],
    [669_603_712, '670 MB'],
    [999_999_999, '1 GB'],
    [7_400_000_000, '7.4 GB'],
    [24e9, '24 GB'],
    [139e9, '139 GB'],
  ])('bytes: %d is %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words));

  it.each([
    [-5, '0 ms'],
    [850, '850 ms'],
    [999.7, '1 s'],
    [4200, '4.2 s'],
    [9960, '10 s'],
    [42_000, '42 s'],
    [59_600, '1 min'],
    [190_000, '3 min 10 s'],
    [7_500_000, '2 h 5 min'],
    [3_600_000, '1 h'],
  ])('durations: %d is %s', (ms, words) => expect(formatDuration(ms)).toBe(words));

  it.each([
    [400, 'almost done'],
    [45_000, '≈ 45 s left'],
    [240_000, '≈ 4 min left'],
    [3 * 3_600_000, '≈ 3 h left'],
  ])('remaining: %d is %s', (ms, words) => expect(formatEta(ms)).toBe(words));

  it.each([
    [1000, 'just now'],
    [12_000, '12 s ago'],
    [300_000, '5 min ago'],
    [2 * 3_600_000, '2 h ago'],
    [3 * 86_400_000, '3 days ago'],
  ])('ago: %d is %s', (ms, words) => expect(formatAgo(ms)).toBe(words));

  it.each([
    [24 * VRAM_GIGABYTE, '24 GB'],
    [12 * VRAM_GIGABYTE, '12 GB'],
    [11.2 * VRAM_GIGABYTE, '11.2 GB'],
    [720_000_000, '687 MB'],
    [VRAM_GIGABYTE - 1, '1 GB'],
    [2048, '2 kB'],
    [0, '0 B'],
  ])('memory: %d is %s', (bytes, words) => expect(formatMemory(bytes)).toBe(words));

  it.each([
    [0.42, '0.4 Wh'],
    [0, '0 Wh'],
    [412.4, '412 Wh'],
    [999.6, '1 kWh'],
    [9812, '9.8 kWh'],
  ])('energy: %d Wh is %s', (wattHours, words) => expect(formatEnergy(wattHours)).toBe(words));

  it.each([
    [0, '0 min'],
    [20, '< 1 min'],
    [3600, '1 h'],
    [11_430, '3 h 11 min'],
  ])('time awake: %d s is %s', (seconds, words) => expect(formatAwake(seconds)).toBe(words));

  it('rates, counts, shares and plurals', () => {
    expect(formatRate(312.4, 'vec')).toBe('312 vec/s');
    expect(formatRate(7.44, 'vec')).toBe('7.4 vec/s');
    expect(formatRate(12_000, 'vec')).toBe('12k vec/s');
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect(formatPercent(0.934)).toBe('93%');
    expect(plural(1, 'node')).toBe('1 node');
    expect(plural(3, 'node')).toBe('3 nodes');
  });
});
