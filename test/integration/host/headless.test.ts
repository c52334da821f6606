import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCoreClient, findRunningCore } from '../../../electron/host/core-client.ts';
import { endpointPath, readEndpoint } from '../../../electron/host/endpoint.ts';
import { createPrograms } from './program.ts';

let folder = '';
const data = () => join(folder, 'data');
const { launch, stop } = createPrograms(data);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-headless-'));
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

const exchange = (url: string, token: string) =>
  fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });

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
    expect(second.output.out).toContain('already running');
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
    expect(notices).toMatchObject([
      { code: 'STATE_CORRUPT', message: { params: { keptAs: expect.stringContaining('corrupt-1') } } },
    ]);
    expect(readdirSync(data())).toContain('state.sqlite.corrupt-1');
  });
});
