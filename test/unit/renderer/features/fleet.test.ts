import { describe, expect, test } from 'vitest';
import { unknownBefore } from '../../../../renderer/features/fleet/chart-rows.ts';
import { fieldErrorsOf, formOf, readForm } from '../../../../renderer/features/fleet/node-form.ts';
import {
  movesText,
  movesWithoutRoom,
  shortageAdvice,
  vramText,
  wakeHint,
  wakeShare,
  wakeText,
} from '../../../../renderer/features/fleet/node-text.ts';
import { summariseFleet } from '../../../../renderer/stores/fleet.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { WakeProgress } from '../../../../shared/models/wake.ts';
import { VRAM_GIGABYTE } from '../../../../shared/units.ts';
import { gpu, model, node, sample } from '../../../e2e/support/scenes.ts';
import { aMove } from '../../../fakes/records.ts';

const gigabytes = (count: number) => count * VRAM_GIGABYTE;

test('the fleet in a line counts VRAM of the machines that are awake, and only where it is known', () => {
  const vram = (totalBytes: number | null) => ({ totalBytes, source: 'tools' as const });
  const measured = Object.fromEntries([
    sample('a', [gpu({ vramUsedBytes: gigabytes(11) })]),
    sample('b', [gpu({ vramUsedBytes: gigabytes(3) })]),
  ]);
  const a = node('a', 'gpu-verified', { vram: vram(gigabytes(24)), loaded: [model('m', { vramBytes: 7 })] });
  const b = node('b', 'serving', { vram: vram(null) });
  const c = node('c', 'off', { vram: vram(gigabytes(12)) });
  expect(summariseFleet([a, b, c], measured)).toEqual({
    nodes: 3,
    awake: 2,
    usedBytes: gigabytes(11),
    totalBytes: gigabytes(24),
  });
  // Without tools, what the server reports for its models counts.
  expect(summariseFleet([a], {}).usedBytes).toBe(7);
  expect(summariseFleet([b], {}).totalBytes).toBeNull();
});

test('what is missing before it can be woken', () => {
  expect(wakeHint({ mac: null })).toBe('Add a MAC address so that Pilotlight can wake it');
  expect(wakeHint({ mac: 'AA:BB:CC:DD:EE:FF' })).toBe(
    'Add a wake destination or another wake method so that Pilotlight can wake it',
  );
});

test('VRAM as text', () => {
  expect(vramText({ totalBytes: gigabytes(24), usedBytes: gigabytes(11.2) })).toBe('11.2 GB of 24 GB');
  expect(vramText({ totalBytes: gigabytes(24), usedBytes: 0 })).toBe('0 of 24 GB');
  expect(vramText({ totalBytes: gigabytes(24), usedBytes: null })).toBe('24 GB in total');
  expect(vramText({ totalBytes: null, usedBytes: gigabytes(3) })).toBe('3 GB used, size unknown');
  expect(vramText({ totalBytes: null, usedBytes: null })).toBe('size unknown');
});

describe('a wake', () => {
  const wake = (expectedMs: number | null): WakeProgress => ({
    nodeId: 'tower',
    startedAt: 1000,
    step: 'packet-sent',
    expectedMs,
    deadlineAt: 181_000,
    packetsSent: 1,
    failedDestinations: [],
    ways: [{ way: fact('WAKE_BY_PACKETS'), failed: null }],
  });
  test('progresses by its learned boot time, and is never complete too early', () => {
    expect(wakeShare(wake(40_000), 21_000)).toBe(0.5);
    expect(wakeShare(wake(40_000), 500_000)).toBe(0.97);
    expect(wakeShare(wake(null), 21_000)).toBeNull();
  });
  test('says the usual time, the time left, and when it takes longer', () => {
    expect(wakeText(wake(42_000), 13_000)).toBe('usually 42 s, ≈ 30 s left');
    expect(wakeText(wake(42_000), 99_000)).toBe('usually 42 s, taking longer this time');
    expect(wakeText(wake(null), 13_000)).toBe('12 s, first wake: learning its boot time');
    expect(wakeText(wake(null), 1_000)).toMatch(/^0 s, /);
  });
});

