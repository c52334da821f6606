/** Secrets in a whole core: over restarts, out of an older state, and in nothing that anybody can see. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { postWebhook } from '../../../electron/core/activity/webhook.ts';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { toWireError } from '../../../shared/contract/errors.ts';
import { type MethodName, methodNames, methods } from '../../../shared/contract/methods.ts';
import { streamNames } from '../../../shared/contract/streams.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { plainText } from '../../../shared/models/message.ts';
import { everyRight } from '../../../shared/rights.ts';
import { aJob } from '../../fakes/records.ts';
import { createMemorySecrets } from '../../fakes/secrets.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

let dataFolder: string;
let log: ReturnType<typeof createRememberingLog>;
const hosts: Host[] = [];

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-secrets-'));
  log = createRememberingLog();
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
  rmSync(dataFolder, { recursive: true, force: true });
});

async function start(): Promise<Host> {
  const environment = { OLLAMA_HOST: '127.0.0.1:1' };
  const host = await startHost({ dataFolder, environment, panelRoot: null, log, checkResults: true });
  hosts.push(host);
  return host;
}

const call = (host: Host, method: MethodName, params: unknown = {}) =>
  host.dispatcher.call({
    method,
    params,
    scopes: everyRight,
    signal: new AbortController().signal,
  });

const metricsWith = async (host: Host, token: string) =>
  (await fetch(`${host.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).status;

/** Every byte of the data folder, by file. */
const bytes = () =>
  readdirSync(dataFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));

describe('over a restart', () => {
  it('they are still there, and still not in view', async () => {
    const first = await start();
    await call(first, 'settings.update', { api: { indexToken: 'token-of-scripts' } });
    const added = await call(first, 'fleet.add', { url: 'http://127.0.0.1:2', secureOn: '1.2.3.4' });
    expect(added).toMatchObject({ hasSecureOn: true });
    await first.stop();

    const second = await start();
    expect(await call(second, 'settings.get')).toMatchObject({
      api: { indexToken: { set: true } },
      optimizer: { webhookUrl: { set: false } },
    });
    expect(await metricsWith(second, 'token-of-scripts')).toBe(200);
    const { id } = added as { id: string };
    expect(second.core.services.fleet.secureOn(id)).toBe('1.2.3.4');
    expect(statSync(join(dataFolder, 'secrets.json')).mode & 0o777).toBe(0o600);
    await call(second, 'fleet.remove', { nodeId: id });
    await call(second, 'settings.update', { api: { indexToken: null } });
    expect(await metricsWith(second, 'token-of-scripts')).toBe(401);
    await second.stop();
    expect(readFileSync(join(dataFolder, 'secrets.json'), 'utf8')).not.toContain('indexToken');
  });

  it('with another key they are gone, which is told, and everything else goes on', async () => {
    const first = await start();
    await call(first, 'settings.update', {
      optimizer: { webhookUrl: 'https://example.test/hook' },
      api: { indexToken: 'token-of-scripts' },
      index: { batchSize: 9 },
    });
    await first.stop();
    writeFileSync(join(dataFolder, 'secrets.key'), Buffer.alloc(32, 1));

    const second = await start();
    const { notices } = second.core.services.status.current();
    expect(notices).toMatchObject([{ id: 'secrets', code: 'SECRETS_LOST' }]);
    expect(await call(second, 'settings.get')).toMatchObject({
      optimizer: { webhookUrl: { set: false } },
      api: { indexToken: { set: true } },
      index: { batchSize: 9 },
    });
    // A digest needs no key.
    expect(await metricsWith(second, 'token-of-scripts')).toBe(200);
    await call(second, 'settings.update', { api: { indexToken: 'another-token' } });
    expect(await metricsWith(second, 'another-token')).toBe(200);
  });
});

