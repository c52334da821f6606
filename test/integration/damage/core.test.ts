/** A core starts whatever has happened to its files, keeps damaged ones and reports them. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { createRememberingLog } from '../../fakes/transport.ts';
import { contentOf, manners, mayReadAll } from './manners.ts';

const never = new AbortController().signal;
let base = '';
let data = '';
let towerId = '';
let sourceId = '';
const webhookUrl = 'https://example.test/hook';
let key: string;
const cleanups: (() => Promise<void> | void)[] = [];

function launch(log = createRememberingLog()): Promise<Host> {
  return startHost({
    dataFolder: data,
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    log,
    port: 0,
  }).then((host) => {
    cleanups.push(() => host.stop());
    return host;
  });
}

/** A machine, an indexed folder, a policy, a lease and a secret. */
beforeAll(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'pilotlight-damage-')));
  data = join(base, 'first');
  const notes = join(base, 'notes');
  mkdirSync(notes);
  for (const name of ['a', 'b', 'c']) writeFileSync(join(notes, `${name}.txt`), `common words of ${name}`);
  const { core, stop } = await launch();
  const { access, fleet, indexing, leases, shutdown, settings } = core.services;
  towerId = fleet.add({ url: 'http://127.0.0.1:2', name: 'gpu-tower' }).id;
  shutdown.setPolicy(towerId, { powerOff: 'always', idleMinutes: 5 });
  leases.keepAwake({ nodeId: towerId, until: null, purpose: 'a game' });
  settings.update({ optimizer: { webhookUrl } });
  key = access.addKey({ name: 'scripts', kind: 'script', expiresInDays: null }).secret;
  const source = await indexing.addSource({
    path: notes,
    embedder: { kind: 'builtin' },
    wake: false,
    whenGpuGone: 'use-cpu',
  });
  sourceId = source.id;
  const job = indexing.startJob({
    sourceIds: [sourceId],
    full: false,
    rebuild: false,
    useGpu: false,
    callbackUrl: null,
  });
  await indexing.waitForJob(job.id, never);
  // As a core that was killed leaves it.
  cpSync(join(data, 'endpoint.json'), join(base, 'endpoint.json'));
  await stop();
  cpSync(join(base, 'endpoint.json'), join(data, 'endpoint.json'));
  cpSync(data, join(base, 'whole'), { recursive: true });
}, 60_000);
afterAll(() => rmSync(base, { recursive: true, force: true }));
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let copies = 0;
function freshCopy(): void {
  copies += 1;
  data = join(base, `copy-${copies}`);
  cpSync(join(base, 'whole'), data, { recursive: true });
}

/** Each file, the code of its notice, and what is there all the same. */
const files: Record<string, { code: string; keeps: ('nodes' | 'sources' | 'keys' | 'secrets' | 'index')[] }> =
  {
    'state.sqlite': { code: 'STATE_CORRUPT', keeps: ['secrets'] },
    'secrets.json': { code: 'SECRETS_LOST', keeps: ['nodes', 'sources', 'keys', 'index'] },
    'secrets.key': { code: 'SECRETS_LOST', keeps: ['nodes', 'sources', 'keys', 'index'] },
    'endpoint.json': { code: 'FILE_DAMAGED', keeps: ['nodes', 'sources', 'keys', 'index', 'secrets'] },
    index: { code: 'INDEX_CORRUPT', keeps: ['nodes', 'sources', 'keys', 'secrets'] },
  };

/** What is there, as a person would find it. */
async function look({ core }: Host) {
  const { access, fleet, indexing, settings } = core.services;
  const there = new Set<string>();
  if (fleet.list().some(({ name }) => name === 'gpu-tower')) there.add('nodes');
  if (indexing.sourceRecords().some(({ id }) => id === sourceId)) there.add('sources');
  if (settings.secret('optimizer.webhookUrl') === webhookUrl) there.add('secrets');
  if (access.check(key, null).outcome === 'accepted') there.add('keys');
  // A lost key never turns into "no keys needed".
  expect(access.keys()).not.toEqual([]);
  const found =
    indexing.sourceRecords().length === 0
      ? null
      : await indexing.search({ text: 'common words', sourceIds: null, limit: 10 }, never);
  if (found?.hits.length === 3) there.add('index');
  return { there, found };
}

describe.each(Object.entries(files))('%s damaged', (file, { code, keeps }) => {
  const pathOf = () => (file === 'index' ? join(data, 'index', `${sourceId}.db`) : join(data, file));

  it.each(Object.keys(manners).filter((manner) => manner !== 'closed to us' || !mayReadAll))(
    'as %s',
    async (manner) => {
      freshCopy();
      const path = pathOf();
      const before = contentOf(path);
      manners[manner]?.(path);
      const damaged = manner === 'closed to us' ? before : contentOf(path);
      const host = await launch();
      const { there, found } = await look(host);
      expect([...there]).toEqual(expect.arrayContaining(keeps));

      // What SQLite does not read is no damage to it: bytes behind its last page.
      const harmless =
        manner === 'half of a write' && path.match(/sqlite$|db$/) !== null && there.has('index');
      if (harmless) return;
      const { notices } = host.core.services.status.current();
      expect(notices.map((notice) => notice.code)).toContain(code);
      const told = host.core.services.activity
        .list({ limit: 20 })
        .filter(({ kind, notify }) => kind === 'system' && notify);
      expect(told.map(({ message }) => message)).toEqual(
        expect.arrayContaining([notices.find((one) => one.code === code)?.message]),
      );
      const kept = `${path}.corrupt-1`;
      // A key that seals nothing any more stays where it is; what it sealed goes aside.
      const aside =
        file === 'secrets.key' && !readdirSync(data).includes('secrets.key.corrupt-1')
          ? join(data, 'secrets.json.corrupt-1')
          : kept;
      if (aside === kept) expect(contentOf(kept)).toEqual(damaged);
      expect(statSync(aside).mode & 0o077).toBe(0);
      if (file === 'index') expect(found).toMatchObject({ incomplete: [sourceId] });

      // The next start reports nothing, and nothing is moved twice.
      await host.stop();
      const again = await launch();
      expect(again.core.services.status.current().notices.filter((one) => one.code === code)).toEqual([]);
      expect(
        readdirSync(data, { recursive: true }).filter((name) => String(name).includes('corrupt-2')),
      ).toEqual([]);
    },
    30_000,
  );
});

