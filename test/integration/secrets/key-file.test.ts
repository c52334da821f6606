import fs, {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WriteFile, writePrivateFile } from '../../../electron/adapters/private-file.ts';
import { openKeyFileSecrets } from '../../../electron/adapters/secrets/key-file.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const mode = (name: string) => statSync(at(name)).mode & 0o777;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('secrets with a key file', () => {
  it('makes no file before there is a secret', () => {
    const { secrets, notices } = openKeyFileSecrets(folder);
    secrets.change({ a: null });
    expect([secrets.get('a'), notices, readdirSync(folder)]).toEqual([null, [], []]);
  });

  it('keeps them over a restart, in files that only this user can read', () => {
    openKeyFileSecrets(folder).secrets.change({ a: 'first value', b: 'second value' });
    expect([mode('secrets.json'), mode('secrets.key')]).toEqual([0o600, 0o600]);
    expect(readdirSync(folder).toSorted()).toEqual(['secrets.json', 'secrets.key']);
    const { secrets, notices } = openKeyFileSecrets(folder);
    expect(notices).toEqual([]);
    secrets.change({ a: null });
    const again = openKeyFileSecrets(folder).secrets;
    expect([again.get('a'), again.get('b')]).toEqual([null, 'second value']);
  });

  it.skipIf(process.platform === 'win32').each([
    ['secrets.json', 0o644],
    ['secrets.json', 0o620],
    ['secrets.key', 0o644],
    ['secrets.key', 0o640],
  ])('are not opened while others have rights to %s (%o), and nothing is changed', (name, given) => {
    openKeyFileSecrets(folder).secrets.change({ a: 'value' });
    chmodSync(at(name), given);
    expect(() => openKeyFileSecrets(folder)).toThrow(
      expect.objectContaining({
        code: 'UNSAFE_PERMISSIONS',
        next: expect.stringContaining(`chmod 600 ${at(name)}`),
      }),
    );
    expect([mode(name), readdirSync(folder).toSorted()]).toEqual([given, ['secrets.json', 'secrets.key']]);
    chmodSync(at(name), 0o600);
    expect(openKeyFileSecrets(folder).secrets.get('a')).toBe('value');
  });

  it('gives back whatever was put in, and leaves none of it in the file', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 8, maxLength: 200 }), fc.string(), (value, name) => {
        openKeyFileSecrets(folder).secrets.change({ [`x${name}`]: value });
        expect(openKeyFileSecrets(folder).secrets.get(`x${name}`)).toBe(value);
        expect(readFileSync(at('secrets.json')).includes(Buffer.from(value))).toBe(false);
        openKeyFileSecrets(folder).secrets.change({ [`x${name}`]: null });
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['another key', () => writeFileSync(at('secrets.key'), Buffer.alloc(32, 7))],
    ['half a key', () => writeFileSync(at('secrets.key'), Buffer.alloc(16, 7))],
    ['no key', () => rmSync(at('secrets.key'))],
    [
      'a value that was changed',
      () => {
        const file = JSON.parse(readFileSync(at('secrets.json'), 'utf8'));
        const bytes = Buffer.from(file.secrets.a.sealed, 'base64');
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        file.secrets.a.sealed = bytes.toString('base64');
        writeFileSync(at('secrets.json'), JSON.stringify(file));
      },
    ],
    [
      'the value of another name',
      () => {
        const file = JSON.parse(readFileSync(at('secrets.json'), 'utf8'));
        writeFileSync(at('secrets.json'), JSON.stringify({ ...file, secrets: { b: file.secrets.a } }));
      },
    ],
    ['a damaged file', () => writeFileSync(at('secrets.json'), '{"version":1,"secr')],
    ['a file of another shape', () => writeFileSync(at('secrets.json'), '{"version":9}')],
  ])('with %s they are gone, kept aside, told once, and others can be set', (_name, damage) => {
    openKeyFileSecrets(folder).secrets.change({ a: 'value' });
    damage();
    const before = readFileSync(at('secrets.json'));
    const { secrets, notices } = openKeyFileSecrets(folder);
    expect(secrets.get('a')).toBeNull();
    expect(notices).toMatchObject([
      {
        id: 'secrets',
        code: 'SECRETS_LOST',
        message: {
          code: 'SECRETS_SET_ASIDE',
          params: { files: expect.arrayContaining(['secrets.json.corrupt-1']) },
        },
      },
    ]);
    expect(readFileSync(at('secrets.json.corrupt-1'))).toEqual(before);
    secrets.change({ a: 'new value' });
    const again = openKeyFileSecrets(folder);
    expect([again.secrets.get('a'), again.notices]).toEqual(['new value', []]);
  });

  it('keeps what can still be opened when one value cannot', () => {
    openKeyFileSecrets(folder).secrets.change({ a: 'value', b: 'other' });
    const file = JSON.parse(readFileSync(at('secrets.json'), 'utf8'));
    file.secrets.a.sealed = 'AAAA';
    writeFileSync(at('secrets.json'), JSON.stringify(file));
    const { secrets, notices } = openKeyFileSecrets(folder);
    expect([secrets.get('a'), secrets.get('b'), notices.length]).toEqual([null, 'other', 1]);
    expect(openKeyFileSecrets(folder)).toMatchObject({ notices: [] });
    expect(openKeyFileSecrets(folder).secrets.get('b')).toBe('other');
  });

  it('says that the disk is full and keeps what was set', () => {
    let full = false;
    const write: WriteFile = (path, content) => {
      if (full) throw new PilotlightError('DISK_FULL');
      writePrivateFile(path, content);
    };
    const { secrets } = openKeyFileSecrets(folder, { write });
    secrets.change({ a: 'value' });
    full = true;
    expect(() => secrets.change({ a: 'other', b: 'more' })).toThrow(
      expect.objectContaining({ code: 'DISK_FULL' }),
    );
    expect([secrets.get('a'), secrets.get('b')]).toEqual(['value', null]);
    expect(openKeyFileSecrets(folder).secrets.get('a')).toBe('value');
  });
});