describe('the state of an older version', () => {
  const secrets = ['plain-token-of-scripts', 'https://example.test/hook/plain-part', '11.22.33.44'] as const;
  const [indexToken, webhookUrl, secureOn] = secrets;
  const statePath = () => join(dataFolder, 'state.sqlite');

  /** Written many times, as settings are, so that old copies lie in pages that are free now. */
  function writeOldState(): void {
    createSqliteStore({ path: statePath() }).store.close();
    const database = new DatabaseSync(statePath());
    const settings = { api: { indexToken }, optimizer: { webhookUrl, on: false }, index: { batchSize: 3 } };
    const node = {
      id: 'node_old',
      name: 'tower',
      kind: 'remote',
      url: 'http://127.0.0.1:2',
      mac: null,
      wakeDestinations: [],
      secureOn,
      vramBytes: null,
      addedAt: 1,
    };
    database.exec('PRAGMA journal_mode = WAL');
    for (let time = 0; time < 40; time += 1) {
      const filler = 'x'.repeat(time * 100);
      database
        .prepare('INSERT OR REPLACE INTO settings (id, value) VALUES (1, ?)')
        .run(JSON.stringify({ ...settings, filler }));
      database
        .prepare('INSERT OR REPLACE INTO nodes (id, value) VALUES (?, ?)')
        .run(node.id, JSON.stringify({ ...node, filler }));
    }
    database.close();
  }

  it('gives them up: they work, are in view as set, and no byte of them is left', async () => {
    writeOldState();
    expect(bytes().some((file) => file.includes(indexToken))).toBe(true);
    const host = await start();
    expect(await call(host, 'settings.get')).toMatchObject({
      api: { indexToken: { set: true } },
      optimizer: { webhookUrl: { set: true }, on: false },
      index: { batchSize: 3 },
    });
    expect(await metricsWith(host, indexToken)).toBe(200);
    expect(host.core.services.settings.secret('optimizer.webhookUrl')).toBe(webhookUrl);
    expect(host.core.services.fleet.secureOn('node_old')).toBe(secureOn);
    expect(host.core.services.fleet.get('node_old')).toMatchObject({ name: 'tower', hasSecureOn: true });
    for (const file of bytes()) for (const secret of secrets) expect(file.includes(secret)).toBe(false);
  });

  it('gives up the passwords in callbacks: of jobs that still run they are sealed, of others they are gone', () => {
    const { store } = createSqliteStore({ path: statePath() });
    const url = 'http://user:plain-password@127.0.0.1:1/done';
    store.jobs.put(aJob({ id: 'job_running', callbackUrl: url }));
    store.jobs.put(aJob({ id: 'job_done', status: 'completed', endedAt: 9, callbackUrl: url }));
    store.jobs.put(aJob({ id: 'job_plain', callbackUrl: 'http://127.0.0.1:1/done?mail=a@b' }));
    store.jobs.put(aJob({ id: 'job_none', label: plainText('a@b "callbackUrl":"x@y"') }));
    store.close();
    const kept = createMemorySecrets();
    const again = createSqliteStore({ path: statePath(), secrets: kept });
    expect(again.plainSecrets.kind).toBe('moved');
    expect([...kept.values]).toEqual([['job.job_running.callback', url]]);
    expect(
      Object.fromEntries(again.store.jobs.list(9).map(({ id, callbackUrl }) => [id, callbackUrl])),
    ).toEqual({
      job_running: 'http://127.0.0.1:1/done',
      job_done: 'http://127.0.0.1:1/done',
      job_plain: 'http://127.0.0.1:1/done?mail=a@b',
      job_none: null,
    });
    again.store.close();
    for (const file of bytes()) expect(file.includes('plain-password')).toBe(false);
    expect(createSqliteStore({ path: statePath(), secrets: kept }).plainSecrets.kind).toBe('none');
  });

  it('keeps them where they are when they cannot be moved, and tries again', () => {
    writeOldState();
    const kept = createMemorySecrets();
    kept.failing = true;
    const first = createSqliteStore({ path: statePath(), secrets: kept });
    expect(first.plainSecrets).toMatchObject({ kind: 'failed', error: { code: 'DISK_FULL' } });
    first.store.close();
    kept.failing = false;
    const second = createSqliteStore({ path: statePath(), secrets: kept });
    expect(second.plainSecrets.kind).toBe('moved');
    expect([...kept.values.values()].toSorted()).toEqual([...secrets].toSorted());
    second.store.close();
    expect(createSqliteStore({ path: statePath(), secrets: kept }).plainSecrets.kind).toBe('none');
  });

  it('does not bring back an old one over one that was set since', () => {
    writeOldState();
    const kept = createMemorySecrets({ 'api.indexToken': 'newer-token' });
    createSqliteStore({ path: statePath(), secrets: kept }).store.close();
    expect(kept.get('api.indexToken')).toBe('newer-token');
  });
});

