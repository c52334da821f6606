import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideUpdate, type UpdateTarget } from '../../../shared/update-decision.ts';
import { compareVersions } from '../../../shared/version.ts';
import { fileOf, manifestOf } from '../../fakes/updates/signed-release.ts';

const target: UpdateTarget = {
  kind: 'app',
  os: 'linux',
  arch: 'x64',
  form: 'appimage',
  version: '1.2.3',
  place: 0.5,
};
const content = Buffer.from('program');
const decide = (manifest: Parameters<typeof manifestOf>[0], change: Partial<UpdateTarget> = {}) => {
  const decision = decideUpdate(manifestOf({ version: '1.3.0', ...manifest }), { ...target, ...change });
  return decision.kind === 'newer' ? decision.file.name : decision.kind;
};
const own = fileOf(content).name;

describe('an update', () => {
  it('is a newer version with a file for this system', () => {
    expect(decide({})).toBe(own);
    expect(decide({}, { form: null })).toBe(own);
  });

  it('is never the same or an older version', () => {
    expect(decide({ version: '1.2.3' })).toBe('current');
    expect(decide({ version: '1.2.2' })).toBe('current');
    expect(decide({ version: '1.2.3-beta.1', channel: 'beta' }, { version: '1.2.3-beta.1' })).toBe('current');
    expect(decide({}, { version: 'unknown' })).toBe('current');
    const part = fc.nat({ max: 20 });
    const version = fc.tuple(part, part, part).map((numbers) => numbers.join('.'));
    fc.assert(
      fc.property(version, version, (offered, running) => {
        const decision = decideUpdate(manifestOf({ version: offered, minimumVersion: '0.0.0' }), {
          ...target,
          version: running,
        });
        expect(decision.kind === 'newer').toBe(compareVersions(offered, running) > 0);
      }),
    );
  });

  it('stays in its channel, until a preview is finished', () => {
    expect(decide({ version: '1.3.0-beta.1', channel: 'beta' })).toBe('other-channel');
    expect(decide({ version: '1.3.0-beta.1', channel: 'stable' })).toBe('other-channel');
    expect(decide({ version: '1.3.0', channel: 'beta' })).toBe('other-channel');
    expect(decide({ version: '1.3.0-beta.2', channel: 'beta' }, { version: '1.3.0-beta.1' })).toBe(own);
    expect(decide({ version: '1.3.0-rc.1', channel: 'rc' }, { version: '1.3.0-beta.1' })).toBe(
      'other-channel',
    );
    expect(decide({ version: '1.3.0' }, { version: '1.3.0-beta.1' })).toBe(own);
  });

  it('may need a step in between', () => {
    expect(decide({ minimumVersion: '1.2.3' })).toBe(own);
    expect(decide({ minimumVersion: '1.2.4' })).toBe('too-old');
  });

  it('reaches the part of the installations that it is meant for', () => {
    expect(decide({ rollout: 0.5 })).toBe('held-back');
    expect(decide({ rollout: 0.5 }, { place: 0.499 })).toBe(own);
    expect(decide({ rollout: 1 }, { place: 0.999999 })).toBe(own);
    // Who is in an early part stays in it when the part grows.
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 99 }),
        (place, percent) => {
          if (decide({ rollout: percent / 100 }, { place }) !== own) return;
          expect(decide({ rollout: (percent + 1) / 100 }, { place })).toBe(own);
        },
      ),
    );
  });

  it.each<Partial<UpdateTarget>>([
    { os: 'win32' },
    { arch: 'arm64' },
    { kind: 'agent' },
    { form: 'deb' },
    { os: 'freebsd' },
  ])('is none without a file that fits: %j', (change) => {
    expect(decide({}, change)).toBe('no-file');
  });

  it('is none where two files would fit', () => {
    const files = [fileOf(content), fileOf(content, { name: 'other.AppImage' })];
    expect(decide({ files })).toBe('no-file');
  });
});