describe('a private file', () => {
  it('is whole or not there, and leaves nothing beside it', () => {
    expect(() => writePrivateFile(at('none/file'), 'x')).toThrow(
      expect.objectContaining({ code: 'DATA_FOLDER_UNUSABLE' }),
    );
    writePrivateFile(at('file'), 'one');
    writePrivateFile(at('file'), 'two');
    expect([readdirSync(folder), readFileSync(at('file'), 'utf8')]).toEqual([['file'], 'two']);
  });

  it('says that the disk is full, and keeps what was there', () => {
    writePrivateFile(at('file'), 'one');
    const { writeFileSync: write } = fs;
    // Half of the new file fits on the disk.
    fs.writeFileSync = (path, content, options) => {
      write(path, String(content).slice(0, 1), options);
      throw Object.assign(new Error('No space is left on the device.'), { code: 'ENOSPC' });
    };
    syncBuiltinESMExports();
    try {
      expect(() => writePrivateFile(at('file'), 'two')).toThrow(
        expect.objectContaining({ code: 'DISK_FULL' }),
      );
    } finally {
      fs.writeFileSync = write;
      syncBuiltinESMExports();
    }
    expect([readdirSync(folder), readFileSync(at('file'), 'utf8')]).toEqual([['file'], 'one']);
  });

  it.skipIf(process.platform === 'win32')('is not written through a link that lies in wait', () => {
    writeFileSync(at('elsewhere'), 'theirs');
    symlinkSync(at('elsewhere'), at(`file.${process.pid}.new`));
    writePrivateFile(at('file'), 'one');
    expect(readFileSync(at('elsewhere'), 'utf8')).toBe('theirs');
    expect([readFileSync(at('file'), 'utf8'), mode('file')]).toEqual(['one', 0o600]);
    expect(readdirSync(folder).sort()).toEqual(['elsewhere', 'file']);
  });
});
