/** Export and import over a real state. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFolders } from '../../../electron/adapters/folders.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { createPolicies } from '../../../electron/core/policies/policies.ts';
import type { Store } from '../../../electron/core/ports/state.ts';
import { createStreams } from '../../../electron/core/runtime/streams.ts';
import { createSettingsService } from '../../../electron/core/settings/service.ts';
import { savedSecrets } from '../../../electron/core/settings/setting-secrets.ts';
import { createTransferService } from '../../../electron/core/transfer/service.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import type { SourceRecord } from '../../../shared/models/indexing.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import { agentTokenSecret, shutdownSecret } from '../../../shared/models/secrets.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { aNode } from '../../fakes/records.ts';
import { createMemorySecrets } from '../../fakes/secrets.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-transfer-'));
  mkdirSync(join(folder, 'notes'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A computer of its own: a state, settings, and who takes over what was imported. */
function createComputer(change: (store: Store) => Store = (store) => store) {
  const clock = createFakeClock();
  const { store } = createSqliteStore({ path: ':memory:' });
  const used = change(store);
  const streams = createStreams({ clock, epoch: 'run' });
  const secrets = createMemorySecrets();
  const log = createRememberingLog();
  const settings = createSettingsService({ store: used, secrets: savedSecrets(secrets), streams, log });
  const policies = createPolicies({ store: store.power, log });
  const adopted: string[] = [];
  const recorded: Message[] = [];
  const left: (readonly [nodeId: string, token: string | null])[] = [];
  let ids = 0;
  const transfer = createTransferService({
    clock,
    ids: { next: (prefix) => `${prefix}_${++ids}` },
    folders: createFolders(),
    store: used,
    secrets,
    policies,
    settings,
    fleet: {
      refresh: () => {},
      records: () => store.nodes.list().map((record) => ({ record, url: record.url })),
      get: (id) =>
        aNode({
          hasAgentToken: secrets.get(agentTokenSecret(id)) !== null,
          hasShutdownSecret: secrets.get(shutdownSecret(id)) !== null,
        }),
      // An agent is left while its token is still there.
      beforeAdopt: (nodes) =>
        void left.push(...nodes.map(({ id }) => [id, secrets.get(agentTokenSecret(id))] as const)),
      adopt: (nodes: readonly NodeRecord[]) => void adopted.push(...nodes.map(({ name }) => name)),
    },
    indexing: {
      sourceRecords: () => store.sources.list(),
      adoptSources: (sources: readonly SourceRecord[]) =>
        void adopted.push(...sources.map(({ name }) => name)),
    },
    activity: { record: ({ message }) => void recorded.push(message) },
  });
  return { store, settings, secrets, policies, streams, transfer, adopted, recorded, left };
}

const node: NodeRecord = {
  id: 'node_a',
  name: 'tower',
  kind: 'remote',
  url: 'http://127.0.0.1:2',
  mac: '02:00:00:00:00:01',
  wakeDestinations: ['127.0.0.1:9'],
  wakeWays: [{ kind: 'direct' }],
  agentUrl: null,
  shutdownUrl: null,
  vramBytes: 24e9,
  addedAt: 1,
};

function filled() {
  const computer = createComputer();
  computer.settings.update({ index: { batchSize: 8 }, api: { indexToken: 'token-of-scripts' } });
  computer.store.nodes.put(node);
  computer.store.nodes.put({ ...node, id: 'nas', kind: 'simulated', url: 'http://127.0.0.1:3' });
  computer.store.sources.put({
    id: 'source_a',
    name: 'Notes',
    path: join(folder, 'notes'),
    embedder: { kind: 'builtin' },
    wake: true,
    whenGpuGone: 'wait',
    addedAt: 1,
  });
  return computer;
}

