/** Requests and answers on which two programs could disagree where they end: each is refused, and nothing goes on. */
import { describe, expect, it } from 'vitest';
import { startRawServer } from '../../fakes/bad-server.ts';
import { answerJson, node, startGateway, startInFront, startUpstream } from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';
import { heard, hold } from '../../fakes/sockets.ts';

const world = () =>
  startInFront(
    (request, response) => answerJson(response, { done: true, path: request.url }),
    (url) => gatewayTable([node('one', url)]),
  );

const body = '{"model":"m","stream":false}';
const hidden = 'DELETE /n/one/api/delete HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}';
const head = (...lines: string[]) =>
  `POST /api/generate HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

describe('a request whose end is in doubt', () => {
  it.each([
    ['a length and chunks', head('Content-Length: 4', 'Transfer-Encoding: chunked')],
    ['chunks and a length', head('Transfer-Encoding: chunked', 'Content-Length: 4')],
    ['two lengths', head('Content-Length: 4', 'Content-Length: 30')],
    ['a list of lengths', head('Content-Length: 4, 30')],
    ['a negative length', head('Content-Length: -1')],
    ['a length with a sign', head('Content-Length: +28')],
    ['a length in hex', head('Content-Length: 0x1c')],
    ['chunks twice', head('Transfer-Encoding: chunked, identity')],
    ['chunks that are not last', head('Transfer-Encoding: chunked, gzip')],
    ['a disguised encoding', head('Transfer-Encoding: xchunked')],
    ['an encoding in a folded line', head('Transfer-Encoding:', ' chunked')],
    ['a space before the colon', head('Transfer-Encoding : chunked')],
    ['a NUL in a header', head('X-A: a\0b', 'Content-Length: 4')],
    ['a line break of its own', head('X-A: b\nTransfer-Encoding: chunked')],
    ['a size that is none', `${head('Transfer-Encoding: chunked')}0x5\r\nhello\r\n0\r\n\r\n`],
    ['a size that overflows', `${head('Transfer-Encoding: chunked')}10000000000000005\r\nhello\r\n0\r\n\r\n`],
    ['a chunk longer than its size', `${head('Transfer-Encoding: chunked')}2\r\nhello\r\n0\r\n\r\n`],
  ])('for %s is refused, with all that follows it', async (_, bytes) => {
    await using all = await world();
    const held = await hold(all.gateway.port, { bytes: `${bytes}${hidden}` });
    const text = await held.closed;
    // One answer, which says no, and a closed connection.
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    expect(all.server.asked).toEqual([]);
  });

  it('hides no other one in its body', async () => {
    await using all = await world();
    const held = await hold(all.gateway.port, {
      bytes: `${head(`Content-Length: ${hidden.length}`, 'Connection: close')}${hidden}`,
    });
    expect(await held.closed).toMatch(/^HTTP\/1\.1 400 /);
    expect(all.server.asked).toEqual([]);
  });

  it('with headers without end is refused early', async () => {
    await using all = await world();
    const held = await hold(all.gateway.port, {
      bytes: `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${'X-A: b\r\n'.repeat(20_000)}`,
    });
    expect(await held.closed).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('in two at once gets its own answers, in order', async () => {
    await using all = await world();
    const ask = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const held = await hold(all.gateway.port, { bytes: ask('/api/generate') + ask('/api/chat') });
    await heard(held, /"\/api\/chat"\}/);
    expect(held.text().match(/"path":"[^"]*"/g)).toEqual(['"path":"/api/generate"', '"path":"/api/chat"']);
    held.socket.destroy();
  });
});

describe('an answer whose end is in doubt', () => {
  it.each([
    ['a length and chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 2\r\n\r\n{}'],
    ['a header with a NUL', 'X-A: a\0b\r\nContent-Length: 2\r\n\r\n{}'],
    ['a line break of its own', 'X-A: b\rX-B: c\r\nContent-Length: 2\r\n\r\n{}'],
  ])('for %s is not passed on', async (_, rest) => {
    await using server = await startRawServer((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
    const answer = await gateway.ask('/api/generate', { body: { model: 'm', stream: false } });
    expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([502, 'NOT_AN_INFERENCE_SERVER']);
  });

  it('for a chunk of no size breaks off', async () => {
    await using server = await startRawServer((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n'),
    );
    await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
    const answer = await gateway.ask('/api/generate', { body: { model: 'm', stream: false } });
    expect(answer.whole).toBe(false);
  });

  it('followed by one that nobody asked for is the answer to its own request only', async () => {
    const own = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    await using server = await startRawServer((socket) => {
      socket.write(own('{"n":1}') + own('{"n":"smuggled"}'));
      socket.on('data', () => socket.write(own('{"n":2}')));
    });
    await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
    for (let round = 0; round < 5; round += 1) {
      const answer = await gateway.ask('/api/generate', { body: { model: 'm', stream: false } });
      expect(answer.text).not.toContain('smuggled');
    }
  });

  it('announced forever is dropped when its client goes away', async () => {
    await using server = await startUpstream((_, response) => {
      const more = () => {
        if (response.destroyed) return;
        response.writeProcessing();
        setImmediate(more);
      };
      more();
    });
    await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
    const request = gateway.send('/api/generate', { body: { model: 'm' } });
    while (server.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    request.destroy();
    await server.untilClosed(1);
    await gateway.until(() => gateway.finished().length === 1);
    expect(gateway.finished()[0]?.outcome).toBe('cancelled');
  });
});
