import { describe, expect, it } from 'vitest';
import { doorText } from '../../../../renderer/features/runner/immich-text.ts';
import type { ImmichView } from '../../../../shared/models/immich.ts';

const door = (patch: Partial<ImmichView> = {}): ImmichView => ({
  state: 'running',
  urls: ['http://127.0.0.1:3003'],
  listening: 'loopback',
  problem: null,
  held: 0,
  working: 0,
  bytes: 0,
  lastWake: null,
  missing: [],
  ...patch,
});
const wake = (outcome: NonNullable<ImmichView['lastWake']>['outcome'], reason: string | null = null) => ({
  nodeId: 'tower',
  name: 'gpu-tower',
  at: 0,
  outcome,
  reason,
});

describe('the card of the door for Immich', () => {
  it('has a temperature and a label for each state', () => {
    expect(doorText(door())).toMatchObject({ glyph: 'serving', isTrouble: false, about: '', failure: null });
    expect(doorText(door({ state: 'failed' }))).toMatchObject({ glyph: 'trouble', isTrouble: true });
    expect(doorText(door({ working: 2, held: 1 })).label).toBe('1 request waiting, 2 in progress');
    expect(doorText(door({ lastWake: wake('running') }))).toMatchObject({
      glyph: 'waking',
      label: 'Waking gpu-tower',
    });
    const holding = doorText(door({ held: 12, bytes: 4_200_000, lastWake: wake('running') }));
    expect(holding).toMatchObject({ glyph: 'waking', label: 'Holding 12 requests while gpu-tower wakes' });
    expect(holding.about).toContain('MB in memory');
  });

  it('says that a wake failed, why, and that what waits goes on waiting', () => {
    const failed = doorText(door({ lastWake: wake('failed', 'No packet arrived.') }));
    expect(failed).toMatchObject({ isTrouble: true, about: '', failure: 'No packet arrived.' });
    expect(doorText(door({ held: 2, lastWake: wake('failed', '') })).about).toContain('2 requests');
  });

  it('names the last wake that went well, and none that was given up', () => {
    expect(doorText(door({ lastWake: wake('awake') })).about).toContain('gpu-tower last woke at');
    expect(doorText(door({ lastWake: wake('abandoned') })).about).toBe('');
  });
});
