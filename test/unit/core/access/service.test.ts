import { describe, expect, it } from 'vitest';
import { accessMethods } from '../../../../electron/core/access/methods.ts';
import { secretDigest } from '../../../../electron/core/access/secret-format.ts';
import { sessionProof } from '../../../../electron/core/access/session-proof.ts';
import { closedPanelNetwork } from '../../../../electron/core/ports/panel-network.ts';
import { damagedCredential } from '../../../../shared/models/access.ts';
import { createMemoryAccess } from '../../../fakes/access.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const day = 86_400_000;
const origin = 'http://127.0.0.1:4711';
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const script = { kind: 'script', expiresInDays: null } as const;

function open(options: Partial<Parameters<typeof createMemoryAccess>[0]> = {}) {
  const clock = createFakeClock();
  const world = createMemoryAccess({ clock, ...options });
  const ended: string[] = [];
  world.access.onEnded((id) => ended.push(id));
  return { ...world, clock, ended };
}

const code = (of: string) => expect.objectContaining({ code: of });

describe('a key', () => {
  it('opens what its rights say, and is saved as a digest only', () => {
    const { access, records, streams, entries, log } = open();
    const { credential, secret } = access.addKey({ ...script, name: 'backup', rights: ['view'] });
    expect(access.check(secret, null)).toMatchObject({
      outcome: 'accepted',
      credential: { id: credential.id, name: 'backup', rights: ['view'] },
    });
    expect(records.get(credential.id)?.digest).toBe(secretDigest(secret));
    const seen = JSON.stringify([
      [...records.values()],
      streams.access.values(),
      entries,
      log.lines,
      access.keys(),
    ]);
    expect(seen).not.toContain(secret);
    expect(JSON.stringify([streams.access.values(), access.keys(), entries])).not.toContain(
      secretDigest(secret),
    );
    expect(entries.map(({ message }) => message.code)).toEqual(['KEY_CREATED']);
  });

  it('has a name that no other live key of its kind has', () => {
    const { access } = open();
    const { credential } = access.addKey({ ...script, name: 'Backup' });
    expect(() => access.addKey({ ...script, name: 'backup' })).toThrow(code('ALREADY_EXISTS'));
    access.addKey({ ...script, name: 'backup', kind: 'program' });
    access.revokeKey(credential.id);
    access.addKey({ ...script, name: 'backup' });
    expect(access.keys().map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'program backup',
      'script backup',
    ]);
  });

  it('that is revoked opens nothing, is listed no more, and whatever is open with it ends', () => {
    const { access, ended, streams } = open();
    const { credential, secret } = access.addKey({ ...script, name: 'a' });
    access.revokeKey(credential.id);
    expect(access.check(secret, null).outcome).toBe('revoked');
    expect([ended, access.keys(), streams.access.values()]).toEqual([[credential.id], [], []]);
    expect(access.find(credential.id)).toBeNull();
    expect(access.use(credential.id)).toBe(false);
    expect(() => access.revokeKey(credential.id)).toThrow(code('NOT_FOUND'));
  });

  it('that is rotated keeps its id, and its old secret is known as replaced', () => {
    const { access, ended, clock } = open();
    const first = access.addKey({ ...script, name: 'a', rights: ['control'], expiresInDays: 10 });
    void clock.advance(4 * day);
    const second = access.rotateKey(first.credential.id);
    expect(second.credential).toMatchObject({ id: first.credential.id, name: 'a', rights: ['control'] });
    expect(access.check(first.secret, null).outcome).toBe('revoked');
    expect(access.check(second.secret, null).outcome).toBe('accepted');
    expect(ended).toEqual([first.credential.id]);
    expect(access.keys()).toHaveLength(1);
  });

  it('that expires stays listed, is worth nothing, and lasts as long again when it is rotated', async () => {
    const { access, clock } = open();
    const { credential, secret } = access.addKey({ ...script, name: 'a', expiresInDays: 10 });
    await clock.advance(10 * day - 1);
    expect(access.check(secret, null).outcome).toBe('accepted');
    await clock.advance(1);
    expect(access.check(secret, null).outcome).toBe('expired');
    expect(access.use(credential.id)).toBe(false);
    expect(access.keys()).toMatchObject([{ id: credential.id, expiresAt: clock.now() }]);
    const again = access.rotateKey(credential.id);
    expect(again.credential.expiresAt).toBe(clock.now() + 10 * day);
    expect(access.check(again.secret, null).outcome).toBe('accepted');
  });

  it('is saved or not created, and its revocation never fails', () => {
    const { access, state, records } = open();
    const { credential, secret } = access.addKey({ ...script, name: 'a' });
    state.full = true;
    expect(() => access.addKey({ ...script, name: 'b' })).toThrow(code('DISK_FULL'));
    expect(() => access.rotateKey(credential.id)).toThrow(code('DISK_FULL'));
    expect(access.check(secret, null).outcome).toBe('accepted');
    expect([access.keys().length, records.size]).toEqual([1, 1]);
  });

  it('is one of two hundred at most', () => {
    const { access } = open();
    for (let count = 0; count < 200; count += 1) access.addKey({ ...script, name: `key ${count}` });
    expect(() => access.addKey({ ...script, name: 'one more' })).toThrow(code('TOO_MANY_KEYS'));
    access.revokeKey(access.keys()[0]?.id ?? '');
    access.addKey({ ...script, name: 'one more' });
  });
});

