import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf, makeSelfSigned } from '../../../electron/adapters/http/self-signed.ts';
import { readEndpoint } from '../../../electron/host/endpoint.ts';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { exchangePath, proofPath } from '../../../shared/contract/link.ts';
import type { PanelNetworkView, PanelNetworkWish } from '../../../shared/models/access.ts';
import { everyRight } from '../../../shared/rights.ts';

/** The network, as far as these tests go. */
const address = '127.0.0.2';
let folder: string;
let host: Host;
let port: number;

const start = () =>
  startHost({
    dataFolder: join(folder, 'data'),
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    ownAddresses: () => [
      { address, name: 'lan0' },
      { address: '127.0.0.3', name: 'lan1' },
    ],
  });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const found = (server.address() as AddressInfo).port;
  server.close();
  await once(server, 'close');
  return found;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-network-'));
  port = await freePort();
  host = await start();
});
afterEach(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

const call = (method: string, params: unknown = {}) =>
  host.dispatcher.call({ method, params, scopes: everyRight, signal: new AbortController().signal });
const open = (wish: Partial<PanelNetworkWish> = {}) =>
  call('access.setNetwork', { addresses: [address], port, ...wish }) as Promise<PanelNetworkView>;
const pairToken = async () => {
  const { url } = (await call('access.pair', { address })) as { url: string };
  return { url, token: decodeURIComponent(/#token=(.+)$/.exec(url)?.[1] ?? '') };
};

interface Sent {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: unknown;
  https?: boolean;
  at?: string;
}

/** null if nothing listens there. */
function send({ method = 'GET', path = '/', headers = {}, body, https = false, at = address }: Sent) {
  return new Promise<{ status: number; body: unknown; certificate: Buffer | null } | null>((resolve) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const asked = (https ? secure : plain)(
      {
        ...{ host: at, port, method, path, rejectUnauthorized: false, agent: false },
        headers: { ...(text === '' ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      (response) => {
        const certificate = https ? (response.socket as TLSSocket).getPeerCertificate().raw : null;
        let read = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          read += part;
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: read.startsWith('{') ? JSON.parse(read) : read,
            certificate,
          }),
        );
      },
    );
    asked.on('error', () => resolve(null));
    asked.end(text);
  });
}

const signIn = (token: string, more: Partial<Sent> = {}) =>
  send({ method: 'POST', path: exchangePath, body: { token }, ...more });
const callAs = (bearer: string, more: Partial<Sent> = {}) =>
  send({
    method: 'POST',
    path: '/api/call/access.caller',
    body: {},
    ...more,
    headers: { authorization: `Bearer ${bearer}`, ...more.headers },
  });

describe('the panel in the network', () => {
  it('listens nowhere until a person opens it, and closes at once', async () => {
    expect(await send({})).toBeNull();
    expect(await call('access.network')).toMatchObject({ open: [], problems: [], fingerprint: null });
    expect(await open()).toMatchObject({ open: [{ address, url: `http://${address}:${port}` }] });
    expect((await send({ path: '/api/nothing' }))?.status).toBe(404);
    expect(await send({ at: '127.0.0.3' })).toBeNull();
    await open({ addresses: [] });
    expect(await send({})).toBeNull();
  });

  it('stays open over a restart, and closed after it was closed', async () => {
    await open();
    await host.stop();
    host = await start();
    expect(await send({ path: '/api/nothing' })).not.toBeNull();
    await open({ addresses: [] });
    await host.stop();
    host = await start();
    expect(await send({})).toBeNull();
  });

  it('a file that cannot be read leaves it closed', async () => {
    await open();
    await host.stop();
    writeFileSync(join(folder, 'data', 'panel-network.json'), '{"addresses":["0.0.0.0"]');
    host = await start();
    expect(await send({})).toBeNull();
    expect(await call('access.network')).toMatchObject({ wish: { addresses: [] } });
  });

  it('opens at addresses of this computer only, and a refusal changes nothing', async () => {
    await open();
    for (const strange of ['0.0.0.0', '::', '192.0.2.1', 'localhost'])
      await expect(open({ addresses: [strange] })).rejects.toMatchObject({ code: 'BAD_ADDRESS' });
    const taken = createServer().listen(0, address);
    await once(taken, 'listening');
    const other = (taken.address() as AddressInfo).port;
    await expect(open({ port: other })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    taken.close();
    await expect(open({ tls: 'own', certificateFile: '/nope', keyFile: '/nope' })).rejects.toMatchObject({
      code: 'BAD_CERTIFICATE',
    });
    expect((await send({ path: '/api/nothing' }))?.status).toBe(404);
  });

  it('one address that fails does not close the others', async () => {
    const taken = createServer().listen(port, '127.0.0.3');
    await once(taken, 'listening');
    const view = await open({ addresses: [address, '127.0.0.3'] });
    expect(view.open).toHaveLength(1);
    expect(view.problems).toMatchObject([{ address: '127.0.0.3', code: 'PORT_IN_USE' }]);
    taken.close();
  });
});

describe('a device', () => {
  it('is signed in by a code, once, with a session that can be revoked', async () => {
    await open();
    const { url, token } = await pairToken();
    expect(url.startsWith(`http://${address}:${port}/#token=`)).toBe(true);
    const signed = (await signIn(token))?.body as { bearer: string; session: string };
    expect((await callAs(signed.bearer))?.body).toMatchObject({ credential: { kind: 'session' } });
    expect((await signIn(token))?.body).toMatchObject({ code: 'TOKEN_USED' });
    expect(
      await send({
        method: 'POST',
        path: proofPath,
        body: { session: signed.session, nonce: 'a'.repeat(32) },
      }),
    ).toMatchObject({ status: 200, body: { proof: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    await call('access.revokeSession', { sessionId: signed.session });
    expect((await callAs(signed.bearer))?.body).toMatchObject({ code: 'SESSION_ENDED' });
  });

  it('has a session of that address: its bearer opens nothing elsewhere', async () => {
    await open({ addresses: [address, '127.0.0.3'] });
    const signed = (await signIn((await pairToken()).token))?.body as { bearer: string };
    expect((await callAs(signed.bearer, { at: '127.0.0.3' }))?.status).toBe(401);
  });

  it('never enters with the token of programs of this computer', async () => {
    await open();
    const token = readEndpoint(host.dataFolder)?.token ?? '';
    expect((await callAs(token))?.status).toBe(401);
  });

  it('is refused under another name, and from a page of another site', async () => {
    await open({ names: ['panel.home'] });
    const status = async (headers: Record<string, string>) =>
      (await send({ path: '/api/nothing', headers }))?.status;
    expect(await status({ host: `${address}:${port}` })).toBe(404);
    expect(await status({ host: 'panel.home' })).toBe(404);
    expect(await status({ host: 'panel.home:8443', origin: 'https://panel.home:8443' })).toBe(404);
    for (const headers of [
      { host: `attacker.example:${port}` },
      { host: `127.0.0.1:${port}` },
      { host: `${address}:1` },
      { host: 'panel.home.attacker.example' },
      { host: `${address}:${port}`, origin: 'http://attacker.example' },
      { host: 'panel.home', origin: 'https://panel.home.attacker.example' },
      { host: `${address}:${port}`, origin: 'null' },
    ])
      expect(await status(headers), JSON.stringify(headers)).toBe(403);
  });

  it('that guesses is slowed down', async () => {
    await open();
    const answers: (number | undefined)[] = [];
    for (let guess = 0; guess < 6; guess += 1) answers.push((await callAs(`wrong-${guess}`))?.status);
    expect(answers.slice(0, 3)).toEqual([401, 401, 401]);
    expect(answers.at(-1)).toBe(429);
  });
});

describe('over TLS', () => {
  it('a certificate made here is that of the address, and stays the same', async () => {
    const view = await open({ tls: 'made', names: ['panel.home'] });
    expect(view.open[0]?.url).toBe(`https://${address}:${port}`);
    const answer = await send({ https: true, path: '/api/nothing' });
    expect(answer?.status).toBe(404);
    expect(fingerprintOf(answer?.certificate ?? Buffer.alloc(0))).toBe(view.fingerprint);
    await host.stop();
    host = await start();
    expect(await call('access.network')).toMatchObject({ fingerprint: view.fingerprint });
    expect(await send({ path: '/' })).toBeNull();

    const { token } = await pairToken();
    const headers = { origin: `https://${address}:${port}` };
    const signed = (await signIn(token, { https: true, headers }))?.body as { bearer: string };
    expect((await callAs(signed.bearer, { https: true, headers }))?.status).toBe(200);
    // A request without Origin is from the same page, because the connection is encrypted.
    expect((await callAs(signed.bearer, { https: true }))?.status).toBe(200);
  });

  it('uses a certificate of one’s own', async () => {
    const made = makeSelfSigned(['panel.home'], Date.now());
    const other = makeSelfSigned(['panel.home'], Date.now());
    const files = { certificateFile: join(folder, 'c.pem'), keyFile: join(folder, 'k.pem') };
    writeFileSync(files.certificateFile, made.cert);
    writeFileSync(files.keyFile, other.key);
    await expect(open({ tls: 'own', ...files })).rejects.toMatchObject({ code: 'BAD_CERTIFICATE' });
    writeFileSync(files.keyFile, made.key);
    const { fingerprint } = await open({ tls: 'own', ...files });
    const answer = await send({ https: true, path: '/api/nothing' });
    expect(fingerprintOf(answer?.certificate ?? Buffer.alloc(0))).toBe(fingerprint);
    expect(existsSync(join(folder, 'data', 'panel-tls.json'))).toBe(false);
  });
});
