import { webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { secretDigest } from '../../../../electron/core/access/secret-format.ts';
import { sessionProof } from '../../../../electron/core/access/session-proof.ts';
import { createSessionKeeper, tokenFromHash } from '../../../../renderer/client/session.ts';
import type { ErrorCode } from '../../../../shared/contract/errors.ts';

const origin = 'http://127.0.0.1:4711';
const storageKey = 'pilotlight.session.core-1';
const signed = (id: string, bearer: string) => JSON.stringify({ id, bearer });

function memory(entries: Record<string, string> = {}) {
  const kept = new Map(Object.entries(entries));
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

const refusal = (code: ErrorCode | string, status = 401) =>
  Response.json({ code, message: 'no', next: 'do this' }, { status });

/** A core that knows these sessions, or another program at its address. */
function core(sessions: Record<string, string> = {}, { at = origin } = {}) {
  return {
    sessions: new Map(Object.entries(sessions)),
    ended: new Set<string>(),
    tokens: new Set(['t-1']),
    used: new Set<string>(),
    count: 0,
    answer(path: string, body: Record<string, string>, authorization: string | undefined): Response {
      if (path.endsWith('/proof')) {
        const { session = '', nonce = '' } = body;
        if (this.ended.has(session)) return refusal('SESSION_ENDED');
        const bearer = this.sessions.get(session);
        if (bearer === undefined) return refusal('UNAUTHORIZED');
        return Response.json({ proof: sessionProof({ digest: secretDigest(bearer), nonce, origin: at }) });
      }
      const { token = '', earlierBearer } = body;
      if (this.used.has(token)) return refusal('TOKEN_USED');
      if (!this.tokens.delete(token) && earlierBearer !== 'earlier') return refusal('UNAUTHORIZED');
      this.used.add(token);
      const before = [...this.sessions].find(([, bearer]) => authorization === `Bearer ${bearer}`);
      if (before) return Response.json({ session: before[0], bearer: before[1] });
      this.count += 1;
      const [session, bearer] = [`s-${this.count}`, `b-${this.count}`];
      this.sessions.set(session, bearer);
      return Response.json({ session, bearer });
    },
  };
}

function open({
  hash = '',
  storage = memory(),
  tabStorage = memory(),
  server = core() as { answer(path: string, body: Record<string, string>, authorization?: string): Response },
} = {}) {
  const asked: { path: string; body: string; authorization: string | undefined }[] = [];
  const place = { hash, hashes: [] as string[], down: false };
  const keeper = createSessionKeeper({
    hash: () => place.hash,
    replaceHash: (next) => void place.hashes.push(next),
    storage,
    tabStorage,
    coreId: 'core-1',
    origin,
    crypto: webcrypto as never,
    fetch: (path, init) => {
      if (place.down) return Promise.reject(new TypeError('refused'));
      const { authorization } = init.headers as Record<string, string>;
      asked.push({ path, body: String(init.body), authorization });
      return Promise.resolve(server.answer(path, JSON.parse(String(init.body)), authorization));
    },
  });
  return { keeper, asked, place, storage, tabStorage, server };
}

test.each([
  ['#token=abc', 'abc'],
  ['#/fleet?token=a%2Db', 'a-b'],
  ['#/fleet', null],
  ['', null],
  ['#token=', null],
  ['#token=%', null],
])('the token in %s is %s', (hash, token) => {
  expect(tokenFromHash(hash)).toBe(token);
});

describe('a one-time address', () => {
  test('signs this browser in: the token leaves the address at once, and the session is for every tab', async () => {
    const { keeper, place, storage } = open({ hash: '#token=t-1' });
    expect(place.hashes).toEqual(['#/fleet']);
    expect(await keeper.open()).toEqual({ bearer: 'b-1' });
    expect(storage.kept.get(keeper.storageKey)).toBe(signed('s-1', 'b-1'));
    expect(keeper.storageKey).toBe(storageKey);
  });

  test('keeps the session of a browser that is signed in', async () => {
    const storage = memory({ [storageKey]: signed('s-0', 'b-0') });
    const { keeper } = open({ hash: '#token=t-1', storage, server: core({ 's-0': 'b-0' }) });
    expect(await keeper.open()).toEqual({ bearer: 'b-0' });
    expect(storage.kept.get(storageKey)).toBe(signed('s-0', 'b-0'));
  });

  test('that was used is reported, unless this browser is signed in', async () => {
    const server = core({ 's-0': 'b-0' });
    server.used.add('t-1');
    expect(await open({ hash: '#token=t-1', server }).keeper.open()).toMatchObject({
      error: { code: 'TOKEN_USED' },
    });
    const storage = memory({ [storageKey]: signed('s-0', 'b-0') });
    expect(await open({ hash: '#token=t-1', server, storage }).keeper.open()).toEqual({ bearer: 'b-0' });
  });

  test('is not lost while the core does not answer', async () => {
    const { keeper, place } = open({ hash: '#token=t-1' });
    place.down = true;
    expect(await keeper.open()).toMatchObject({ error: { code: 'LINK_LOST' } });
    place.down = false;
    expect(await keeper.open()).toEqual({ bearer: 'b-1' });
  });

  test('may be entered in a tab that is open already', async () => {
    const { keeper, place } = open({ hash: '#/fleet' });
    expect(await keeper.open()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
    expect(keeper.takeToken()).toBe(false);
    place.hash = '#token=t-1';
    expect(keeper.takeToken()).toBe(true);
    expect(await keeper.open()).toEqual({ bearer: 'b-1' });
  });
});

describe('a session that is kept', () => {
  const storage = () => memory({ [storageKey]: signed('s-0', 'b-0') });

  test('is used after the core has proved itself, to which the bearer is never sent before', async () => {
    const { keeper, asked } = open({ storage: storage(), server: core({ 's-0': 'b-0' }) });
    expect(await keeper.open()).toEqual({ bearer: 'b-0' });
    expect(asked.map(({ path }) => path)).toEqual(['/api/session/proof']);
    expect(JSON.stringify(asked)).not.toContain('b-0');
    await keeper.open();
    const nonces = asked.map(({ body }) => (JSON.parse(body) as { nonce: string }).nonce);
    expect(new Set(nonces).size).toBe(2);
  });

  test('has ended for every tab that had it, also if another one was told first', async () => {
    const server = core({ 's-0': 'b-0' });
    const shared = storage();
    const [one, other] = [open({ storage: shared, server }), open({ storage: shared, server })];
    await one.keeper.open();
    await other.keeper.open();
    server.ended.add('s-0');
    expect(await one.keeper.open()).toMatchObject({ error: { code: 'SESSION_ENDED' } });
    expect(await other.keeper.open()).toMatchObject({ error: { code: 'SESSION_ENDED' } });
    expect(await open({ storage: shared, server }).keeper.open()).toMatchObject({
      error: { code: 'UNAUTHORIZED' },
    });
  });

  test.each<[string, () => Response]>([
    ['a page', () => new Response('<html>', { status: 200 })],
    ['a made-up proof', () => Response.json({ proof: 'ab'.repeat(32) })],
    ['a proof that is none', () => Response.json({ proof: 'yes' })],
    ['an empty object', () => Response.json({})],
    ['a server error', () => new Response('', { status: 500 })],
    [
      'a proof of another nonce',
      () => Response.json({ proof: sessionProof({ digest: secretDigest('b-0'), nonce: 'ab', origin }) }),
    ],
  ])('stays with this browser when another program answers with %s', async (_what, answer) => {
    const kept = storage();
    const { keeper, asked } = open({ storage: kept, hash: '#token=t-1', server: { answer } });
    expect(await keeper.open()).toMatchObject({ error: { code: 'OTHER_PROGRAM' } });
    expect(kept.kept.size).toBe(1);
    // Neither the bearer nor the token of the address was sent.
    expect(JSON.stringify(asked)).not.toMatch(/b-0|t-1/);
  });

  test('is not passed on to a core at another port, whose proof is for that port', async () => {
    const relayed = core({ 's-0': 'b-0' }, { at: 'http://127.0.0.1:9999' });
    const { keeper } = open({ storage: storage(), server: relayed });
    expect(await keeper.open()).toMatchObject({ error: { code: 'OTHER_PROGRAM' } });
  });

  test('is forgotten when it was revoked or has expired', async () => {
    const server = core({ 's-0': 'b-0' });
    server.ended.add('s-0');
    const kept = storage();
    const { keeper } = open({ storage: kept, server });
    expect(await keeper.open()).toMatchObject({ error: { code: 'SESSION_ENDED' } });
    expect(kept.kept.size).toBe(0);
    expect(await keeper.open()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
  });

  test('of another tab that signed in meanwhile is not forgotten', async () => {
    const kept = storage();
    const server = {
      answer() {
        kept.setItem(storageKey, signed('s-5', 'b-5'));
        return refusal('SESSION_ENDED');
      },
    };
    const { keeper } = open({ storage: kept, server });
    await keeper.open();
    expect(kept.kept.get(storageKey)).toBe(signed('s-5', 'b-5'));
  });

  test('of another core at the same address is left alone', async () => {
    const other = memory({ 'pilotlight.session.core-2': signed('s-2', 'b-2') });
    const { keeper, asked } = open({ storage: other });
    expect(await keeper.open()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
    expect(JSON.stringify(asked)).not.toContain('b-2');
    expect(other.kept.size).toBe(1);
  });

  test('waits while the core is busy or starting', async () => {
    for (const code of ['SERVER_BUSY', 'STOPPING']) {
      const { keeper } = open({ storage: storage(), server: { answer: () => refusal(code, 503) } });
      expect(await keeper.open()).toMatchObject({ error: { code: 'LINK_LOST' } });
    }
  });

  test.each(['', 'nonsense', '[]', '{"id":7}', '{"bearer":"b-0"}', 'null'])(
    'that is damaged (%s) is none',
    async (text) => {
      const { keeper } = open({ storage: memory({ [storageKey]: text }) });
      expect(await keeper.open()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
    },
  );
});

describe('a tab of an earlier version', () => {
  test('trades its bearer in for a session, and forgets it', async () => {
    const { keeper, storage, tabStorage } = open({ tabStorage: memory({ 'pilotlight.bearer': 'earlier' }) });
    expect(await keeper.open()).toEqual({ bearer: 'b-1' });
    expect([storage.kept.size, tabStorage.kept.size]).toEqual([1, 0]);
  });

  test('whose bearer is not accepted any more is asked to sign in', async () => {
    const { keeper, tabStorage } = open({ tabStorage: memory({ 'pilotlight.bearer': 'too old' }) });
    expect(await keeper.open()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
    expect(tabStorage.kept.size).toBe(0);
  });
});

test('a browser that offers no cryptography to the page is served all the same', async () => {
  const keeper = createSessionKeeper({
    hash: () => '',
    replaceHash: () => {},
    storage: memory({ [storageKey]: signed('s-0', 'b-0') }),
    tabStorage: memory(),
    coreId: 'core-1',
    origin,
    crypto: { subtle: undefined, getRandomValues: (bytes) => bytes },
    fetch: () => Promise.resolve(Response.json({ proof: 'ab'.repeat(32) })),
  });
  expect(await keeper.open()).toEqual({ bearer: 'b-0' });
});
