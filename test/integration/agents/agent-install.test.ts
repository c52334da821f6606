/** Another machine gets the file of its agent from a real core, by the command that the panel shows. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { installCommands } from '../../../shared/agent-install-commands.ts';
import type { AgentInstall, AgentInstallLink } from '../../../shared/models/agent-install.ts';
import { everyRight } from '../../../shared/rights.ts';
import { agentFile, aRelease, createSigner } from '../../fakes/releases.ts';

const address = '127.0.0.2';
const signer = createSigner();
/** Says what it was started with, and is larger than the buffers of a connection. */
const program = Buffer.concat([
  Buffer.from('#!/bin/sh\necho "$@" > started\nexit 0\n'),
  Buffer.alloc(24_000_000, '#'),
]);
const other = Buffer.from('the agent of another system');
const linux = agentFile(program);
const mac = agentFile(other, { name: 'pilotlight-agent-darwin-arm64', os: 'darwin', arch: 'arm64' });

let root = '';
let agents = '';
let host: Host;
let port = 0;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-install-'));
  agents = join(root, 'data', 'agents');
  mkdirSync(agents, { recursive: true });
  chmodSync(join(root, 'data'), 0o700);
  const { manifest, signature } = aRelease(signer, '9.9.0', [linux, mac]);
  writeFileSync(join(agents, 'manifest.json'), manifest);
  writeFileSync(join(agents, 'manifest.json.sig'), signature);
  writeFileSync(join(agents, linux.name), program);
  writeFileSync(join(agents, mac.name), other);
  host = await startHost({
    dataFolder: join(root, 'data'),
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    updates: { keys: [signer.key], address: 'https://releases.test/latest' },
    ownAddresses: () => [{ address, name: 'lan0' }],
  });
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  server.close();
  await once(server, 'close');
});
afterEach(async () => {
  await host.stop();
  rmSync(root, { recursive: true, force: true });
});

const call = (method: string, params: unknown = {}, credentialId: string | null = null) =>
  host.dispatcher.call({
    ...{ method, params, credentialId, scopes: everyRight },
    signal: new AbortController().signal,
  });
const openPanel = () => call('access.setNetwork', { addresses: [address], port });
const view = () => call('agents.installFiles') as Promise<AgentInstall>;
const link = (patch: object = {}, credentialId: string | null = null) =>
  call(
    'agents.installLink',
    { os: 'linux', arch: 'x64', address, ...patch },
    credentialId,
  ) as Promise<AgentInstallLink>;

interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}
function send(url: string, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request(url, { method, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(parts) });
      });
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}
const codeOf = ({ body }: Reply) => (JSON.parse(body.toString()) as { code: string }).code;

describe('the files of agents', () => {
  it('are listed with what a person compares, and where another machine gets them', async () => {
    const before = await view();
    expect(before.addresses).toEqual([]);
    expect(before.releases).toBe('https://releases.test/latest');
    expect(before.files).toContainEqual({
      ...{ os: 'linux', arch: 'x64', name: linux.name, version: '9.9.0', sizeBytes: program.length },
      sha256: createHash('sha256').update(program).digest('hex'),
      path: join(agents, linux.name),
    });
    expect(before.files).toHaveLength(2);
    await openPanel();
    expect((await view()).addresses).toEqual([{ address, url: `http://${address}:${port}` }]);
  });

  it('are not listed once they are not as they were signed', async () => {
    appendFileSync(join(agents, linux.name), '!');
    expect((await view()).files.map(({ name }) => name)).toEqual([mac.name]);
    rmSync(agents, { recursive: true });
    expect((await view()).files).toEqual([]);
  });
});