it('what one computer exports, another one imports, and importing it again changes nothing', async () => {
  const document = filled().transfer.export();
  expect(document.nodes).toHaveLength(1);
  expect(document.secretsLeftOut).toEqual(['api.indexToken']);
  const text = JSON.stringify(document);
  expect(text).not.toMatch(/token-of-scripts|node_a|source_a/);

  const other = createComputer();
  const plan = await other.transfer.import({ text, apply: false });
  expect(plan).toMatchObject({ applied: false, possible: true });
  expect(other.store.nodes.list()).toEqual([]);
  expect([other.adopted, other.recorded]).toEqual([[], []]);

  const done = await other.transfer.import({ text, apply: true });
  expect(done).toEqual({ ...plan, applied: true });
  expect(other.settings.current().index.batchSize).toBe(8);
  expect(other.store.nodes.list()).toMatchObject([{ ...node, id: 'node_1', addedAt: expect.any(Number) }]);
  expect(other.store.sources.list()).toMatchObject([{ id: 'source_2', name: 'Notes', whenGpuGone: 'wait' }]);
  expect(other.adopted).toEqual(['tower', 'Notes']);
  expect(other.recorded).toEqual([
    fact('IMPORTED', { settings: true, nodes: 1, policies: false, folders: 1 }),
  ]);

  const again = await other.transfer.import({ text, apply: true });
  expect(new Set(again.entries.map(({ action }) => action))).toEqual(new Set(['same']));
  expect([other.adopted, other.recorded]).toMatchObject([{ length: 2 }, { length: 1 }]);
  expect(other.transfer.export()).toEqual({ ...document, secretsLeftOut: [] });
});

it('one entry that is wrong stops all of it', async () => {
  const document = filled().transfer.export();
  const [exported] = document.nodes;
  const text = JSON.stringify({
    ...document,
    nodes: [exported, { ...exported, url: 'http://127.0.0.1:4', mac: 'zz' }],
  });
  const { transfer, store, settings, adopted } = createComputer();
  expect(await transfer.import({ text, apply: false })).toMatchObject({ possible: false });
  await expect(transfer.import({ text, apply: true })).rejects.toMatchObject({
    code: 'BAD_IMPORT',
    details: { entries: [{ action: 'refuse', what: 'tower' }] },
  });
  expect([store.nodes.list(), store.sources.list(), adopted]).toEqual([[], [], []]);
  expect(settings.current().index.batchSize).toBe(32);
});

it('a disk that gets full in the middle leaves everything as it was', async () => {
  const text = JSON.stringify(filled().transfer.export());
  const { transfer, store, settings, streams, adopted } = createComputer((real) => ({
    ...real,
    sources: {
      ...real.sources,
      put() {
        throw new PilotlightError('DISK_FULL');
      },
    },
  }));
  const before = store.settings.read();
  await expect(transfer.import({ text, apply: true })).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect([store.nodes.list(), store.settings.read(), adopted]).toEqual([[], before, []]);
  expect(settings.current().index.batchSize).toBe(32);
  expect(streams.settings.get('settings')?.index.batchSize).toBe(32);
});

it('a folder that is not on this computer is left out, and the rest is imported', async () => {
  const text = JSON.stringify(filled().transfer.export());
  rmSync(join(folder, 'notes'), { recursive: true });
  const { transfer, store } = createComputer();
  const { entries, applied } = await transfer.import({ text, apply: true });
  expect(applied).toBe(true);
  expect(entries.find(({ kind }) => kind === 'folder')).toMatchObject({ action: 'leave-out' });
  expect([store.nodes.list().length, store.sources.list().length]).toEqual([1, 0]);
});

it('an environment file becomes a node and settings, and an empty one is refused', () => {
  const { transfer, store, settings } = createComputer();
  const text = 'GPU_OLLAMA_URL=http://127.0.0.1:5\nGPU_WOL_MAC=02:00:00:00:00:02\nCHECK_INTERVAL=60\n';
  expect(transfer.importEnvironment({ text, apply: false }).applied).toBe(false);
  expect(store.nodes.list()).toEqual([]);
  expect(transfer.importEnvironment({ text, apply: true }).applied).toBe(true);
  expect(store.nodes.list()).toMatchObject([{ url: 'http://127.0.0.1:5', mac: '02:00:00:00:00:02' }]);
  expect(settings.current().optimizer.intervalMs).toBe(60_000);
  expect(() => transfer.importEnvironment({ text: '# only a remark', apply: true })).toThrow(
    expect.objectContaining({ code: 'BAD_IMPORT' }),
  );
});

