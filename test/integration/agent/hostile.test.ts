import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, runAgent, startAgent } from './process.ts';

type Running = Awaited<ReturnType<typeof startAgent>>;
const place = createPlace({ secret: 'old-server-secret', commands: { inhibit: ['cat'] } });
const allowed = '02:00:00:00:00:01';
let agent: Running;

beforeAll(async () => {
  agent = await startAgent(place.folder, [
    ...['--role', 'relay,power,telemetry', '--dry-run', '--broadcast', '127.0.0.1', '--wake-port', '45991'],
    ...[
      '--allow-mac',
      allowed,
      '--open-wake',
      '--target',
      '127.0.0.1',
      '--target-port',
      '1',
      '--ignore-user',
      'root',
    ],
  ]);
});
afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

/** Sends bytes and gives what comes back until the end of the connection. */
async function raw(bytes: string | Buffer, { keepOpen = false } = {}): Promise<string> {
  const socket = connect(agent.port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  if (keepOpen) socket.write(bytes);
  else socket.end(bytes);
  await closed;
  return text;
}

describe.skipIf(process.platform === 'win32')('bad input', () => {
  it.each([
    ['half a JSON', '{"holder":', 'BAD_JSON'],
    ['a list', '[]', 'BAD_REQUEST'],
    ['a negative time', { holder: 'a', purpose: 'b', ttlSeconds: -5 }, 'BAD_REQUEST'],
    ['a year', { holder: 'a', purpose: 'b', ttlSeconds: 31_536_000 }, 'BAD_REQUEST'],
    ['half a second', { holder: 'a', purpose: 'b', ttlSeconds: 0.5 }, 'BAD_REQUEST'],
    ['an unknown field', { holder: 'a', purpose: 'b', ttlSeconds: 5, __proto__x: 1 }, 'BAD_REQUEST'],
    ['control characters', { holder: 'a\u001b[2J', purpose: 'b', ttlSeconds: 5 }, 'BAD_REQUEST'],
    ['10 MB', 'x'.repeat(10_000_000), 'BODY_TOO_LARGE'],
  ])('a lease of %s is refused and changes nothing', async (_, body, code) => {
    // The rest of what is too large may not be taken at all; then the connection ends instead.
    const answer = await agent.call('PUT', '/v1/leases/x', body).catch(() => null);
    if (code !== 'BODY_TOO_LARGE') expect(answer).not.toBeNull();
    if (answer) expect(answer.body).toMatchObject({ error: { code } });
    expect((await agent.call('GET', '/v1/leases')).body.leases).toEqual([]);
  });

  it('says what is wrong with an id, a path and a method', async () => {
    const put = await agent.call('PUT', '/v1/leases/a%2Fb', { holder: 'a', purpose: 'b', ttlSeconds: 5 });
    expect(put.body).toMatchObject({ error: { code: 'BAD_REQUEST' } });
    expect((await agent.call('PUT', '/v1/leases/%', {})).status).toBe(404);
    expect((await agent.call('GET', '/nothing')).body).toMatchObject({
      error: 'Not found',
      endpoints: expect.any(Array),
    });
    expect((await agent.call('POST', '/nothing')).body).toEqual({ error: 'Not found' });
    expect((await agent.call('DELETE', '/v1/power')).status).toBe(405);
    expect((await agent.call('POST', '/v1/power', { action: 'explode' })).status).toBe(400);
  });

  it('answers without a token only what is open', async () => {
    for (const path of ['/status', '/v1/power', '/v1/leases', '/v1/telemetry', '/nothing'])
      expect((await agent.call('GET', path, undefined, null)).status).toBe(401);
    expect(await agent.call('POST', '/shutdown', undefined, null)).toMatchObject({
      status: 401,
      body: { error: 'Unauthorized' },
    });
    expect((await agent.call('GET', '/v1/power', undefined, 'old-server-secret')).status).toBe(200);
    expect((await agent.call('GET', '/health', undefined, null)).body).toMatchObject({
      status: 'ok',
      service: 'gpu-shutdown',
      gpu_pc_reachable: false,
      gpu_pc_ip: '127.0.0.1',
    });
  });

  it.each([
    [
      'an image of a page',
      'user-agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
      'accept: image/avif,*/*',
    ],
    ['a page that hides its browser', 'referer: http://evil.example/'],
    ['a page of this computer', 'sec-fetch-site: cross-site', 'sec-fetch-mode: no-cors'],
    ['an address that a person typed', 'sec-fetch-site: none'],
    ['a form', 'origin: http://evil.example'],
    ['a sandboxed frame', 'origin: null'],
  ])('is not made to wake anything by %s', async (_, ...headers) => {
    const lines = ['GET /wake HTTP/1.1', 'host: a', 'connection: close', ...headers];
    expect(await raw(`${lines.join('\r\n')}\r\n\r\n`, { keepOpen: true })).toMatch(
      /^HTTP\/1\.1 403 .*BROWSER_REFUSED/s,
    );
  });

  it.each([
    ['curl', 'user-agent: curl/8.14.1'],
    [
      'PowerShell',
      'user-agent: Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.26100.1',
    ],
    ['a Node script', 'user-agent: node', 'accept-language: *', 'sec-fetch-mode: cors'],
    ['a bare program'],
  ])('wakes for %s', async (_, ...headers) => {
    const lines = ['GET /wake HTTP/1.1', 'host: a', 'connection: close', ...headers];
    expect(await raw(`${lines.join('\r\n')}\r\n\r\n`, { keepOpen: true })).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('wakes only what is on its list, and no web page can make it', async () => {
    const wake = (body: unknown) => agent.call('POST', '/wake', body, null);
    expect((await agent.call('GET', '/wake', undefined, null)).body).toMatchObject({
      success: true,
      mac: allowed,
    });
    expect((await wake({ mac: '02-00-00-00-00-01' })).status).toBe(200);
    expect(await wake({ mac: '02:00:00:00:00:02' })).toMatchObject({
      status: 403,
      body: { success: false, code: 'MAC_NOT_ALLOWED' },
    });
    expect(await wake({ mac: 'ff:ff:ff:ff:ff:ff' })).toMatchObject({
      status: 400,
      body: { code: 'BAD_MAC' },
    });
    expect((await wake('{')).status).toBe(400);
    const page = await fetch(`${agent.url}/wake`, { headers: { origin: 'http://evil.test' } });
    expect(page.status).toBe(403);
    expect((await agent.call('GET', '/status')).body).toMatchObject({
      gpu_pc: { mac: allowed, ip: '127.0.0.1', broadcast: '127.0.0.1', ollama_reachable: false },
    });
  });

  it('lets no header flood, no slow request and no nonsense hold it up', async () => {
    const flood = `GET /health HTTP/1.1\r\nhost: a\r\n${Array.from({ length: 400 }, (_, index) => `x-${index}: ${'y'.repeat(40)}\r\n`).join('')}\r\n`;
    const [headers, nonsense, slow] = await Promise.all([
      raw(flood),
      raw('\u0000\u0001nonsense\r\n\r\n'),
      raw('GET /health HTTP/1.1\r\nhost: a\r\nx-slow: ', { keepOpen: true }),
    ]);
    expect(headers).toContain('HEADERS_TOO_LARGE');
    expect(nonsense).toContain('BAD_REQUEST');
    expect(slow).toContain('TOO_SLOW');
    expect((await agent.call('GET', '/health')).status).toBe(200);
  });

  it('pushes a sample a second to whoever listens', async () => {
    const stop = new AbortController();
    const response = await fetch(`${agent.url}/v1/telemetry/stream`, {
      headers: { authorization: `Bearer ${agent.token}` },
      signal: stop.signal,
    });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk);
      if (text.split('event: sample').length > 2) break;
    }
    stop.abort();
    expect(text).toMatch(
      /^event: machine\ndata: \{.*"bootId".*\}\n\nevent: sample\ndata: \{.*"memoryTotalBytes"/,
    );
  });

  it.each([
    [['--bind', 'everywhere'], '--bind: expected an IP address'],
    [['--role', 'relay', '--open-wake'], '--open-wake: requires --allow-mac'],
    [['--port', '99999'], '--port: expected a whole number from 0 to 65535'],
    [['--allow-mac', '02:00'], '--allow-mac: expected MAC addresses'],
    [['--announce'], '--announce: requires --bind with an IPv4 address'],
    [['--announce', '--bind', '::1'], '--announce: requires --bind with an IPv4 address'],
    [['--role', 'relay', '--restart-ollama'], '--restart-ollama: requires --role power'],
    [['--restart-ollama=yes'], "Option '--restart-ollama' does not take an argument"],
    [['--secret', 'x'], "Unknown option '--secret'"],
  ])('does not start with %j', async (args, words) => {
    using other = createPlace();
    const { code, complaints } = await runAgent([...args, '--data', other.folder]);
    expect(code).toBe(2);
    expect(complaints).toContain(words);
  });
});