describe('a link to one', () => {
  it('needs the panel to be open there, and a file for that system', async () => {
    await expect(link()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await openPanel();
    await expect(link({ address: '127.0.0.3' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(link({ os: 'win32' })).rejects.toMatchObject({ code: 'NO_AGENT_RELEASE' });
  });

  it('gives that file once; HEAD does not use it up', async () => {
    await openPanel();
    const { url } = await link();
    const head = await send(url, 'HEAD');
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([
      200,
      String(program.length),
      0,
    ]);
    const first = await send(url);
    expect([first.status, first.headers['content-type']]).toEqual([200, 'application/octet-stream']);
    expect(first.body.equals(program)).toBe(true);
    const second = await send(url);
    expect([second.status, codeOf(second)]).toEqual([410, 'AGENT_LINK_USED']);
    expect((await send(url, 'HEAD')).status).toBe(410);
    expect((await send(url, 'POST')).status).toBe(404);
  });

  it('works again after a download that broke off, and for one at a time', async () => {
    await openPanel();
    const { url } = await link();
    const begun = get(url, { agent: false });
    const [response] = (await once(begun, 'response')) as [IncomingMessage];
    response.pause();
    expect(codeOf(await send(url))).toBe('AGENT_LINK_USED');
    response.on('error', () => {});
    begun.destroy();
    await expect.poll(async () => (await send(url, 'HEAD')).status).toBe(200);
    expect((await send(url)).body.equals(program)).toBe(true);
  });

  it('is for nothing else: not for another file, path, time or caller', async () => {
    await openPanel();
    const { url } = await link();
    const changed = (name: string, value: string | null) => {
      const next = new URL(url);
      if (value === null) next.searchParams.delete(name);
      else next.searchParams.set(name, value);
      return next.href;
    };
    const wrong = [
      changed('file', mac.name),
      changed('file', '../state.sqlite'),
      changed('file', '/etc/passwd'),
      changed('id', 'another'),
      changed('sha256', '0'.repeat(64)),
      changed('caller', 'somebody'),
      changed('until', '9999999999999'),
      changed('signature', '0'.repeat(64)),
      changed('signature', null),
      `${url}&file=${mac.name}`,
      url.replace(/\?.*$/, ''),
    ];
    for (const one of wrong) {
      const reply = await send(one);
      expect([one, reply.status, codeOf(reply)]).toEqual([one, 403, 'FORBIDDEN']);
    }
    const outside = [`/api/agent-file/..%2f..%2fstate.sqlite`, `/agents/${linux.name}`, '/api/agent-file/x'];
    for (const path of outside) {
      const { pathname, search } = { pathname: path, search: new URL(url).search };
      expect([path, (await send(`http://${address}:${port}${pathname}${search}`)).status]).toEqual([
        path,
        404,
      ]);
    }
    // Not at the port on loopback, which only this computer reaches.
    const own = new URL(url);
    expect((await send(`${host.url}${own.pathname}${own.search}`)).status).toBe(404);
    expect((await send(url)).status).toBe(200);
  });

  it('slows down whoever guesses', async () => {
    await openPanel();
    const { url } = await link();
    const guess = url.replace(/signature=.*/, `signature=${'0'.repeat(64)}`);
    const replies = await Promise.all(Array.from({ length: 200 }, () => send(guess)));
    expect(replies.every(({ status }) => status === 403 || status === 429)).toBe(true);
    expect(replies.some(({ status }) => status === 429)).toBe(true);
  });

  it('gives nothing of a file that is not the one of the link any more', async () => {
    await openPanel();
    const { url } = await link();
    appendFileSync(join(agents, linux.name), '!');
    expect(codeOf(await send(url))).toBe('AGENT_RELEASE_GONE');
    writeFileSync(join(agents, linux.name), program);
    expect((await send(url)).status).toBe(200);
  });

  it('ends with the credential of whoever made it', async () => {
    await openPanel();
    const made = (await call('access.addKey', { name: 'script', kind: 'script', rights: ['manage'] })) as {
      key: { id: string };
    };
    const { url } = await link({}, made.key.id);
    expect((await send(url, 'HEAD')).status).toBe(200);
    await call('access.revokeKey', { keyId: made.key.id });
    expect(codeOf(await send(url))).toBe('FORBIDDEN');
  });
});

describe.skipIf(process.platform !== 'linux')('the command for Linux', () => {
  /** On a machine whose sudo is a stand-in, in a folder of its own. */
  async function runThere(text: string): Promise<string> {
    const there = mkdtempSync(join(root, 'there-'));
    const bin = join(there, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    await promisify(execFile)('sh', ['-c', text], { cwd: there, env }).catch(() => {});
    return there;
  }

  it('downloads, compares and starts the installation; a wrong file is never started', async () => {
    await openPanel();
    const commandFor = async (sha256?: string) => {
      const made = await link();
      const source = { ...made, from: 'link', ...(sha256 && { sha256 }) } as const;
      return installCommands({ os: 'linux', arch: 'x64', source, address: '192.0.2.9' })[0]?.text ?? '';
    };
    const there = await runThere(await commandFor());
    expect(readFileSync(join(there, 'started'), 'utf8')).toBe(
      'install --role power,telemetry --bind 192.0.2.9\n',
    );
    const wrong = await runThere(await commandFor('0'.repeat(64)));
    expect([existsSync(join(wrong, linux.name)), existsSync(join(wrong, 'started'))]).toEqual([true, false]);
  });
});
