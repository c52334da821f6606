import { describe, expect, it } from 'vitest';
import { openFollowing } from '../../../../electron/adapters/updates/open-following.ts';
import type { HttpStream } from '../../../../electron/core/ports/network.ts';

const START = 'https://updates.example/manifest.json';

/** Each address redirects to the next one; the last one answers. Resolves with what was asked, and how it ended. */
async function follow(...[url, ...locations]: [string, ...string[]]) {
  const asked: string[] = [];
  const open = async ({ url: next }: { url: string }): Promise<HttpStream> => {
    const location = locations[asked.length];
    asked.push(next);
    return {
      status: location === undefined ? 200 : 302,
      headers: location === undefined ? {} : { location },
      body: (async function* (): AsyncGenerator<Uint8Array, undefined> {})(),
      close() {},
    };
  };
  const ended = await openFollowing({ open }, { url, signal: new AbortController().signal }).then(
    ({ status }) => status,
    (error: { code: string }) => error.code,
  );
  return { asked, ended };
}

describe('a redirect', () => {
  it('leads on to other hosts by https', async () => {
    const files = 'https://files.example/a/manifest.json?signature=a%2Fb';
    expect(await follow(START, files)).toEqual({ asked: [START, files], ended: 200 });
  });

  it.each([
    'http://127.0.0.1:11434/shutdown',
    'http://127.8.8.8/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://localhost:3003/',
    'http://LOCALHOST/',
    'http://[::1]:80/',
    'https://localhost/',
    'https://panel.localhost/',
    'https://localhost./',
    'https://127.0.0.1/',
    'https://[::ffff:127.0.0.1]/',
    'https://0.0.0.0/',
    'https://192.168.1.1/reboot',
    'https://[fd00::1]/',
    'https://nas.local/',
    'https://router/',
    'http://updates.example/manifest.json',
    'ftp://updates.example/manifest.json',
    'file:///etc/passwd',
  ])('never leads from elsewhere to %s', async (location) => {
    expect(await follow(START, location)).toEqual({ asked: [START], ended: 'UPDATE_UNREACHABLE' });
    const over = 'https://files.example/';
    expect(await follow(START, over, location)).toEqual({
      asked: [START, over],
      ended: 'UPDATE_UNREACHABLE',
    });
  });

  it('may lead on in an own network, but not to this computer', async () => {
    const own = ['https://192.168.1.2/manifest.json', 'https://nas.local/manifest.json'] as const;
    expect(await follow(...own)).toEqual({ asked: [...own], ended: 200 });
    expect((await follow(own[0], 'https://localhost/')).ended).toBe('UPDATE_UNREACHABLE');
  });

  it('may lead on where this computer was named itself', async () => {
    const here = ['http://127.0.0.1:8000/manifest.json', 'http://localhost:8001/manifest.json'] as const;
    expect(await follow(...here)).toEqual({ asked: [...here], ended: 200 });
  });

  it('ends', async () => {
    const { asked, ended } = await follow(START, ...Array.from({ length: 50 }, () => '/'));
    expect([asked.length, ended]).toEqual([6, 'UPDATE_UNREACHABLE']);
  });
});
