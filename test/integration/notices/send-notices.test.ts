import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createSendNotices } from '../../../electron/adapters/notices/send-notices.ts';
import { plainText } from '../../../shared/models/message.ts';

const batch = {
  notices: [
    {
      ...{ at: 0, kind: 'models' as const, severity: 'warning' as const, node: null },
      message: plainText('Größe – a model fell to the CPU.'),
      why: plainText('Its VRAM is full.'),
    },
  ],
  more: 0,
};
const never = new AbortController().signal;
const send = createSendNotices({ http: createNodeHttp() });

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

async function startService(status: number) {
  const got: { path: string | undefined; authorization: string | undefined; body: unknown }[] = [];
  const server = createServer(async (request: IncomingMessage, reply) => {
    got.push({
      path: request.url,
      authorization: request.headers.authorization,
      body: JSON.parse(await text(request)),
    });
    reply.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closings.push(() => new Promise((done) => server.close(done)));
  return { got, at: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function startMailServer(options: { password?: string } = {}) {
  const got: { from: string; to: string[]; raw: string; user: string | null }[] = [];
  const server = new SMTPServer({
    authOptional: options.password === undefined,
    allowInsecureAuth: true,
    hideSTARTTLS: true,
    onAuth: ({ username, password }, _session, done) =>
      password === options.password ? done(null, { user: username }) : done(new Error('Wrong password')),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('nobody@') ? done(new Error('No such user')) : done(),
    onData: (stream, session, done) => {
      void text(stream).then((raw) => {
        const { mailFrom, rcptTo } = session.envelope;
        got.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          ...{ raw, user: session.user ?? null },
        });
        done();
      });
    },
  });
  server.on('error', () => {});
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  closings.push(() => new Promise<void>((done) => server.close(done)));
  return { got, at: `127.0.0.1:${(listening.address() as AddressInfo).port}` };
}

describe('over HTTP', () => {
  it('ntfy: JSON at the root, with the token of the address', async () => {
    const { got, at } = await startService(200);
    await send({ channel: 'ntfy', url: `http://:tk_secret@${at}/topic` }, batch, never);
    expect(got).toMatchObject([
      {
        path: '/',
        authorization: `Basic ${Buffer.from(':tk_secret').toString('base64')}`,
        body: { topic: 'topic', title: 'Größe – a model fell to the CPU.' },
      },
    ]);
  });

  it('chat and webhook: at the address as it is', async () => {
    const { got, at } = await startService(204);
    await send({ channel: 'chat', url: `http://${at}/services/T/B?wait=true` }, batch, never);
    await send({ channel: 'webhook', url: `http://${at}/hook` }, batch, never);
    expect(got.map(({ path }) => path)).toEqual(['/services/T/B?wait=true', '/hook']);
    expect(got[0]?.body).toEqual({ text: 'Größe – a model fell to the CPU.\nIts VRAM is full.' });
  });

  it.each([302, 401, 404, 429, 500])('an answer of %i is an error that says so', async (status) => {
    const { at } = await startService(status);
    const sent = send({ channel: 'webhook', url: `http://${at}/` }, batch, never);
    await expect(sent).rejects.toMatchObject({
      code: 'NOTICE_REFUSED',
      message: expect.stringContaining(`${status}`),
    });
  });
});

describe('by e-mail', () => {
  const target = (server: string, to = ['me@example.org', 'you@example.org'], from: string | null = null) =>
    ({ channel: 'mail', server, to, from }) as const;

  it('to each recipient, with a subject that is not ASCII', async () => {
    const { got, at } = await startMailServer();
    await send(target(`smtp://${at}`, undefined, 'panel@example.org'), batch, never);
    expect(got).toMatchObject([{ from: 'panel@example.org', to: ['me@example.org', 'you@example.org'] }]);
    expect(got[0]?.raw).toMatch(/^Subject: =\?UTF-8\?/im);
    expect(got[0]?.raw).toContain('Its VRAM is full.');
    expect(got[0]?.raw).toMatch(/^Auto-Submitted: auto-generated/im);
  });

  it('signs in with the user and password of the address, and sends from that user', async () => {
    const { got, at } = await startMailServer({ password: 'p@ss word' });
    await send(target(`smtp://bob%40example.org:p%40ss%20word@${at}`), batch, never);
    expect(got).toMatchObject([{ from: 'bob@example.org', user: 'bob@example.org' }]);
  });

  it('a wrong password, and a recipient that is refused, are errors with what the server said', async () => {
    const { at } = await startMailServer({ password: 'right' });
    const wrong = send(target(`smtp://bob:wrong@${at}`), batch, never);
    await expect(wrong).rejects.toMatchObject({
      code: 'MAIL_REFUSED',
      message: expect.stringContaining('password'),
    });
    const open = await startMailServer();
    const nobody = send(target(`smtp://${open.at}`, ['nobody@example.org']), batch, never);
    await expect(nobody).rejects.toMatchObject({
      code: 'MAIL_REFUSED',
      message: expect.stringContaining('No such user'),
    });
  });

  it('nobody listens', async () => {
    const { at } = await startMailServer();
    await closings.pop()?.();
    await expect(send(target(`smtp://${at}`), batch, never)).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
    });
  });

  it('a server that says nothing is left when the caller gives up', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const gone = new AbortController();
    const sockets: Socket[] = [];
    silent.on('connection', (socket) => {
      sockets.push(socket);
      gone.abort(new DOMException('Enough.', 'AbortError'));
    });
    closings.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => silent.close(done));
    });
    const { port } = silent.address() as AddressInfo;
    await expect(send(target(`smtp://127.0.0.1:${port}`), batch, gone.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
