import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createCoreClient, findRunningCore } from '../../../electron/host/core-client.ts';
import { readEndpoint, writeEndpoint } from '../../../electron/host/endpoint.ts';
import { type Host, type HostOptions, startHost } from '../../../electron/host/start-host.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-host-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(options: HostOptions): Promise<Host> {
  const host = await startHost({
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    log: createRememberingLog(),
    ...options,
  });
  cleanups.push(() => host.stop());
  return host;
}

describe('a host', () => {
  it('is the only one of its folder, and names the one that runs', async () => {
    const dataFolder = makeFolder();
    const host = await start({ dataFolder });
    await expect(start({ dataFolder })).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      details: { url: host.url },
    });
    await host.stop();
    await host.stop();
    const again = await start({ dataFolder });
    expect(readEndpoint(dataFolder)?.url).toBe(again.url);
  });

  it('keeps its state from other users, in a folder that they can enter', async () => {
    const dataFolder = makeFolder();
    await start({ dataFolder });
    for (const file of ['state.sqlite', 'state.sqlite-wal', 'endpoint.json', 'core.lock']) {
      expect([file, statSync(join(dataFolder, file)).mode & 0o077]).toEqual([file, 0]);
    }
  });

  it('offers an address of the environment that is not loopback, and does not look at it', async () => {
    const host = await start({
      dataFolder: makeFolder(),
      environment: { OLLAMA_HOST: 'http://192.0.2.7:11434' },
    });
    const client = await findRunningCore(host.dataFolder);
    const { offers } = (await client?.call('core.status', {})) ?? {};
    expect(offers).toEqual([{ url: 'http://192.0.2.7:11434', source: 'OLLAMA_HOST' }]);
    const nodes = await client?.call('fleet.list', {});
    expect(nodes?.map((node) => node.url)).not.toContain('http://192.0.2.7:11434');
  });

  it('serves /index and /metrics to its index token', async () => {
    const host = await start({ dataFolder: makeFolder() });
    host.core.services.settings.update({ api: { indexToken: 'token-of-scripts' } });
    const headers = { authorization: 'Bearer token-of-scripts' };
    const progress = await fetch(`${host.url}/index/progress`, { headers });
    expect(await progress.json()).toEqual({ status: 'idle', last_job: null });
    const metrics = await (await fetch(`${host.url}/metrics`, { headers })).text();
    expect(metrics).toContain('recall_index_job_running 0');
    const started = await fetch(`${host.url}/index/start`, { method: 'POST', headers });
    expect([started.status, ((await started.json()) as { code: string }).code]).toEqual([
      409,
      'NOTHING_TO_INDEX',
    ]);
    host.core.services.settings.update({ api: { indexToken: null } });
    expect((await fetch(`${host.url}/metrics`, { headers })).status).toBe(401);
  });

  it('refuses work once it stops', async () => {
    const host = await start({ dataFolder: makeFolder() });
    await host.stop();
    const late = host.dispatcher.call({
      method: 'core.status',
      params: {},
      scopes: new Set(['view'] as const),
      signal: new AbortController().signal,
    });
    await expect(late).rejects.toMatchObject({ code: 'STOPPING' });
  });
});

describe('the client of a running core', () => {
  it('does not take another program for a core', async () => {
    const answers = ['<html>', '{}', '[1', ''];
    for (const body of answers) {
      const server = createServer((_request, reply) => reply.end(body));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const dataFolder = makeFolder();
      writeEndpoint(dataFolder, {
        url: `http://127.0.0.1:${port}`,
        token: 'a-token-of-enough-length',
        pid: process.pid,
        startedAt: 1,
        version: '0',
      });
      expect(await findRunningCore(dataFolder).catch((error) => error.code)).toBeNull();
      server.close();
    }
  });

  it('passes errors on as the core gave them', async () => {
    const host = await start({ dataFolder: makeFolder() });
    const endpoint = readEndpoint(host.dataFolder);
    if (endpoint === null) throw new Error('There is no endpoint file.');
    const client = createCoreClient(endpoint);
    await expect(client.call('power.wake', { nodeId: 'nope' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      next: expect.stringContaining('list'),
    });
    await host.stop();
    await expect(client.call('core.status', {})).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});
