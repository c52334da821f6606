import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { startHost } from '../../../electron/host/start-host.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import { startTestHost, type TestHost } from '../../contract/links.ts';
import { runCli } from '../../fakes/cli.ts';
import { startFakeRecall } from '../../fakes/recall.ts';

const hosts: TestHost[] = [];
afterEach(async () => {
  for (const test of hosts.splice(0)) await test.stop();
});

async function core(options: { simulate?: boolean } = {}): Promise<TestHost> {
  const test = await startTestHost(options);
  hosts.push(test);
  return test;
}

it('one Pilotlight drives the index of another, and wakes the machine for it', async () => {
  const other = await core();
  const notes = join(other.folder, 'notes');
  mkdirSync(notes);
  for (let at = 0; at < 40; at += 1) writeFileSync(join(notes, `${at}.md`), `# Note ${at}\n\nA harbour.\n`);
  await other.host.core.services.indexing.addSource({
    ...{ path: notes, name: 'Notes', embedder: { kind: 'builtin' }, wake: true, whenGpuGone: 'use-cpu' },
  });
  const { secret } = other.host.core.services.access.addKey({
    ...{ name: 'panel', kind: 'script', rights: ['tasks'], expiresInDays: null },
  });

  const own = await core({ simulate: true });
  const { remoteIndexes, fleet, leases } = own.host.core.services;
  const signal = AbortSignal.timeout(60_000);
  await fleet.waitFor('gpu-tower', (node) => node.state === 'off', signal);
  const { id } = remoteIndexes.add({
    ...{
      url: other.host.url,
      name: 'NAS',
      key: secret,
      vault: 'Notes',
      nodeIds: ['gpu-tower'],
      useGpu: true,
    },
  });
  await expect(
    remoteIndexes.test({ url: other.host.url, key: null, remoteId: id }, signal),
  ).resolves.toMatchObject({ running: false, jobs: 0 });
  await expect(
    remoteIndexes.test({ url: other.host.url, key: 'wrong', remoteId: null }, signal),
  ).rejects.toMatchObject({ code: 'REMOTE_INDEX_REFUSED' });
  remoteIndexes.startRun({ remoteId: id, full: false, rebuild: false });
  expect(leases.ledger.list('gpu-tower')).toMatchObject([{ kind: 'job' }]);
  await vi.waitFor(() => expect(remoteIndexes.list()[0]?.run).toBeNull(), 60_000);
  expect(remoteIndexes.list()[0]?.lastRun).toMatchObject({ status: 'completed', indexed: 40 });
  expect(isServing(fleet.require('gpu-tower').state)).toBe(true);
  expect(leases.ledger.list('gpu-tower')).toEqual([]);
  expect(other.host.core.services.indexing.jobs(10)).toHaveLength(1);
}, 90_000);

it('a run is found again by the next core, from its database', async () => {
  const recall = await startFakeRecall({ key: 'key-1' });
  const test = await core();
  const { remoteIndexes } = test.host.core.services;
  const { id } = remoteIndexes.add({
    ...{ url: recall.url, key: 'key-1', vault: 'all', nodeIds: [], useGpu: true },
  });
  remoteIndexes.startRun({ remoteId: id, full: true, rebuild: false });
  await vi.waitFor(() => expect(remoteIndexes.list()[0]?.run?.jobId).toBe('job-1'), 20_000);
  await test.host.stop();
  const asked = recall.asked.length;

  const next = await startHost({
    ...{ dataFolder: test.host.dataFolder, environment: { OLLAMA_HOST: '127.0.0.1:1' }, panelRoot: null },
  });
  try {
    const { services } = next.core;
    await vi.waitFor(() => expect(recall.asked.slice(asked)).toContain('GET status'), 20_000);
    recall.end('completed');
    await vi.waitFor(() => expect(services.remoteIndexes.list()[0]?.run).toBeNull(), 20_000);
    expect(services.remoteIndexes.list()[0]?.lastRun?.status).toBe('completed');
    expect(recall.starts).toHaveLength(1);
  } finally {
    await next.stop();
    await recall.close();
  }
}, 60_000);

it('the command line adds, tests, starts, shows and cancels one', async () => {
  const recall = await startFakeRecall({ key: 'key-1' });
  const test = await core();
  const key = join(test.folder, 'key');
  writeFileSync(key, 'key-1\n', { mode: 0o600 });
  const cli = (...args: string[]) => runCli('cli', ['remote-index', ...args, '--data', test.host.dataFolder]);

  const added = await cli('add', recall.url, '--name', 'NAS', '--key-file', key);
  expect([added.err, added.code]).toEqual(['', 0]);
  expect((await cli('test', 'NAS')).out).toContain('no run is in progress');
  expect((await cli('test', recall.url)).err).toContain('asks for a key');
  expect((await cli('start', 'NAS')).code).toBe(0);
  await vi.waitFor(() => expect(recall.current()).not.toBeNull(), 20_000);
  recall.advance(3, 12, 'notes/lamp.md');
  await vi.waitFor(async () => expect((await cli('progress', 'NAS')).out).toContain('3 of 12 files'), 20_000);
  expect((await cli('start', 'nas')).err).toContain('in progress');
  expect((await cli('cancel', 'NAS')).out).toContain('asked to stop');
  await vi.waitFor(() => expect(recall.current()?.cancelled).toBe(true), 20_000);
  recall.end('failed', 'cancelled');
  await vi.waitFor(async () => expect((await cli('list')).out).toContain('cancelled'), 20_000);
  expect((await cli('remove', 'NAS')).code).toBe(0);
  expect((await cli('list')).out).toContain('No remote indexes yet');
  await recall.close();
}, 120_000);