describe('guessing', () => {
  it('finds nothing: other secrets, digests, ids and names open no door', () => {
    const { access, records } = open();
    const { credential, secret } = access.addKey({ ...script, name: 'a' });
    const guesses = [
      '',
      'a',
      credential.id,
      secretDigest(secret),
      records.get(credential.id)?.digest ?? '',
      secret.slice(0, -1),
      `${secret}x`,
      secret.toLowerCase(),
      secret.replace('key', 'session'),
      'null',
      'undefined',
      '\0',
    ];
    for (const guess of guesses)
      expect([guess, access.check(guess, origin).outcome]).toEqual([guess, 'unknown']);
  });
});

describe('a damaged record', () => {
  it('opens nothing, keeps its place in the list, and goes when it is revoked', () => {
    const { access, streams } = open({ saved: [damagedCredential('key_lost', 0)] });
    expect(access.keys()).toMatchObject([{ id: 'key_lost', damaged: true, rights: [] }]);
    expect(streams.access.values()).toMatchObject([{ id: 'key_lost', damaged: true }]);
    for (const guess of ['', 'null', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']) {
      expect(access.check(guess, null).outcome).toBe('unknown');
    }
    expect(access.known()).toEqual([]);
    access.revokeKey('key_lost');
    expect(access.keys()).toEqual([]);
  });
});

describe('a session', () => {
  it('is named after its browser, and may do everything at its own origin', () => {
    const { access, entries } = open();
    const first = access.openSession({ origin, userAgent });
    const second = access.openSession({ origin, userAgent });
    expect(access.sessions().map(({ name }) => name)).toEqual(['Firefox on Linux', 'Firefox on Linux 2']);
    expect(access.check(first.secret, origin)).toMatchObject({
      outcome: 'accepted',
      credential: { kind: 'session', rights: ['manage'] },
    });
    expect(access.check(second.secret, 'http://127.0.0.1:4712').outcome).toBe('unknown');
    expect(entries.map(({ message }) => message.code)).toEqual(['SIGNED_IN', 'SIGNED_IN']);
  });

  it('slides by thirty days, and ends after ninety until its browser signs in again', async () => {
    const { access, clock } = open();
    const { credential, secret } = access.openSession({ origin, userAgent });
    for (let turn = 0; turn < 3; turn += 1) {
      await clock.advance(29 * day);
      expect(access.check(secret, origin).outcome).toBe('accepted');
    }
    access.renewSession(credential.id);
    await clock.advance(29 * day);
    expect(access.check(secret, origin).outcome).toBe('accepted');
    await clock.advance(30 * day);
    expect(access.check(secret, origin).outcome).toBe('expired');
    expect(access.sessions()).toEqual([]);
  });

  it('is signed out alone, or all others at once', () => {
    const { access, ended, entries } = open();
    const [one, two, three] = [1, 2, 3].map(() => access.openSession({ origin, userAgent }).credential.id);
    access.revokeSession(one ?? '');
    expect(access.revokeOtherSessions(two ?? null)).toBe(1);
    expect(ended).toEqual([one, three]);
    expect(access.sessions().map(({ id }) => id)).toEqual([two]);
    expect(access.revokeOtherSessions(null)).toBe(1);
    expect(access.revokeOtherSessions(null)).toBe(0);
    expect(entries.map(({ message }) => message.code).slice(3)).toEqual([
      'SIGNED_OUT',
      'SIGNED_OUT_OTHERS',
      'SIGNED_OUT_OTHERS',
    ]);
    expect(() => access.revokeSession('nope')).toThrow(code('NOT_FOUND'));
  });

  it('is signed out where another program has taken its port', () => {
    const { access, entries, ended } = open();
    const here = access.openSession({ origin, userAgent }).credential.id;
    const local = access.openSession({ origin: 'http://localhost:4711', userAgent }).credential.id;
    access.openSession({ origin: 'http://127.0.0.1:14711', userAgent });
    access.openSession({ origin: 'http://127.0.0.1:471', userAgent });
    access.portTaken(4711);
    expect(ended).toEqual([here, local]);
    expect(entries.at(-1)?.message).toEqual({ code: 'PORT_WAS_TAKEN', params: { port: 4711, count: 2 } });
    access.portTaken(1);
    expect(access.sessions()).toHaveLength(2);
  });

  it('is one of a hundred: the one that was unused for longest is signed out', async () => {
    const { access, clock, ended } = open();
    const opened: { id: string; secret: string }[] = [];
    for (let count = 0; count < 100; count += 1) {
      const { credential, secret } = access.openSession({ origin, userAgent });
      opened.push({ id: credential.id, secret });
      await clock.advance(1);
    }
    access.check(opened[0]?.secret ?? '', origin);
    access.openSession({ origin, userAgent });
    expect(ended).toEqual([opened[1]?.id]);
    expect(access.sessions()).toHaveLength(100);
  });

  it('is proved to its own origin, without its bearer, while it is live', () => {
    const { access } = open();
    const { credential, secret } = access.openSession({ origin, userAgent });
    const question = { id: credential.id, nonce: 'ab'.repeat(16), origin };
    expect(access.proveSession(question)).toBe(
      sessionProof({ digest: secretDigest(secret), nonce: question.nonce, origin }),
    );
    expect(() => access.proveSession({ ...question, origin: 'http://127.0.0.1:1' })).toThrow(
      code('UNAUTHORIZED'),
    );
    expect(() => access.proveSession({ ...question, id: 'session_x' })).toThrow(code('UNAUTHORIZED'));
    const key = access.addKey({ ...script, name: 'a' }).credential.id;
    expect(() => access.proveSession({ ...question, id: key })).toThrow(code('UNAUTHORIZED'));
    access.revokeSession(credential.id);
    expect(() => access.proveSession(question)).toThrow(code('SESSION_ENDED'));
  });
});

describe('the last use', () => {
  it('is known at once, shown each minute, and saved every ten', async () => {
    const { access, clock, records, state, streams } = open();
    const { credential, secret } = access.addKey({ ...script, name: 'a' });
    const before = state.writes;
    const start = clock.now();
    for (let minute = 0; minute < 9; minute += 1) {
      for (let request = 0; request < 100; request += 1) access.check(secret, null);
      await clock.advance(60_000);
    }
    expect(access.find(credential.id)?.lastUsedAt).toBe(start + 8 * 60_000);
    expect(streams.access.get(credential.id)?.lastUsedAt).toBe(start + 8 * 60_000);
    expect(state.writes).toBe(before);
    await clock.advance(2 * 60_000);
    expect([state.writes - before, records.get(credential.id)?.lastUsedAt]).toEqual([1, start + 8 * 60_000]);
    // Nothing runs while nothing is used.
    expect(clock.pending()).toBe(0);
  });

  it('is saved at the stop, and survives a full disk', async () => {
    const { access, clock, records, state } = open();
    const { credential, secret } = access.addKey({ ...script, name: 'a' });
    access.check(secret, null);
    state.full = true;
    await clock.advance(11 * 60_000);
    expect(access.check(secret, null).outcome).toBe('accepted');
    state.full = false;
    access.stop();
    expect(records.get(credential.id)?.lastUsedAt).toBe(clock.now());
    expect(clock.pending()).toBe(0);
  });

  it('of a revoked key brings nothing back', () => {
    const { access, records } = open();
    const { credential, secret } = access.addKey({ ...script, name: 'a' });
    access.check(secret, null);
    access.revokeKey(credential.id);
    access.stop();
    expect(records.get(credential.id)?.revokedAt).not.toBeNull();
  });
});

describe('after a restart', () => {
  it('everything is as it was, and what ended long ago is forgotten', async () => {
    const first = open();
    const key = first.access.addKey({ ...script, name: 'a' });
    const revoked = first.access.addKey({ ...script, name: 'b' });
    const session = first.access.openSession({ origin, userAgent });
    first.access.revokeKey(revoked.credential.id);
    const saved = [...first.records.values()];

    const second = createMemoryAccess({ clock: first.clock, saved });
    expect(second.access.check(key.secret, null).outcome).toBe('accepted');
    expect(second.access.check(revoked.secret, null).outcome).toBe('revoked');
    expect(second.access.check(session.secret, origin).outcome).toBe('accepted');

    await first.clock.advance(60 * day);
    const third = createMemoryAccess({ clock: first.clock, saved });
    expect(third.access.check(revoked.secret, null).outcome).toBe('unknown');
    expect([...third.records.keys()]).toEqual([key.credential.id]);
  });
});

describe('the methods', () => {
  const context = (credentialId: string | null) => ({ credentialId, signal: new AbortController().signal });

  it('tell a caller who it is', () => {
    const { access } = open();
    const methods = accessMethods({ access, network: closedPanelNetwork });
    const key = access.addKey({ ...script, name: 'a', rights: ['control'] }).credential;
    expect(methods['access.caller']({}, context(key.id))).toEqual({
      credential: key,
      rights: ['view', 'wake', 'tasks', 'control'],
    });
    expect(methods['access.caller']({}, context(null))).toMatchObject({ credential: null });
  });

  it('sign out every browser but the one that asks', () => {
    const { access } = open();
    const methods = accessMethods({ access, network: closedPanelNetwork });
    const [mine] = [1, 2, 3].map(() => access.openSession({ origin, userAgent }).credential);
    expect(methods['access.revokeOtherSessions']({}, context(mine?.id ?? null))).toEqual({ revoked: 2 });
    expect(methods['access.sessions']({}, context(null))).toMatchObject([{ id: mine?.id }]);
  });
});