it('ways to wake, agents and policies are carried, tokens are not', async () => {
  const computer = filled();
  const nas = {
    ...node,
    id: 'node_nas',
    name: 'nas',
    url: null,
    mac: null,
    agentUrl: 'http://127.0.0.1:9753',
  };
  computer.store.nodes.put(nas);
  computer.store.nodes.put({
    ...node,
    wakeWays: [{ kind: 'agent', nodeId: 'node_nas' }, { kind: 'direct' }],
    agentUrl: 'http://127.0.0.1:8765',
  });
  computer.secrets.change({ [agentTokenSecret('node_a')]: 'token-of-the-agent' });
  computer.policies.set('node_a', { idleMinutes: 30, powerOff: 'always' });
  const document = computer.transfer.export();
  const text = JSON.stringify(document);
  expect(text).not.toMatch(/token-of-the-agent|node_a|node_nas/);
  expect(document.nodes.find(({ name }) => name === 'tower')).toMatchObject({ hasAgentToken: true });

  const other = createComputer();
  await other.transfer.import({ text, apply: true });
  const [there, here] = ['nas', 'tower'].map((name) =>
    other.store.nodes.list().find((one) => one.name === name),
  );
  expect(here).toMatchObject({
    wakeWays: [{ kind: 'agent', nodeId: there?.id }, { kind: 'direct' }],
    agentUrl: 'http://127.0.0.1:8765',
  });
  expect(other.policies.get(here?.id ?? '')).toMatchObject({ idleMinutes: 30, powerOff: 'always' });
  expect(other.store.power.policies()).toHaveLength(1);
  const again = await other.transfer.import({ text, apply: true });
  expect(new Set(again.entries.map(({ action }) => action))).toEqual(new Set(['same']));
});

it('a token is not sent to the address that a file names instead', async () => {
  const text = JSON.stringify(filled().transfer.export());
  const { transfer, store, secrets, left } = createComputer();
  store.nodes.put({ ...node, agentUrl: 'http://127.0.0.1:8765' });
  secrets.change({ [agentTokenSecret('node_a')]: 'token-of-the-agent' });
  const moved = text.replace('"agentUrl":null', '"agentUrl":"http://127.0.0.9:8765"');
  const { entries } = await transfer.import({ text: moved, apply: true });
  expect(entries.find(({ kind }) => kind === 'node')?.message).toMatchObject({
    params: { secrets: ['agentToken'] },
  });
  expect(store.nodes.list()[0]?.agentUrl).toBe('http://127.0.0.9:8765');
  expect(secrets.get(agentTokenSecret('node_a'))).toBeNull();
  expect(left).toContainEqual(['node_a', 'token-of-the-agent']);
});

it('the secret of a shutdown server comes from an environment file, all or nothing', () => {
  const text =
    'GPU_OLLAMA_URL=http://127.0.0.1:5\nGPU_SHUTDOWN_URL=http://127.0.0.1:6\nGPU_SHUTDOWN_SECRET=s3cret-of-it\nGPU_AUTO_SHUTDOWN=false\n';
  const { transfer, store, secrets, policies } = createComputer();
  transfer.importEnvironment({ text, apply: true });
  const id = store.nodes.list()[0]?.id ?? '';
  expect(secrets.get(shutdownSecret(id))).toBe('s3cret-of-it');
  expect(policies.get(id).powerOff).toBe('never');

  const full = createComputer((real) => ({
    ...real,
    power: {
      ...real.power,
      putPolicy() {
        throw new PilotlightError('DISK_FULL');
      },
    },
  }));
  expect(() => full.transfer.importEnvironment({ text, apply: true })).toThrow(
    expect.objectContaining({ code: 'DISK_FULL' }),
  );
  expect(full.store.nodes.list()).toEqual([]);
  expect(full.secrets.get(shutdownSecret('node_1'))).toBeNull();
});
