import { describe, expect, it } from 'vitest';
import { wantedDoor } from '../../../../electron/core/immich/door-address.ts';
import {
  missingGraphs,
  rankPlaces,
  rankSleepers,
  type SeenRunner,
} from '../../../../electron/core/immich/upstreams.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';
import { isAllowed, isAllowedSource } from '../../../../shared/network/allowed-source.ts';

const need = { kind: 'picture', graphs: ['clip/m/visual'] } as const;
const seen = (nodeId: string, own: Partial<SeenRunner> = {}): SeenRunner => ({
  nodeId,
  name: nodeId,
  here: false,
  usable: true,
  state: 'serving',
  canWake: false,
  waking: false,
  graphs: ['clip/m/visual'],
  gpu: true,
  waiting: 0,
  ...own,
});
const asleep = { usable: false, state: 'off', canWake: true } as const;

describe('places', () => {
  it('are those with the models, GPUs first, the less busy one before the other', () => {
    const runners = [
      seen('cpu', { here: true, gpu: false }),
      seen('busy', { waiting: 8 }),
      seen('free'),
      seen('without', { graphs: [] }),
      seen('silent', { graphs: null }),
      seen('asleep', asleep),
    ];
    expect(rankPlaces(runners, need)).toEqual([
      { nodeId: 'free', fallback: false },
      { nodeId: 'busy', fallback: false },
      { nodeId: 'cpu', fallback: true },
    ]);
  });

  it('with a CPU are no fallback where no GPU has the models', () => {
    expect(rankPlaces([seen('cpu', { gpu: false }), seen('gpu', { graphs: [] })], need)).toEqual([
      { nodeId: 'cpu', fallback: false },
    ]);
  });
});

describe('sleepers', () => {
  it('are machines that are known to have the models, then those that never said', () => {
    const runners = [
      seen('unknown', { ...asleep, graphs: null }),
      seen('known', asleep),
      seen('without', { ...asleep, graphs: [] }),
      seen('awake'),
      seen('no-way', { ...asleep, canWake: false }),
      seen('booting', { usable: false, state: 'booting' }),
      seen('on-its-way', { ...asleep, canWake: false, waking: true }),
      seen('here', { ...asleep, here: true }),
    ];
    expect(rankSleepers(runners, need)).toEqual(['known', 'booting', 'on-its-way', 'unknown']);
  });
});

describe('missing models', () => {
  it('are missing only if every runner said what it has', () => {
    expect(missingGraphs([seen('a', { graphs: [] })], need)).toEqual(['clip/m/visual']);
    expect(missingGraphs([seen('a', { graphs: [] }), seen('b', { graphs: null })], need)).toEqual([]);
    expect(missingGraphs([seen('a')], need)).toEqual([]);
  });
});

describe('who may connect', () => {
  const settings = { ...defaultSettings.immich, on: true, listen: 'network' as const };

  it('is nobody on the network until a person says who', () => {
    expect(wantedDoor(settings)).toMatchObject({
      listen: { host: '127.0.0.1' },
      allowed: [],
      problem: { code: 'IMMICH_STAYS_LOCAL' },
    });
    expect(wantedDoor({ ...settings, allowed: ['192.168.1.20'] })).toMatchObject({
      listen: { host: '0.0.0.0', port: 3003 },
      allowed: ['192.168.1.20'],
      problem: null,
    });
    expect(wantedDoor({ ...settings, anyone: true })).toMatchObject({ allowed: null, problem: null });
    expect(wantedDoor(defaultSettings.immich).listen).toBeNull();
  });

  it.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['192.168.1.20', true],
    ['::ffff:192.168.1.20', true],
    ['192.168.1.21', false],
    ['172.17.0.0', true],
    ['172.17.255.255', true],
    ['172.18.0.0', false],
    ['fe80::1', false],
    ['', false],
  ])('%s: %s', (address, expected) => {
    expect(isAllowed(address, ['192.168.1.20', '172.17.0.0/16'])).toBe(expected);
  });

  it.each(['nas.lan', '192.168.1', '192.168.1.0/33', '::1', ''])('%j is no address', (text) => {
    expect(isAllowedSource(text)).toBe(false);
  });
});