describe('nothing that can be seen holds one', () => {
  const readers = methodNames.filter(
    (name) => methods[name].params.safeParse({}).success && methods[name].scope === 'view',
  );
  const hex = fc.stringMatching(/^[0-9A-F]{2}$/);

  /** Everything that goes to a person, a program or the disk. */
  async function everything(host: Host, extra: unknown[]): Promise<string> {
    const seen: unknown[] = [...extra, log.lines];
    // One that needs a runner is refused: its error is seen, too.
    for (const name of readers) seen.push(await call(host, name).catch(toWireError));
    for (const name of streamNames) seen.push(host.core.streams[name].values());
    return `${JSON.stringify(seen)}${bytes().join()}`;
  }

  it('whatever its value is, however it was written, refused, exported or imported', async () => {
    const host = await start();
    expect(readers).toContain('settings.export');
    await fc.assert(
      fc.asyncProperty(
        fc.uuid(),
        fc.uuid(),
        fc.array(hex, { minLength: 6, maxLength: 6 }),
        async (token, path, pairs) => {
          const password = pairs.join(':');
          const webhookUrl = `http://127.0.0.1:1/${path}`;
          const refused: unknown[] = [];
          const refuse = async (method: MethodName, params: unknown) => {
            refused.push(await call(host, method, params).then(() => 'accepted', toWireError));
          };
          const results = [
            await call(host, 'settings.update', { api: { indexToken: token }, optimizer: { webhookUrl } }),
            await call(host, 'fleet.update', { nodeId: 'this-computer', secureOn: password }),
          ];
          await refuse('settings.update', { api: { indexToken: { token } } });
          await refuse('settings.update', { optimizer: { webhookUrl: `ftp://${path}` } });
          await refuse('fleet.update', { nodeId: 'this-computer', secureOn: `${password}:${token}` });
          await refuse('fleet.add', { url: `http://u:${token}@127.0.0.1:3` });
          await refuse('fleet.add', { url: `http://u:${token} @127.0.0.1:3` });
          await refuse('fleet.add', { url: 'http://127.0.0.1:3', shutdownSecret: `${token} ${path}` });
          await refuse('settings.import', { text: `{"format":"pilotlight","token":"${token}"`, apply: true });
          expect(refused).not.toContain('accepted');
          const settings = { api: { indexToken: token }, optimizer: { webhookUrl } };
          const text = JSON.stringify({ format: 'pilotlight', version: 1, settings, nodes: [], sources: [] });
          results.push(await call(host, 'settings.import', { text, apply: true }));
          results.push(
            await call(host, 'settings.importEnvironment', {
              text: `GPU_SHUTDOWN_SECRET=${token}\nOTHER=${path}\n${token}\nexport ${path}\nMY_BACKEND="${path}"`,
              apply: true,
            }),
          );
          const seen = await everything(host, [refused, results]);
          for (const secret of [token, path, password]) expect(seen.includes(secret)).toBe(false);
          expect(host.core.services.access.check(token, null).outcome).toBe('accepted');
        },
      ),
      { numRuns: 15 },
    );
  });

  it('a key that somebody puts where it does not belong is not repeated', async () => {
    const host = await start();
    const { secret } = host.core.services.access.addKey({ name: 'a', kind: 'script', expiresInDays: null });
    const bearer = host.core.services.access.openSession({ origin: host.url, userAgent: undefined }).secret;
    const refused: unknown[] = [];
    for (const text of [secret, bearer]) {
      for (const [method, params] of [
        [text, {}],
        ['fleet.add', { url: `http://${text} ${text}` }],
        ['fleet.add', { url: 'http://127.0.0.1:3', mac: text }],
        ['settings.update', { [text]: 1 }],
        ['fleet.remove', { [text]: 1 }],
        ['settings.import', { text: `{"format":"${text}"}` }],
      ] as const) {
        refused.push(await call(host, method as MethodName, params).then(() => 'accepted', toWireError));
      }
      host.core.services.activity.record({
        kind: 'system',
        severity: 'info',
        message: plainText(`It said ${text}`),
      });
    }
    expect(refused).not.toContain('accepted');
    const seen = await everything(host, [refused]);
    for (const text of [secret, bearer]) expect(seen.includes(text)).toBe(false);
  });

  it('a wake packet carries the password, and nothing else does', async () => {
    const host = await start();
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    try {
      const { port } = socket.address() as AddressInfo;
      const node = (await call(host, 'fleet.add', {
        url: 'http://127.0.0.1:2',
        mac: '02:00:00:00:00:01',
        secureOn: 'A1:B2:C3:D4:E5:F6',
        wakeDestinations: [`127.0.0.1:${port}`],
      })) as { id: string };
      const packet = once(socket, 'message') as Promise<[Buffer]>;
      await call(host, 'power.wake', { nodeId: node.id });
      const [message] = await packet;
      expect(message.subarray(-6).toString('hex')).toBe('a1b2c3d4e5f6');
      await call(host, 'power.cancelWake', { nodeId: node.id });
      expect(await everything(host, [])).not.toContain('A1:B2:C3:D4:E5:F6');
    } finally {
      socket.close();
    }
  });

  it('a webhook that fails is told without its address', async () => {
    const activity = createRememberingActivity();
    const message = {
      event: 'priority-model-on-cpu' as const,
      node: { id: 'a', name: 'tower' },
      model: 'm',
      placement: 'cpu' as const,
      reason: 'It fell.',
      at: '2026-01-01T00:00:00Z',
    };
    const { signal } = new AbortController();
    for (const url of ['http://127.0.0.1:1/secret-part', 'http://u:secret-part@127.0.0.1:1/']) {
      await postWebhook({ http: createNodeHttp(), activity, kind: 'optimizer' }, url, message, signal);
    }
    expect(activity.entries).toHaveLength(2);
    expect(JSON.stringify(activity.entries)).not.toContain('secret-part');
  });
});

function createRememberingActivity() {
  const entries: NewActivityEntry[] = [];
  return {
    entries,
    record(entry: NewActivityEntry) {
      entries.push(entry);
      return { why: '', nodeId: null, notify: false, ...entry, at: 0, id: entries.length };
    },
  };
}
