import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { checkCredential, type KnownCredential } from '../../../../electron/core/access/check-credential.ts';
import { browserName, freeName, nameKey } from '../../../../electron/core/access/credential-name.ts';
import { rightsOfKey } from '../../../../electron/core/access/key-rights.ts';
import {
  endingOf,
  endsAt,
  isForgotten,
  REMEMBER_ENDED_MS,
  SESSION_IDLE_MS,
  SESSION_LONGEST_MS,
} from '../../../../electron/core/access/lifetime.ts';
import { newSecret, secretDigest } from '../../../../electron/core/access/secret-format.ts';
import { sessionProof } from '../../../../electron/core/access/session-proof.ts';

const sha = (text: string) => createHash('sha256').update(text).digest();
const known = (id: string, changes: Partial<KnownCredential> = {}): KnownCredential => ({
  id,
  kind: 'script',
  name: id,
  rights: ['view'],
  digest: sha(`secret of ${id}`),
  origin: null,
  endsAt: null,
  revoked: false,
  ...changes,
});

describe('a secret', () => {
  it('has a prefix that scanners find, and 256 random bits', () => {
    const secrets = Array.from({ length: 200 }, () => newSecret('key'));
    for (const secret of secrets) expect(secret).toMatch(/^pilotlight_key_[0-9A-Za-z]{43}$/);
    expect(new Set(secrets).size).toBe(200);
    // Every place takes every letter, sooner or later.
    const seen = new Set(secrets.flatMap((secret) => [...secret.slice(-42)]));
    expect(seen.size).toBe(62);
  });

  it('has a digest that is SHA-256', () => {
    expect(secretDigest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('checking a secret', () => {
  const at = { now: 1000, origin: null };
  const all = [known('a'), known('b', { endsAt: 1000 }), known('c', { revoked: true })];

  test.each([
    ['secret of a', 'accepted'],
    ['secret of b', 'expired'],
    ['secret of c', 'revoked'],
    ['secret of d', 'unknown'],
    ['', 'unknown'],
    ['secret of a ', 'unknown'],
    ['SECRET OF A', 'unknown'],
  ])('%j is %s', (secret, outcome) => {
    expect(checkCredential(all, secret, at).outcome).toBe(outcome);
  });

  it('finds the owner, wherever it is in the list', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(), (count, place) => {
        const list = Array.from({ length: count }, (_, index) => known(String(index)));
        const id = String(place % count);
        expect(checkCredential(list, `secret of ${id}`, at)).toMatchObject({
          outcome: 'accepted',
          credential: { id },
        });
      }),
    );
  });

  it('is up to the last millisecond', () => {
    const until = (endsAt: number) => checkCredential([known('a', { endsAt })], 'secret of a', at).outcome;
    expect([until(999), until(1000), until(1001)]).toEqual(['expired', 'expired', 'accepted']);
  });

  it('knows a session at its own origin only, and says nothing about it elsewhere', () => {
    const session = known('s', { kind: 'session', origin: 'http://127.0.0.1:1', revoked: true });
    const check = (origin: string | null) =>
      checkCredential([session], 'secret of s', { now: 1, origin }).outcome;
    expect(check('http://127.0.0.1:1')).toBe('revoked');
    for (const origin of ['http://127.0.0.1:2', 'http://localhost:1', 'https://127.0.0.1:1', '', null]) {
      expect(check(origin)).toBe('unknown');
    }
  });

  it('prefers what is accepted, where a chosen secret was revoked and set again', () => {
    const digest = sha('chosen');
    const [old, fresh] = [known('old', { digest, revoked: true }), known('new', { digest })];
    for (const list of [
      [old, fresh],
      [fresh, old],
    ]) {
      expect(checkCredential(list, 'chosen', at)).toMatchObject({
        outcome: 'accepted',
        credential: { id: 'new' },
      });
    }
  });
});

describe('the life of', () => {
  const session = { kind: 'session' as const, createdAt: 0, lastUsedAt: null, expiresAt: SESSION_LONGEST_MS };

  it('a session is thirty days without use, and ninety in all', () => {
    expect(endsAt(session)).toBe(SESSION_IDLE_MS);
    expect(endsAt({ ...session, lastUsedAt: SESSION_IDLE_MS - 1 })).toBe(2 * SESSION_IDLE_MS - 1);
    expect(endsAt({ ...session, lastUsedAt: SESSION_LONGEST_MS - 1 })).toBe(SESSION_LONGEST_MS);
    // A record without its own end has one all the same.
    expect(endsAt({ ...session, expiresAt: null, lastUsedAt: SESSION_LONGEST_MS })).toBe(SESSION_LONGEST_MS);
  });

  it('a key is as long as was said, used or not', () => {
    const key = { ...session, kind: 'script' as const, lastUsedAt: 5 };
    expect([endsAt({ ...key, expiresAt: null }), endsAt({ ...key, expiresAt: 7 })]).toEqual([null, 7]);
  });

  it('ends by revocation first, and not by a clock that was set back', () => {
    const record = { ...session, revokedAt: null };
    expect(endingOf(record, SESSION_IDLE_MS - 1)).toBe('live');
    expect(endingOf(record, SESSION_IDLE_MS)).toBe('expired');
    expect(endingOf({ ...record, revokedAt: 1 }, SESSION_IDLE_MS)).toBe('revoked');
    expect(endingOf({ ...record, createdAt: 1000 }, 0)).toBe('live');
  });

  it('is remembered for a while, but an expired key until it is revoked', () => {
    const record = { ...session, revokedAt: null };
    const key = { ...record, kind: 'program' as const, expiresAt: 1 };
    expect(isForgotten(record, SESSION_IDLE_MS + REMEMBER_ENDED_MS - 1)).toBe(false);
    expect(isForgotten(record, SESSION_IDLE_MS + REMEMBER_ENDED_MS)).toBe(true);
    expect(isForgotten(key, Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(isForgotten({ ...key, revokedAt: 5 }, 4 + REMEMBER_ENDED_MS)).toBe(false);
    expect(isForgotten({ ...key, revokedAt: 5 }, 5 + REMEMBER_ENDED_MS)).toBe(true);
  });
});

describe('the rights of a key', () => {
  it('are the usual ones of its kind, without those that another includes', () => {
    expect(rightsOfKey('script', undefined)).toEqual(['view', 'tasks']);
    expect(rightsOfKey('program', undefined)).toEqual(['wake', 'infer', 'tasks']);
    expect(rightsOfKey('script', ['control', 'view', 'infer', 'control'])).toEqual(['infer', 'control']);
    expect(rightsOfKey('script', ['manage', 'view'])).toEqual(['manage']);
  });

  it.each(['control', 'manage'] as const)('never include %s for a program', (right) => {
    expect(() => rightsOfKey('program', ['infer', right])).toThrow(
      expect.objectContaining({
        code: 'BAD_RIGHTS',
        details: { field: 'rights', rights: expect.arrayContaining([right]) },
      }),
    );
  });
});

describe('a name', () => {
  it('is free, or gets the first free number', () => {
    expect(freeName('Firefox on Linux', [])).toBe('Firefox on Linux');
    expect(freeName('a', ['A'])).toBe('a 2');
    expect(freeName('a', ['a', 'a 2', 'a 4'])).toBe('a 3');
  });

  it('is the same in any case, width and composition', () => {
    expect(nameKey(' Café ')).toBe(nameKey('CAFE\u0301'));
    expect(nameKey('Ａ')).toBe(nameKey('a'));
    expect(nameKey('a')).not.toBe(nameKey('b'));
  });

  test.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'Safari on macOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    ['curl/8.5.0', 'Browser'],
    ['<script>', 'Browser'],
    [undefined, 'Browser'],
  ])('of %s is %s', (agent, name) => {
    expect(browserName(agent)).toBe(name);
  });
});

describe('the proof of a session', () => {
  const question = { digest: secretDigest('bearer'), nonce: 'ab'.repeat(16), origin: 'http://127.0.0.1:1' };

  it('depends on the bearer, the nonce and the origin', () => {
    const proof = sessionProof(question);
    expect(proof).toMatch(/^[0-9a-f]{64}$/);
    expect(sessionProof({ ...question })).toBe(proof);
    for (const other of [
      { digest: secretDigest('other') },
      { nonce: 'cd'.repeat(16) },
      { origin: 'http://127.0.0.1:2' },
    ]) {
      expect(sessionProof({ ...question, ...other })).not.toBe(proof);
    }
  });
});
