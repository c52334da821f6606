/** The server proves that it has the token; nothing that crosses can be read, changed or used again. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { callSealed } from '../../../../electron/adapters/http/local-calls/client.ts';
import { proofOf, seal, unseal } from '../../../../electron/adapters/http/local-calls/seal.ts';
import { createLocalCalls } from '../../../../electron/adapters/http/local-calls/server.ts';

const token = 'the-token-of-this-agent-which-is-long';
const nonce = 'nonce-of-the-client-0123';
const paths = { challenge: '/challenge', call: '/call' };

function world() {
  const time = { now: 50_000 };
  const calls = createLocalCalls({ token, monotonic: () => time.now });
  const sealed = (challenge: string, value: unknown, key = token) =>
    seal(value, { token: key, challenge, purpose: 'call' });
  return { time, calls, sealed };
}

describe('a sealed value', () => {
  it('opens as it was, only for the same token, challenge, purpose and companion', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), fc.string(), (value, challenge, bound) => {
        const whole = { token, challenge, purpose: 'answer' as const, bound };
        const sealed = seal({ value }, whole);
        expect(unseal(sealed, whole)).toEqual(JSON.parse(JSON.stringify({ value })));
        for (const other of [
          { token: `${token}x` },
          { challenge: `${challenge}x` },
          { purpose: 'call' as const },
          { bound: `${bound}x` },
        ])
          expect(unseal(sealed, { ...whole, ...other })).toBeNull();
      }),
      { numRuns: 50 },
    );
  });

  it('does not open once a single bit has changed, or if it is no sealed value at all', () => {
    const whole = { token, challenge: 'c', purpose: 'call' as const };
    const bytes = Buffer.from(seal({ a: 1 }, whole), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = Number(changed[at]) ^ 1;
      expect(unseal(changed.toString('base64url'), whole)).toBeNull();
    }
    for (const text of ['', 'x', '{}', 'A'.repeat(38)]) expect(unseal(text, whole)).toBeNull();
  });

  it('is never the same twice', () => {
    const whole = { token, challenge: 'c', purpose: 'call' as const };
    expect(seal('a', whole)).not.toBe(seal('a', whole));
  });
});

describe('the server', () => {
  it('proves that it has the token, for this nonce and challenge alone', () => {
    const { calls } = world();
    const { challenge, proof } = calls.challenge({ nonce });
    expect(proof).toBe(proofOf(token, { nonce, challenge }));
    expect(proof).not.toBe(proofOf(token, { nonce: `${nonce}x`, challenge }));
    expect(proof).not.toBe(proofOf(`${token}x`, { nonce, challenge }));
    expect(calls.challenge({ nonce }).challenge).not.toBe(challenge);
  });

  it('opens a call once', () => {
    const { calls, sealed } = world();
    const { challenge } = calls.challenge({ nonce });
    const request = { challenge, sealed: sealed(challenge, { do: 'it' }) };
    const opened = calls.open(request);
    expect(opened?.call).toEqual({ do: 'it' });
    expect(calls.open(request)).toBeNull();
    expect(calls.open({ challenge, sealed: sealed(challenge, { do: 'more' }) })).toBeNull();
  });

  it('opens it within ten seconds', () => {
    const { calls, sealed, time } = world();
    const { challenge } = calls.challenge({ nonce });
    const request = { challenge, sealed: sealed(challenge, 1) };
    time.now += 10_000;
    expect(calls.open(request)).toBeNull();
    time.now -= 1;
    expect(calls.open(request)?.call).toBe(1);
  });

  it('does not forget a used challenge while it is valid', () => {
    const { calls, sealed, time } = world();
    const first = calls.challenge({ nonce }).challenge;
    const request = { challenge: first, sealed: sealed(first, 1) };
    expect(calls.open(request)).not.toBeNull();
    time.now += 9999;
    const next = calls.challenge({ nonce }).challenge;
    expect(calls.open({ challenge: next, sealed: sealed(next, 2) })).not.toBeNull();
    expect(calls.open(request)).toBeNull();
  });

  it('opens no call for the challenge of another server, even one with the same token', () => {
    const [first, second] = [world(), world()];
    const { challenge } = first.calls.challenge({ nonce });
    const request = { challenge, sealed: first.sealed(challenge, 1) };
    expect(second.calls.open(request)).toBeNull();
    expect(first.calls.open(request)).not.toBeNull();
  });

  it('opens no call of a sender without the token, and the challenge stays valid for the right one', () => {
    const { calls, sealed } = world();
    const { challenge } = calls.challenge({ nonce });
    expect(calls.open({ challenge, sealed: sealed(challenge, 1, 'a guess') })).toBeNull();
    expect(calls.open({ challenge, sealed: 'x' })).toBeNull();
    expect(calls.open({ challenge, sealed: sealed(challenge, 1) })).not.toBeNull();
  });

  it.each(['', 'a.b', 'a.b.c', 'a.b.c.d', '...'])('takes no made-up challenge: %j', (challenge) => {
    const { calls, sealed } = world();
    expect(calls.open({ challenge, sealed: sealed(challenge, 1) })).toBeNull();
  });
});

describe('the client', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  /** A server that answers with what `answer` returns; null leaves the request unanswered. */
  async function serve(answer: (path: string, body: Record<string, string>) => unknown) {
    const seen: string[] = [];
    const server = createServer(async (request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      seen.push(JSON.stringify(request.headers) + text);
      const reply = answer(request.url ?? '', JSON.parse(text));
      if (reply !== null) response.end(typeof reply === 'string' ? reply : JSON.stringify(reply));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { seen, at: { host: '127.0.0.1', port, paths, token } };
  }

  const limits = () => ({ signal: new AbortController().signal, maxAnswerBytes: 1000 });

  /** A server as it should be. */
  function rightServer() {
    const calls = createLocalCalls({ token, monotonic: () => 0 });
    return (path: string, body: Record<string, string>) => {
      if (path === paths.challenge) return calls.challenge({ nonce: body.nonce ?? '' });
      const opened = calls.open({ challenge: body.challenge ?? '', sealed: body.sealed ?? '' });
      return opened?.answer({ youSaid: opened.call }) ?? {};
    };
  }

  it('gets the answer of a server with the same token, and sends nothing that reveals call or token', async () => {
    const { seen, at } = await serve(rightServer());
    expect(await callSealed(at, { secret: 'text of the call' }, limits())).toEqual({
      youSaid: { secret: 'text of the call' },
    });
    expect(seen).toHaveLength(2);
    expect(seen.join()).not.toContain(token);
    expect(seen.join()).not.toContain('text of the call');
  });

  it.each([
    ['says nothing of use', () => ({})],
    ['is no JSON', () => '<html>'],
    ['is too long', () => ({ challenge: 'c', proof: 'p', more: 'x'.repeat(10_000) })],
    ['has a made-up proof', () => ({ challenge: 'c', proof: 'p' })],
    [
      'has the proof of another token',
      (_: string, { nonce: given = '' }) => ({
        challenge: 'c',
        proof: proofOf('another token', { nonce: given, challenge: 'c' }),
      }),
    ],
    [
      'repeats the proof of another nonce',
      () => ({ challenge: 'c', proof: proofOf(token, { nonce, challenge: 'c' }) }),
    ],
  ])('sends no call to a server whose answer %s', async (_, answer) => {
    const { seen, at } = await serve(answer);
    await expect(callSealed(at, { a: 1 }, limits())).rejects.toMatchObject({ reason: 'stranger' });
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toContain(token);
  });

  it('sends no call to a server that switches to another protocol', async () => {
    const server = createServer().on('connection', (socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closing.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const at = { host: '127.0.0.1', port, paths, token };
    await expect(callSealed(at, 1, limits())).rejects.toMatchObject({ reason: 'stranger' });
  });

  it('takes no answer that was sealed for another call', async () => {
    const right = rightServer();
    const other: { sealed?: unknown } = {};
    const { at } = await serve((path, body) => {
      const answer = right(path, body);
      if (path === paths.challenge) return answer;
      const kept = other.sealed ?? answer;
      other.sealed = answer;
      return kept;
    });
    await callSealed(at, 1, limits());
    await expect(callSealed(at, 2, limits())).rejects.toMatchObject({ reason: 'stranger' });
  });

  it('reads no more than its limit', async () => {
    const right = rightServer();
    const { at } = await serve((path, body) =>
      path === paths.challenge ? right(path, body) : 'x'.repeat(2000),
    );
    await expect(callSealed(at, 1, limits())).rejects.toMatchObject({ reason: 'stranger' });
  });

  it('ends when it is cancelled, with the reason of that', async () => {
    const stop = new AbortController();
    const { at } = await serve(() => {
      stop.abort(new Error('enough'));
      return null;
    });
    await expect(callSealed(at, 1, { signal: stop.signal, maxAnswerBytes: 9 })).rejects.toThrow('enough');
  });

  it('says when nothing listens there', async () => {
    const { at } = await serve(() => null);
    closing.splice(0)[0]?.();
    await expect(callSealed(at, 1, limits())).rejects.toMatchObject({ reason: 'unreachable' });
  });
});
