import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCoreClient, findRunningCore } from '../../../electron/host/core-client.ts';
import { endpointPath, readEndpoint } from '../../../electron/host/endpoint.ts';

const program = fileURLToPath(new URL('../../../electron/headless/headless.ts', import.meta.url));
const readyPattern = /^Pilotlight is ready at (http:\/\/127\.0\.0\.1:(\d+))\/#token=([\w-]+)$/;

let folder = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-headless-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

function launch(...args: string[]) {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, '--no-open', '--data', join(folder, 'data'), ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OLLAMA_HOST: '127.0.0.1:1', PILOTLIGHT_LOG: '' },
    },
  );
  children.push(child);
  const output = { out: '', err: '' };
  const changed = new Set<() => void>();
  const note = (stream: 'out' | 'err') => (chunk: Buffer) => {
    output[stream] += chunk.toString();
    for (const wake of changed) wake();
  };
  child.stdout?.on('data', note('out'));
  child.stderr?.on('data', note('err'));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  async function ready() {
    for (;;) {
      const match = readyPattern.exec(output.out.trimEnd().split('\n').at(-1) ?? '');
      if (match) return { url: match[1] ?? '', port: Number(match[2]), token: match[3] ?? '' };
      const more = new Promise<'more'>((resolve) => changed.add(() => resolve('more')));
      if ((await Promise.race([more, exit])) !== 'more') throw new Error(`It ended: ${output.err}`);
    }
  }
  return { child, output, exit, ready };
}

const exchange = (url: string, token: string) =>
  fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });

const data = () => join(folder, 'data');

describe('the headless program', () => {
  it('serves, says so in its last line, and stops when it is asked to', async () => {
    const { child, exit, ready, output } = launch();
    const { url, token } = await ready();
    const { bearer } = (await (await exchange(url, token)).json()) as { bearer: string };
    const status = await fetch(`${url}/api/call/core.status`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}` },
    });
    expect(await status.json()).toMatchObject({ simulated: false, notices: [] });
    expect(readEndpoint(data())).toMatchObject({ url, pid: child.pid });
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(existsSync(endpointPath(data()))).toBe(false);
    expect(output.err).toContain('is stopping');
  });

  it('joins the one that runs with the same folder', async () => {
    const first = launch();
    const { url } = await first.ready();
    const second = launch('--simulate');
    const joined = await second.ready();
    expect(await second.exit).toBe(0);
    expect(joined.url).toBe(url);
    expect(second.output.out).toContain('running already');
    expect((await exchange(url, joined.token)).status).toBe(200);
    expect((await exchange(url, joined.token)).status).toBe(401);
    const client = await findRunningCore(data());
    expect((await client?.call('core.status', {}))?.simulated).toBe(true);
    first.child.kill('SIGINT');
    expect(await first.exit).toBe(0);
  });

  it('starts again after it was killed', async () => {
    const first = launch();
    await first.ready();
    first.child.kill('SIGKILL');
    await first.exit;
    expect(existsSync(endpointPath(data()))).toBe(true);
    expect(await findRunningCore(data())).toBeNull();
    const second = launch();
    const { url } = await second.ready();
    expect(readEndpoint(data())?.url).toBe(url);
  });

  it('says which port is taken, and leaves nothing locked', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const first = launch('--port', String(port));
    expect(await first.exit).toBe(1);
    expect(first.output.err).toContain('(PORT_IN_USE)');
    expect(first.output.err).toContain('--port N');
    expect(existsSync(endpointPath(data()))).toBe(false);
    other.close();
    await once(other, 'close');
    const second = launch('--port', String(port));
    expect((await second.ready()).port).toBe(port);
  });

  it.each([[['--bogus']], [['--port', 'many']], [['extra']], [['--port']]])('refuses %j', async (args) => {
    const { exit, output } = launch(...args);
    expect(await exit).toBe(2);
    expect(output.err).toContain('(BAD_REQUEST)');
    expect(output.err).toContain('Usage: npm start');
    expect(existsSync(data())).toBe(false);
  });

  it('refuses a data folder that is a file', async () => {
    writeFileSync(data(), 'x');
    const { exit, output } = launch();
    expect(await exit).toBe(1);
    expect(output.err).toContain('(DATA_FOLDER_UNUSABLE)');
  });

  it('keeps a damaged state aside, says so, and starts', async () => {
    const first = launch();
    await first.ready();
    first.child.kill('SIGTERM');
    await first.exit;
    writeFileSync(
      join(data(), 'state.sqlite'),
      'this is no database, and long enough to be seen as one. '.repeat(99),
    );
    const second = launch();
    await second.ready();
    const endpoint = readEndpoint(data());
    if (endpoint === null) throw new Error('There is no endpoint file.');
    const { notices } = await createCoreClient(endpoint).call('core.status', {});
    expect(notices).toMatchObject([{ code: 'STATE_CORRUPT', message: expect.stringContaining('corrupt-1') }]);
    expect(readdirSync(data())).toContain('state.sqlite.corrupt-1');
  });
});
