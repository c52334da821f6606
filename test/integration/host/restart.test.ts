import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Host, startHost } from '../../../electron/host/start-host.ts';

let dataFolder: string;
const hosts: Host[] = [];

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-restart-'));
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
  rmSync(dataFolder, { recursive: true, force: true });
});

async function start(): Promise<Host> {
  const host = await startHost({ dataFolder, environment: {}, panelRoot: null });
  hosts.push(host);
  return host;
}

async function bearerOf(host: Host): Promise<string> {
  const token = new URL(host.oneTimeUrl()).hash.replace('#token=', '');
  const answer = await fetch(`${host.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return ((await answer.json()) as { bearer: string }).bearer;
}

/** As versions before sessions signed the bearer of a tab. */
function earlierBearer(key: Buffer): string {
  const body = `${'r'.repeat(43)}.${Date.now().toString(36)}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

async function statusWith(host: Host, bearer: string): Promise<number> {
  const answer = await fetch(`${host.url}/api/call/core.status`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: '{}',
  });
  return answer.status;
}

it('an open page finds the core again after a restart: same port, same right', async () => {
  const first = await start();
  const bearer = await bearerOf(first);
  await first.stop();
  const second = await start();
  expect(second.url).toBe(first.url);
  expect(await statusWith(second, bearer)).toBe(200);
  // Whatever was written: nothing on the disk is the bearer.
  for (const file of ['state.sqlite', 'state.sqlite-wal', 'secrets.json', 'endpoint.json']) {
    const path = join(dataFolder, file);
    if (existsSync(path)) expect(readFileSync(path, 'latin1')).not.toContain(bearer);
  }
});

it('on another port the session of the last one is worth nothing', async () => {
  const first = await start();
  const bearer = await bearerOf(first);
  await first.stop();
  writeFileSync(join(dataFolder, 'port'), 'lost');
  const second = await start();
  expect(second.url).not.toBe(first.url);
  expect(await statusWith(second, bearer)).toBe(401);
});

it('takes another port when a program has the last one', async () => {
  const first = await start();
  await bearerOf(first);
  await first.stop();
  const squatter = createServer();
  await new Promise<void>((resolve) =>
    squatter.listen(Number(new URL(first.url).port), '127.0.0.1', () => resolve()),
  );
  try {
    const second = await start();
    expect(second.url).not.toBe(first.url);
    // That program could have been opened where the panel was.
    expect(second.core.services.access.sessions()).toEqual([]);
    expect(readFileSync(join(dataFolder, 'port'), 'utf8').trim()).toBe(new URL(second.url).port);
  } finally {
    await new Promise((resolve) => squatter.close(resolve));
  }
});

it('a tab of an earlier version works through the update, and becomes a session; its key is gone', async () => {
  const key = randomBytes(32);
  writeFileSync(join(dataFolder, 'session.key'), key, { mode: 0o600 });
  const host = await start();
  expect(existsSync(join(dataFolder, 'session.key'))).toBe(false);
  const bearer = earlierBearer(key);
  expect(await statusWith(host, bearer)).toBe(200);
  const trade = () =>
    fetch(`${host.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ earlierBearer: bearer }),
    });
  const session = (await (await trade()).json()) as { bearer: string };
  expect([(await trade()).status, await statusWith(host, bearer)]).toEqual([401, 401]);
  await host.stop();
  expect(await statusWith(await start(), session.bearer)).toBe(200);
});

it('what is no key of tabs opens nothing', async () => {
  writeFileSync(join(dataFolder, 'session.key'), 'short', { mode: 0o600 });
  const host = await start();
  expect(existsSync(join(dataFolder, 'session.key'))).toBe(false);
  expect(await statusWith(host, earlierBearer(Buffer.from('short')))).toBe(401);
});