describe('files that only help', () => {
  it.each(['random bytes', 'a folder', 'another kind of JSON'])(
    'the last port as %s: a free one, and a line in the log',
    async (manner) => {
      freshCopy();
      manners[manner]?.(join(data, 'port'));
      const log = createRememberingLog();
      const host = await startHost({ dataFolder: data, environment: {}, panelRoot: null, log });
      cleanups.push(() => host.stop());
      expect(host.core.services.status.current().notices).toEqual([]);
      expect(log.lines.map(({ message }) => message)).toContain(
        'The file with the last port was damaged; using a free port.',
      );
      expect(contentOf(join(data, 'port')).toString()).toBe(`${new URL(host.url).port}\n`);
    },
  );

  it.each(['random bytes', 'a folder', 'another kind of JSON'])(
    'the lock as %s: still one core a folder',
    async (manner) => {
      freshCopy();
      manners[manner]?.(join(data, 'core.lock'));
      const host = await launch();
      expect(host.core.services.status.current().notices).toMatchObject([
        { code: 'FILE_DAMAGED', id: 'file-core.lock' },
      ]);
      expect(readdirSync(data)).toContain('core.lock.corrupt-1');
      await expect(launch()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    },
  );

  it('a file in the place of the folder of indexes', async () => {
    freshCopy();
    rmSync(join(data, 'index'), { recursive: true });
    writeFileSync(join(data, 'index'), 'x');
    const host = await launch();
    expect(host.core.services.status.current().notices).toMatchObject([
      { code: 'FILE_DAMAGED', id: 'file-index' },
    ]);
    expect(statSync(join(data, 'index')).isDirectory()).toBe(true);
  });
});

describe('rows of the state', () => {
  function change(sql: string): void {
    freshCopy();
    const database = new DatabaseSync(join(data, 'state.sqlite'));
    database.exec(sql);
    database.close();
  }
  const cut = (table: string) => `UPDATE ${table} SET value = substr(value, 1, 60)`;

  it.each([
    ['nodes', `${cut('nodes')} WHERE id <> 'this-computer'`, 'gpu-tower'],
    [
      'nodes',
      "UPDATE nodes SET value = json_set(value, '$.kind', 7) WHERE id <> 'this-computer'",
      'gpu-tower',
    ],
    [
      'nodes',
      "UPDATE nodes SET value = json_set(value, '$.id', 'other') WHERE id <> 'this-computer'",
      'gpu-tower',
    ],
    ['sources', cut('sources'), 'notes'],
    ['jobs', "UPDATE jobs SET value = '[]'", 'job_'],
    ['power_policies', cut('power_policies'), 'node_'],
    ['leases', cut('leases'), 'node_'],
    ['settings', "UPDATE settings SET value = '{'", '1'],
    ['identity', "UPDATE identity SET panel = 'pa'", '1'],
    ['activity', "UPDATE activity SET value = '3' WHERE id = 1", '1'],
  ])('a damaged one of %s: %s', async (table, sql, name) => {
    change(sql);
    const host = await launch();
    const { notices } = host.core.services.status.current();
    expect(notices).toMatchObject([
      {
        code: 'RECORDS_DAMAGED',
        id: `records-${table}`,
        message: { code: 'ROWS_SET_ASIDE', params: { names: [expect.stringContaining(name)] } },
      },
    ]);
    await host.stop();
    const database = new DatabaseSync(join(data, 'state.sqlite'));
    const kept = database.prepare('SELECT source, value FROM damaged_rows').all();
    database.close();
    expect(kept).toMatchObject([{ source: table }]);
    const again = await launch();
    expect(again.core.services.status.current().notices).toEqual([]);
    const { fleet, shutdown, indexing } = again.core.services;
    if (table !== 'nodes') {
      expect(fleet.get(towerId)?.name).toBe('gpu-tower');
      const { policy, leases } = shutdown.get(towerId);
      expect(leases).toHaveLength(1);
      if (table === 'leases') expect(leases[0]).toMatchObject({ until: null, kind: 'person' });
      expect(policy.powerOff).toBe(table === 'power_policies' ? 'never' : 'always');
    }
    if (table !== 'sources') expect(indexing.sourceRecords()).toHaveLength(1);
  });

  it('a version from the future is refused, and nothing is touched', async () => {
    change('PRAGMA user_version = 99');
    const before = contentOf(join(data, 'state.sqlite'));
    await expect(launch()).rejects.toMatchObject({ code: 'STATE_NEWER' });
    expect(contentOf(join(data, 'state.sqlite'))).toEqual(before);
    expect(readdirSync(data).filter((name) => name.includes('corrupt'))).toEqual([]);
  });
});