describe('the form of a node', () => {
  const filled = { ...formOf(null), url: ' http://10.0.0.2:11434 ' };
  test('reads gigabytes as they stand on the box, with a comma too; 0 says no GPU, empty says unknown', () => {
    const read = (vramGigabytes: string) => readForm({ ...filled, vramGigabytes });
    expect(read('24')).toMatchObject({ input: { vramBytes: gigabytes(24) } });
    expect(read('7,5')).toMatchObject({ input: { vramBytes: gigabytes(7.5) } });
    expect(read('0')).toMatchObject({ input: { vramBytes: 0 } });
    expect(read('')).toMatchObject({ input: { vramBytes: null } });
  });
  test.each(['lots', '-1', 'NaN', '1e99'])('refuses %s as VRAM', (vramGigabytes) => {
    expect(readForm({ ...filled, vramGigabytes })).toMatchObject({ error: { field: 'vramGigabytes' } });
  });
  test('refuses an empty address, trims the rest, and splits destinations', () => {
    expect(readForm(formOf(null))).toMatchObject({ error: { field: 'url' } });
    expect(
      readForm({ ...filled, name: '  ', mac: ' AA ', wakeDestinations: '1.2.3.4, 5.6.7.8:7\n' }),
    ).toEqual({
      input: {
        url: 'http://10.0.0.2:11434',
        mac: 'AA',
        wakeDestinations: ['1.2.3.4', '5.6.7.8:7'],
        vramBytes: null,
        agentUrl: null,
        shutdownUrl: null,
      },
    });
  });
  test('needs no address where an agent has one, or where nothing needs it', () => {
    const agentOnly = { ...formOf(null), agentUrl: 'http://10.0.0.2:8765' };
    expect(readForm(agentOnly)).toMatchObject({ input: { url: null, agentUrl: 'http://10.0.0.2:8765' } });
    expect(readForm(formOf(null), { needsAddress: false })).toMatchObject({ input: { url: null } });
  });
  test('an empty secret stays as it is saved, null takes it away', () => {
    for (const [field, token] of [
      ['shutdownSecret', 'two words'],
      ['relayToken', 'passé'],
      ['relayToken', 'a\nb'],
      ['shutdownSecret', 'x'.repeat(4097)],
    ] as const) {
      expect(readForm({ ...filled, [field]: token })).toMatchObject({ error: { field } });
    }
    expect(readForm({ ...filled, secureOn: 'AA BB CC DD EE FF' })).toMatchObject({ input: {} });
    const read = readForm({ ...filled, secureOn: ' ', shutdownSecret: null, relayToken: ' word ' });
    expect(read).toMatchObject({ input: { shutdownSecret: null, relayToken: 'word' } });
    expect('input' in read && 'secureOn' in read.input).toBe(false);
    expect(readForm({ ...filled, secureOn: '-' })).toMatchObject({ input: { secureOn: '-' } });
  });
  test('puts what the core refuses to its field', () => {
    const refused = (code: 'BAD_MAC' | 'BAD_URL' | 'DISK_FULL', details?: Record<string, unknown>) =>
      fieldErrorsOf({ code, message: 'No.', next: 'Fix it.', ...(details ? { details } : {}) });
    expect(refused('BAD_MAC', { field: 'secureOn' })).toEqual({ secureOn: 'No. Fix it.' });
    expect(refused('BAD_URL', { field: 'agentUrl' })).toEqual({ agentUrl: 'No. Fix it.' });
    expect(refused('BAD_URL', { field: 'wakeWays.1' })).toEqual({ url: 'No. Fix it.' });
    expect(refused('DISK_FULL')).toBeNull();
  });
  test('shows VRAM only if a person entered it', () => {
    const entered = { totalBytes: gigabytes(24), usedBytes: 0, source: 'person' as const };
    expect(formOf(node('a', 'off', { vram: entered })).vramGigabytes).toBe('24');
    expect(formOf(node('a', 'off', { vram: { ...entered, source: 'tools' } })).vramGigabytes).toBe('');
  });
});

test('an empty result is reported', () => {
  expect(movesText([])).toContain('nothing was moved');
});

describe('a model that does not fit', () => {
  const shortage = {
    neededBytes: gigabytes(9),
    measured: true,
    totalBytes: gigabytes(24),
    availableBytes: gigabytes(2),
    holders: [{ name: 'python3', bytes: gigabytes(20) }],
    evicts: ['a', 'b'],
  };

  test.each([
    ['VRAM_TAKEN', shortage, 'Close python3 and try again.'],
    [
      'VRAM_TAKEN',
      { ...shortage, holders: [{ name: null, bytes: 1 }] },
      'Close the programs that use it and try again.',
    ],
    ['DOES_NOT_FIT', shortage, 'Choose a smaller model or a shorter context.'],
  ])('%s: the next step', (code, short, next) => {
    expect(shortageAdvice({ code, shortage: short }).next).toBe(next);
  });

  test('what forcing it anyway would do', () => {
    expect(shortageAdvice({ code: 'VRAM_TAKEN', shortage }).anyway).toContain('a and b may be unloaded');
    const alone = shortageAdvice({ code: 'VRAM_TAKEN', shortage: { ...shortage, evicts: [] } }).anyway;
    expect(alone).not.toContain('unloaded');
  });

  test('only a refusal that has its figures can be forced anyway', () => {
    const refused = aMove({ outcome: 'refused', code: 'VRAM_TAKEN', shortage });
    const moves = [
      refused,
      aMove({ outcome: 'failed', shortage }),
      aMove({ outcome: 'refused', code: 'PINNED' }),
    ];
    expect(movesWithoutRoom(moves)).toEqual([refused]);
  });
});

test('charts of the last hour show a gap before the core started, except for what was kept', () => {
  const startedAt = 10 * 60_000;
  const rows = [8, 9, 9.5, 10, 11].map((minute) => ({
    at: minute * 60_000,
    values: (minute === 8 ? { node_1: 5 } : {}) as Record<string, number>,
  }));
  expect(unknownBefore(rows, startedAt).map(({ missing }) => missing === true)).toEqual([
    false,
    true,
    true,
    false,
    false,
  ]);
  expect(unknownBefore(rows, null)).toEqual(rows);
});
