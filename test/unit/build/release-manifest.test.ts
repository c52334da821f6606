import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  filesOf,
  makeKeyPair,
  makeManifest,
  readPrivateKey,
  whatIs,
  writeSigned,
} from '../../../build/lib/package/release-manifest.ts';
import { readPublicKey, readSignedManifest } from '../../../electron/adapters/updates/signed-manifest.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { decideUpdate } from '../../../shared/update-decision.ts';
import { sha512Of } from '../../fakes/updates/signed-release.ts';

const changes = '# What is new\n\n## 1.2.0\n\n- Faster.\n\n## 1.1.0\n\n- First.\n';
const now = new Date('2026-11-28T06:00:00.123Z');
const refused = expect.objectContaining({ code: 'PACKAGE_MANIFEST' });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-release-'));
  writeFileSync(join(folder, 'pilotlight-1.2.0-linux-x86_64.AppImage'), 'linux');
  writeFileSync(join(folder, 'pilotlight-1.2.0-win-arm64-setup.exe'), 'windows');
  writeFileSync(join(folder, 'pilotlight-agent-linux-x64'), 'agent');
  writeFileSync(join(folder, 'SHA256SUMS.txt'), 'sums');
  writeFileSync(join(folder, 'pilotlight-1.2.0-linux-x64.cdx.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const manifestHere = (change = {}) =>
  makeManifest({
    ...{
      version: '1.2.0',
      changes,
      files: filesOf(folder, '1.2.0'),
      rollout: 0.2,
      minimumVersion: '1.0.0',
      now,
    },
    ...change,
  });

describe('the files of a release', () => {
  it.each([
    ['pilotlight-1.2.0-linux-x86_64.AppImage', 'app', 'linux', 'x64', 'appimage'],
    ['pilotlight-1.2.0-linux-arm64.AppImage', 'app', 'linux', 'arm64', 'appimage'],
    ['pilotlight-1.2.0-linux-amd64.deb', 'app', 'linux', 'x64', 'deb'],
    ['pilotlight-1.2.0-linux-aarch64.rpm', 'app', 'linux', 'arm64', 'rpm'],
    ['pilotlight-1.2.0-linux-x64.zip', 'app', 'linux', 'x64', 'zip'],
    ['pilotlight-1.2.0-win-x64-setup.exe', 'app', 'win32', 'x64', 'nsis'],
    ['pilotlight-1.2.0-win-arm64-portable.exe', 'app', 'win32', 'arm64', 'portable'],
    ['pilotlight-1.2.0-mac-arm64.dmg', 'app', 'darwin', 'arm64', 'dmg'],
    ['pilotlight-1.2.0-mac-arm64.zip', 'app', 'darwin', 'arm64', 'zip'],
    ['pilotlight-agent-linux-arm64', 'agent', 'linux', 'arm64', 'file'],
    ['pilotlight-agent-win32-x64.exe', 'agent', 'win32', 'x64', 'file'],
  ])('%s is known', (name, kind, os, arch, form) => {
    expect(whatIs(name, '1.2.0')).toEqual({ kind, os, arch, form });
  });

  it.each(['SHA256SUMS.txt', 'pilotlight-1.2.0-linux-x64.cdx.json', 'THIRD-PARTY-NOTICES-linux-x64.txt'])(
    '%s is for people only',
    (name) => expect(whatIs(name, '1.2.0')).toBeNull(),
  );

  it.each([
    'pilotlight-1.1.0-linux-x86_64.AppImage',
    'pilotlight-1.2.0-linux-ia32.AppImage',
    'pilotlight-1.2.0-beos-x64.zip',
    'other.exe',
    'pilotlight-agent',
  ])('%s is refused', (name) => expect(() => whatIs(name, '1.2.0')).toThrow(refused));
});

describe('a signed release', () => {
  const pair = makeKeyPair();

  it('is what programs accept and choose from', () => {
    const manifest = manifestHere();
    writeSigned(folder, manifest, readPrivateKey(`${pair.privateKey}\n`), [
      makeKeyPair().publicKey,
      pair.publicKey,
    ]);
    const reading = readSignedManifest({
      bytes: readFileSync(join(folder, 'manifest.json')),
      signature: readFileSync(join(folder, 'manifest.json.sig'), 'utf8'),
      keys: [pair.publicKey],
    });
    if (!reading.ok) throw new Error(reading.problem);
    expect(reading.manifest).toMatchObject({
      ...{ version: '1.2.0', channel: 'stable', date: '2026-11-28T06:00:00Z' },
      ...{ minimumVersion: '1.0.0', rollout: 0.2, notes: '- Faster.' },
    });
    const decision = decideUpdate(reading.manifest, {
      ...{ kind: 'app', os: 'linux', arch: 'x64', form: 'appimage', version: '1.1.0', place: 0.1 },
    });
    expect(decision).toEqual({
      kind: 'newer',
      file: {
        name: 'pilotlight-1.2.0-linux-x86_64.AppImage',
        ...{ size: 5, sha512: sha512Of(Buffer.from('linux')) },
        ...{ kind: 'app', os: 'linux', arch: 'x64', form: 'appimage' },
      },
    });
  });

  it('of a preview has its channel', () => {
    const files = [{ ...filesOf(folder, '1.2.0')[0] }];
    expect(manifestHere({ version: '1.3.0-beta.1', changes: '## 1.3.0-beta.1\n\nNew.', files }).channel).toBe(
      'beta',
    );
  });

  it('needs notes, files, and a key that programs know', () => {
    expect(() => manifestHere({ changes: '## 1.1.0\n\nOld.' })).toThrow(refused);
    expect(() => manifestHere({ files: [] })).toThrow(refused);
    const key = readPrivateKey(pair.privateKey);
    expect(() => writeSigned(folder, manifestHere(), key, [makeKeyPair().publicKey])).toThrow(refused);
    expect(() => writeSigned(folder, manifestHere(), key, [pair.publicKey, 'AAAA'])).toThrow(refused);
    expect(() => writeSigned(folder, manifestHere({ rollout: 7 }), key, [pair.publicKey])).toThrow(refused);
  });

  it.each(['', 'AAAA', 'no-key-at-all', pair.publicKey])(
    'is not made with the key %j, which no message repeats',
    (text) => {
      expect(() => readPrivateKey(text)).toThrow(refused);
      try {
        readPrivateKey(text);
      } catch (error) {
        if (text !== '')
          expect(JSON.stringify([(error as Error).message, (error as Error).stack])).not.toContain(text);
      }
    },
  );
});

it('the keys and the address of this build are valid', () => {
  const { keys, address } = packageJson.updates as { keys: string[]; address: string | null };
  for (const key of keys) expect(readPublicKey(key)).not.toBeNull();
  if (address !== null) expect(address).toMatch(/^https:\/\//);
});
