import { describe, expect, test } from 'vitest';
import { createSessionOpener, forgetSession, tokenFromHash } from '../../../../renderer/client/session.ts';

function place(hash: string, answer: () => Promise<Response>, kept: string | null = null) {
  const stored = new Map<string, string>(kept === null ? [] : [['pilotlight.bearer', kept]]);
  const asked: string[] = [];
  const hashes: string[] = [];
  return {
    asked,
    hashes,
    stored,
    hash: () => hash,
    replaceHash: (next: string) => hashes.push(next),
    storage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
      removeItem: (key: string) => void stored.delete(key),
    },
    fetch: (path: string, init: RequestInit) => {
      asked.push(`${init.method} ${path} ${String(init.body)}`);
      return answer();
    },
  };
}

const granted = () => Promise.resolve(Response.json({ bearer: 'b-1' }));
const used = () =>
  Promise.resolve(Response.json({ code: 'TOKEN_USED', message: 'used', next: 'open' }, { status: 401 }));

test.each([
  ['#token=abc', 'abc'],
  ['#/fleet?token=a%2Db', 'a-b'],
  ['#/fleet', null],
  ['', null],
  ['#token=', null],
])('the token in %s is %s', (hash, token) => {
  expect(tokenFromHash(hash)).toBe(token);
});

describe('opening a session', () => {
  test('a token is exchanged, leaves the address before the answer, and its bearer is kept', async () => {
    const here = place('#token=t-1', granted);
    const open = createSessionOpener(here);
    expect(here.hashes).toEqual(['#/fleet']);
    expect(await open()).toEqual({ bearer: 'b-1' });
    expect(here.asked).toEqual(['POST /api/session {"token":"t-1"}']);
    expect(here.stored.get('pilotlight.bearer')).toBe('b-1');
  });

  test('without a token the kept bearer is used and nothing is asked', async () => {
    const here = place('#/index', granted, 'b-0');
    expect(await createSessionOpener(here)()).toEqual({ bearer: 'b-0' });
    expect(here.asked).toEqual([]);
    expect(here.hashes).toEqual([]);
  });

  test('with neither it is UNAUTHORIZED', async () => {
    expect(await createSessionOpener(place('', granted))()).toMatchObject({
      error: { code: 'UNAUTHORIZED' },
    });
  });

  test('a used token is reported as such in an unknown tab', async () => {
    expect(await createSessionOpener(place('#token=t', used))()).toMatchObject({
      error: { code: 'TOKEN_USED' },
    });
  });

  test('a used token in the tab that used it falls back to its bearer', async () => {
    expect(await createSessionOpener(place('#token=t', used, 'b-0'))()).toEqual({ bearer: 'b-0' });
  });

  test('a token is not lost when the core does not answer: it is tried again', async () => {
    let tries = 0;
    const here = place('#token=t', () => {
      tries += 1;
      return tries === 1 ? Promise.reject(new TypeError('refused')) : granted();
    });
    const open = createSessionOpener(here);
    expect(await open()).toMatchObject({ error: { code: 'LINK_LOST' } });
    expect(await open()).toEqual({ bearer: 'b-1' });
  });

  test('an answer that is no JSON is UNAUTHORIZED, not a crash', async () => {
    const here = place('#token=t', () => Promise.resolve(new Response('<html>', { status: 502 })));
    expect(await createSessionOpener(here)()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
  });

  test('a forgotten bearer is removed', () => {
    const here = place('', granted, 'b-0');
    forgetSession(here.storage);
    expect(here.stored.size).toBe(0);
  });
});
