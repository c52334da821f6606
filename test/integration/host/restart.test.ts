import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
  expect(statSync(join(dataFolder, 'session.key')).mode & 0o777).toBe(0o600);
});

it('takes another port when a program has the last one', async () => {
  const first = await start();
  await first.stop();
  const squatter = createServer();
  await new Promise<void>((resolve) =>
    squatter.listen(Number(new URL(first.url).port), '127.0.0.1', () => resolve()),
  );
  try {
    const second = await start();
    expect(second.url).not.toBe(first.url);
    expect(readFileSync(join(dataFolder, 'port'), 'utf8').trim()).toBe(new URL(second.url).port);
  } finally {
    await new Promise((resolve) => squatter.close(resolve));
  }
});

it('makes a damaged key anew, and old pages lose their right', async () => {
  const first = await start();
  const bearer = await bearerOf(first);
  await first.stop();
  writeFileSync(join(dataFolder, 'session.key'), 'short');
  writeFileSync(join(dataFolder, 'port'), 'not a port');
  const second = await start();
  expect(await statusWith(second, bearer)).toBe(401);
});
