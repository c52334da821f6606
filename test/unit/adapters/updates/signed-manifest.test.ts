import { describe, expect, it } from 'vitest';
import {
  isSigned,
  readPublicKey,
  readSignedManifest,
} from '../../../../electron/adapters/updates/signed-manifest.ts';
import { bytesOf, fileOf, makeKey, manifestOf, signatureOf } from '../../../fakes/updates/signed-release.ts';

const key = makeKey();
const next = makeKey();
const read = (value: unknown, options: { keys?: string[]; signature?: string } = {}) => {
  const bytes = value instanceof Uint8Array ? value : bytesOf(value);
  const reading = readSignedManifest({
    bytes,
    signature: options.signature ?? signatureOf(bytes, key),
    keys: options.keys ?? [key.publicKey],
  });
  return reading.ok ? reading.manifest : reading.problem;
};

describe('a signed manifest', () => {
  it('is read when one of the keys has signed it', () => {
    expect(read(manifestOf())).toEqual(manifestOf());
    expect(read(manifestOf(), { keys: [next.publicKey, key.publicKey] })).toEqual(manifestOf());
  });

  it('is refused with another key, no key, and broken keys', () => {
    expect(read(manifestOf(), { keys: [next.publicKey] })).toBe('wrong-signature');
    expect(read(manifestOf(), { keys: [] })).toBe('wrong-signature');
    expect(read(manifestOf(), { keys: ['', 'AAAA', 'not base64!'] })).toBe('wrong-signature');
  });

  it('is refused when a single byte differs', () => {
    const bytes = bytesOf(manifestOf());
    const signature = signatureOf(bytes, key);
    for (let at = 0; at < bytes.length; at += 17) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(read(changed, { signature })).toBe('wrong-signature');
    }
    expect(read(Buffer.concat([bytes, Buffer.from('\n')]), { signature })).toBe('wrong-signature');
  });

  it.each(['', 'AAAA', 'x'.repeat(88), `${'A'.repeat(86)}==`, '../etc/passwd'])(
    'is refused with the signature %j',
    (signature) => {
      expect(read(manifestOf(), { signature })).toBe('wrong-signature');
    },
  );

  it('may have a line break after its signature, and nothing else', () => {
    const bytes = bytesOf(manifestOf());
    const signature = signatureOf(bytes, key);
    expect(isSigned(bytes, `${signature}\n`, [key.publicKey])).toBe(true);
    expect(isSigned(bytes, `${signature}AAAA`, [key.publicKey])).toBe(false);
  });

  it('is not parsed before its signature is verified', () => {
    expect(read(Buffer.from('{'), { signature: signatureOf(Buffer.from('{'), next) })).toBe(
      'wrong-signature',
    );
  });

  it.each<[string, unknown]>([
    ['no JSON', Buffer.from('{')],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['another file', { format: 'other', formatVersion: 1 }],
    ['no files', manifestOf({ files: [] })],
    ['a version that is none', manifestOf({ version: '1.2' })],
    ['no share', manifestOf({ rollout: 0 })],
    ['a share above all', manifestOf({ rollout: 1.1 })],
    ['a file of no bytes', manifestOf({ files: [fileOf(Buffer.alloc(0))] })],
    ['a digest of other length', manifestOf({ files: [fileOf(Buffer.from('a'), { sha512: 'AAAA' })] })],
    ['a date that is none', manifestOf({ date: 'yesterday' })],
    ...['../program', 'a/b', 'C:\\program', 'https://example.com/a', '.hidden', ''].map(
      (name): [string, unknown] => [
        `the name ${name}`,
        manifestOf({ files: [fileOf(Buffer.from('a'), { name })] }),
      ],
    ),
  ])('is unreadable with %s', (_what, value) => {
    expect(read(value)).toBe('unreadable');
  });

  it('of a later format is said to be that', () => {
    expect(read({ ...manifestOf(), formatVersion: 2, files: 'elsewhere' })).toBe('newer-format');
  });

  it('of more than a megabyte is not read', () => {
    expect(read(Buffer.alloc(1_000_001, ' '))).toBe('too-large');
  });
});

describe('a public key', () => {
  it('is 32 bytes in base64', () => {
    expect(readPublicKey(key.publicKey)?.asymmetricKeyType).toBe('ed25519');
    for (const text of ['', 'AAAA', `${key.publicKey} `, 'z'.repeat(44)])
      expect(readPublicKey(text)).toBeNull();
  });
});
