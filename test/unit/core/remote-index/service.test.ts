import { afterEach, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import type { Http } from '../../../../electron/core/ports/network.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { remoteIndexSecret } from '../../../../shared/models/secrets.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createFakeRecall, recallHttp } from '../../../fakes/recall.ts';
import { createRemoteWorld, type RemoteWorldOptions, recallUrl } from '../../../fakes/remote-index-world.ts';
import { createMemorySecrets } from '../../../fakes/secrets.ts';

type World = ReturnType<typeof createRemoteWorld>;

const worlds: World[] = [];
function world(options: RemoteWorldOptions = {}): World {
  const made = createRemoteWorld(options);
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const one of worlds.splice(0)) await one.service.stop();
});

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof PilotlightError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
};

describe('a run on another server', () => {
  it('wakes the machine, starts, follows and lets go', async () => {
    const one = world();
    const id = one.add({ vault: 'notes' });
    expect(one.start(id)).toMatchObject({ run: { phase: 'waking', jobId: null } });
    expect(one.kept()).toEqual(['tower']);
    expect(one.purposes()[0]).toContain('127.0.0.1');
    await one.clock.flush();
    expect(one.woken).toEqual(['tower']);
    expect(one.recall.starts).toEqual([
      { vault: 'notes', full: false, rebuild: false, callback_url: null, use_gpu: true },
    ]);
    one.recall.advance(20, 80, 'notes/lamp.md');
    await one.clock.advance(2100);
    expect(one.only().run).toMatchObject({
      ...{ phase: 'running', processed: 20, total: 80, percent: 25, etaMs: 60_000, found: false },
      ...{ currentFile: 'notes/lamp.md', detail: { code: 'REMOTE_RUNNING' } },
    });
    expect(one.kept()).toEqual(['tower']);
    one.recall.advance(80, 80);
    one.recall.end('completed');
    await one.clock.advance(2100);
    expect(one.only()).toMatchObject({ run: null, lastRun: { status: 'completed', indexed: 80 } });
    expect(one.kept()).toEqual([]);
    expect(one.codes()).toContain('REMOTE_INDEX_FINISHED');
  });

  it('never shows what the server had before the start', async () => {
    const one = world();
    one.start(one.add());
    await one.clock.flush();
    expect(one.only().run).not.toHaveProperty('knownJobs');
  });

  it('fails with the words of the server, and lets the machine go', async () => {
    const one = world();
    one.start(one.add());
    await one.clock.flush();
    one.recall.end('failed', 'Ollama:\u001b[31m out of memory\n');
    await one.clock.advance(2100);
    const { lastRun } = one.only();
    expect(lastRun).toMatchObject({ status: 'failed', trouble: { code: 'REMOTE_JOB_FAILED' } });
    expect(lastRun?.trouble?.message).toContain('Ollama: out of memory');
    expect(lastRun?.trouble?.next).not.toBe('');
    expect(one.kept()).toEqual([]);
  });

  it('fails if a machine does not wake, and starts nothing there', async () => {
    const one = world({
      nodeIds: ['tower', 'nas'],
      ensureAwake: (nodeId, { signal }) =>
        nodeId === 'tower'
          ? Promise.reject(new PilotlightError('WAKE_TIMEOUT'))
          : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    one.start(one.add({ nodeIds: ['tower', 'nas'] }));
    expect(one.kept()).toEqual(['nas', 'tower']);
    await one.clock.flush();
    expect(one.only().lastRun).toMatchObject({ status: 'failed', trouble: { code: 'WAKE_TIMEOUT' } });
    expect(one.kept()).toEqual([]);
    expect(one.recall.asked).toEqual([]);
  });

  it.each([
    ['drop', 'REMOTE_INDEX_UNREACHABLE'],
    [{ status: 401, body: '{}' }, 'REMOTE_INDEX_REFUSED'],
    [{ status: 403, body: '{}' }, 'REMOTE_INDEX_REFUSED'],
    [{ status: 404, body: 'not found' }, 'NOT_A_RECALL_SERVER'],
    [{ status: 200, body: '<html>Welcome</html>' }, 'NOT_A_RECALL_SERVER'],
    [{ status: 200, body: '{"status":"ok"}' }, 'NOT_A_RECALL_SERVER'],
    [{ status: 302, body: '', headers: { location: 'http://127.0.0.2/' } }, 'NOT_A_RECALL_SERVER'],
    [{ status: 500, body: '{"detail":"boom"}' }, 'REMOTE_INDEX_FAILED'],
  ] as const)('without a machine, %j ends it at once with %s', async (fault, code) => {
    const one = world();
    one.recall.faults.set('*', typeof fault === 'string' ? fault : { ...fault });
    one.start(one.add({ nodeIds: [] }));
    await one.clock.flush();
    expect(one.only().lastRun).toMatchObject({ status: 'failed', trouble: { code } });
    expect(one.recall.starts).toEqual([]);
  });

  it('waits for a server that starts with its machine, but not for ever', async () => {
    const one = world();
    one.recall.faults.set('*', 'drop');
    const id = one.add();
    one.start(id);
    await one.clock.advance(30_000);
    expect(one.only().run?.detail.code).toBe('REMOTE_WAITING_FOR_SERVER');
    one.recall.faults.clear();
    await one.clock.advance(60_000);
    expect(one.only().run?.phase).toBe('running');
    one.recall.end('completed');
    await one.clock.advance(2100);
    one.recall.faults.set('*', { status: 502, body: '' });
    one.start(id);
    await one.clock.advance(400_000);
    expect(one.only().lastRun?.trouble?.code).toBe('REMOTE_INDEX_FAILED');
    expect(one.kept()).toEqual([]);
  });

  it('keeps following a server that is silent, lets its machine go, and takes it again', async () => {
    const one = world();
    one.start(one.add());
    await one.clock.flush();
    one.recall.advance(5, 10);
    await one.clock.advance(2100);
    one.recall.faults.set('*', 'drop');
    await one.clock.advance(10_000);
    expect(one.only().run).toMatchObject({
      ...{ phase: 'silent', processed: 5, trouble: { code: 'REMOTE_INDEX_UNREACHABLE' } },
      detail: { code: 'REMOTE_SILENT' },
    });
    expect(one.kept()).toEqual(['tower']);
    await one.clock.advance(400_000);
    expect(one.kept()).toEqual([]);
    expect(one.codes().filter((code) => code === 'REMOTE_INDEX_SILENT')).toHaveLength(1);
    await one.clock.advance(24 * 3_600_000);
    expect(one.only()).toMatchObject({ run: { phase: 'silent' }, lastRun: null });
    one.recall.faults.clear();
    await one.clock.advance(120_000);
    expect(one.only().run).toMatchObject({ phase: 'running', trouble: null });
    expect(one.kept()).toEqual(['tower']);
    one.recall.end('completed');
    await one.clock.advance(2100);
    expect(one.only().lastRun?.status).toBe('completed');
  });

  it('asks a silent server at most once a minute', async () => {
    const one = world();
    one.start(one.add());
    await one.clock.flush();
    one.recall.faults.set('*', 'drop');
    await one.clock.advance(600_000);
    const before = one.recall.asked.length;
    await one.clock.advance(600_000);
    expect(one.recall.asked.length - before).toBeLessThanOrEqual(12);
  });

  it('is lost with a server that has forgotten it', async () => {
    const one = world();
    one.start(one.add());
    await one.clock.flush();
    one.recall.jobs.splice(0);
    await one.clock.advance(2100);
    expect(one.only().lastRun).toMatchObject({ status: 'failed', trouble: { code: 'REMOTE_JOB_LOST' } });
  });

  it('is not taken for the end when another key is wanted now', async () => {
    const one = world();
    const id = one.add();
    one.start(id);
    await one.clock.flush();
    one.recall.key = 'new';
    await one.clock.advance(60_000);
    expect(one.only().run).toMatchObject({ phase: 'silent', trouble: { code: 'REMOTE_INDEX_REFUSED' } });
    one.service.update({ remoteId: id, key: 'new' });
    await one.clock.flush();
    expect(one.only().run?.phase).toBe('running');
  });
});

describe('a job that runs there already', () => {
  it('is followed, and said to be of another program', async () => {
    const one = world();
    const job = one.recall.begin();
    one.start(one.add());
    await one.clock.flush();
    expect(one.only().run).toMatchObject({ jobId: job.job_id, found: true });
    expect(one.recall.starts).toEqual([]);
  });

  it.each([{ full: true }, { rebuild: true }])('is not what %j asks for', async (how) => {
    const one = world();
    one.recall.begin();
    one.start(one.add(), how);
    await one.clock.flush();
    expect(one.only().lastRun?.trouble?.code).toBe('REMOTE_INDEX_BUSY');
    expect(one.recall.starts).toEqual([]);
    expect(one.kept()).toEqual([]);
  });
});

describe('a start whose answer is lost', () => {
  it('is found again, and not repeated', async () => {
    const one = world();
    one.recall.faults.set('POST start', 'lose');
    one.start(one.add());
    await one.clock.advance(10_000);
    expect(one.recall.starts).toHaveLength(1);
    expect(one.only().run).toMatchObject({ phase: 'running', jobId: 'job-1', found: false });
  });

  it('is found again although it has ended meanwhile', async () => {
    const one = world();
    one.recall.begin();
    one.recall.end('completed');
    one.recall.faults.set('POST start', 'lose');
    const http = recallHttp(one.recall);
    const slow: Http = {
      ...http,
      async request(request) {
        const reply = await http.request(request).catch((error: unknown) => {
          if (request.method === 'POST') one.recall.end('completed');
          throw error;
        });
        return reply;
      },
    };
    const two = world({ recall: one.recall, http: slow });
    two.start(two.add());
    await two.clock.advance(10_000);
    expect(two.recall.starts).toHaveLength(1);
    expect(two.only().lastRun?.status).toBe('completed');
  });

  it('is repeated a few times if nothing was started', async () => {
    const one = world();
    one.recall.faults.set('POST start', 'drop');
    one.start(one.add());
    await one.clock.advance(60_000);
    expect(one.recall.asked.filter((call) => call === 'POST start')).toHaveLength(3);
    expect(one.only().lastRun?.trouble?.code).toBe('REMOTE_INDEX_UNREACHABLE');
  });

  it('is not repeated after the server has answered with an error', async () => {
    const one = world();
    one.recall.faults.set('POST start', { status: 500, body: '{"error":"no vault"}' });
    one.start(one.add());
    await one.clock.advance(60_000);
    expect(one.recall.asked.filter((call) => call === 'POST start')).toHaveLength(1);
    expect(one.only().lastRun?.trouble).toMatchObject({ code: 'REMOTE_INDEX_FAILED' });
    expect(one.only().lastRun?.trouble?.message).toContain('no vault');
  });
});

describe('cancelling', () => {
  it('asks the server, and ends when the job has', async () => {
    const one = world();
    const id = one.add();
    one.start(id);
    await one.clock.flush();
    one.service.cancelRun({ remoteId: id, forget: false });
    await one.clock.flush();
    expect(one.recall.current()?.cancelled).toBe(true);
    expect(one.only().run?.phase).toBe('cancelling');
    expect(one.kept()).toEqual(['tower']);
    one.recall.end('failed', 'cancelled');
    await one.clock.advance(2100);
    expect(one.only().lastRun).toMatchObject({ status: 'cancelled', trouble: null });
    expect(one.kept()).toEqual([]);
  });

  it('that comes too late leaves a completed run', async () => {
    const one = world();
    const id = one.add();
    one.start(id);
    await one.clock.flush();
    one.recall.end('completed');
    one.service.cancelRun({ remoteId: id, forget: false });
    await one.clock.flush();
    expect(one.only().lastRun?.status).toBe('completed');
  });

  it('while the machine wakes sends nothing', async () => {
    const one = world({
      ensureAwake: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const id = one.add();
    one.start(id);
    await one.clock.flush();
    one.service.cancelRun({ remoteId: id, forget: false });
    await one.clock.flush();
    expect(one.only().lastRun?.status).toBe('cancelled');
    expect(one.recall.asked).toEqual([]);
    expect(one.kept()).toEqual([]);
  });

  it('waits for a silent server, which can be forgotten then', async () => {
    const one = world();
    const id = one.add();
    one.start(id);
    await one.clock.flush();
    expect(codeOf(() => one.service.cancelRun({ remoteId: id, forget: true }))).toBe('JOB_RUNNING');
    one.recall.faults.set('*', 'drop');
    await one.clock.advance(10_000);
    one.service.cancelRun({ remoteId: id, forget: false });
    await one.clock.advance(10_000);
    expect(one.only().run?.phase).toBe('silent');
    one.recall.faults.clear();
    await one.clock.advance(60_000);
    expect(one.recall.current()?.cancelled).toBe(true);
    one.recall.faults.set('*', 'drop');
    await one.clock.advance(10_000);
    one.service.cancelRun({ remoteId: id, forget: true });
    await one.clock.flush();
    expect(one.only()).toMatchObject({ run: null, lastRun: { status: 'unknown' } });
    expect(one.kept()).toEqual([]);
  });
});

describe('a restart of the core', () => {
  async function restarted(before: World): Promise<World> {
    const { clock, recall, store, secrets } = before;
    await before.service.stop();
    expect(before.kept()).toEqual([]);
    const after = world({ clock, recall, store, secrets });
    after.service.start({ resume: true });
    return after;
  }

  it('finds the running job again', async () => {
    const one = world();
    one.start(one.add());
    await one.clock.flush();
    const two = await restarted(one);
    await two.clock.advance(2100);
    expect(two.woken).toEqual([]);
    expect(two.kept()).toEqual(['tower']);
    expect(two.only().run).toMatchObject({ phase: 'running', jobId: 'job-1' });
    two.recall.end('completed');
    await two.clock.advance(2100);
    expect(two.recall.starts).toHaveLength(1);
    expect(two.only().lastRun?.status).toBe('completed');
  });

  it('finds a job whose id it never learned', async () => {
    const clock = createFakeClock();
    const recall = createFakeRecall();
    const { store } = createSqliteStore({ path: ':memory:' });
    const http = recallHttp(recall);
    // The first core is gone when the answer comes.
    const stuck: Http = {
      ...http,
      async request(request) {
        const reply = await http.request(request);
        if (request.method === 'POST')
          await new Promise((_, reject) =>
            request.signal?.addEventListener('abort', () => reject(request.signal?.reason)),
          );
        return reply;
      },
    };
    const one = world({ clock, recall, store, http: stuck });
    one.start(one.add());
    await clock.flush();
    const two = await restarted(one);
    await clock.advance(5000);
    expect(recall.starts).toHaveLength(1);
    expect(two.only().run).toMatchObject({ jobId: 'job-1', found: false });
  });

  it('cancels what should be cancelled', async () => {
    const one = world();
    const id = one.add();
    one.start(id);
    await one.clock.flush();
    one.recall.faults.set('*', 'drop');
    await one.clock.advance(5000);
    one.service.cancelRun({ remoteId: id, forget: false });
    one.recall.faults.clear();
    const two = await restarted(one);
    await two.clock.advance(5000);
    expect(two.recall.current()?.cancelled).toBe(true);
  });

  it('leaves runs alone for a program that makes one call', async () => {
    const one = world();
    one.start(one.add());
    await one.clock.flush();
    await one.service.stop();
    const asked = one.recall.asked.length;
    const { clock, recall, store } = one;
    const two = world({ clock, recall, store });
    two.service.start({ resume: false });
    await two.clock.advance(10_000);
    expect(recall.asked.length).toBe(asked);
    expect(two.only().run?.jobId).toBe('job-1');
  });
});

describe('the record', () => {
  it('is refused twice, and with an unknown machine', () => {
    const one = world();
    one.add();
    expect(codeOf(() => one.add())).toBe('ALREADY_EXISTS');
    expect(codeOf(() => one.add({ vault: 'other', nodeIds: ['nope'] }))).toBe('NOT_FOUND');
    expect(one.service.list()).toHaveLength(1);
  });

  it('keeps the address without the path that was copied with it', () => {
    const one = world();
    const { url } = one.service.add({
      ...{
        url: 'http://127.0.0.1:9000/recall/index/progress',
        key: null,
        vault: 'all',
        nodeIds: [],
        useGpu: true,
      },
    });
    expect(url).toBe('http://127.0.0.1:9000/recall');
  });

  it('forgets the key with another origin, and sends it nowhere else', async () => {
    const secrets = createMemorySecrets();
    const one = world({ secrets });
    one.recall.key = 'secret';
    const id = one.add({ key: 'secret' });
    const { signal } = new AbortController();
    const test = (url: string) => one.service.test({ url, key: null, remoteId: id }, signal);
    await expect(test(`${recallUrl}/index`)).resolves.toMatchObject({
      url: recallUrl,
      running: false,
      jobs: 0,
    });
    await expect(test('http://127.0.0.2:9000')).rejects.toMatchObject({ code: 'REMOTE_INDEX_REFUSED' });
    expect(one.service.update({ remoteId: id, url: `${recallUrl}/sub` }).hasKey).toBe(true);
    expect(one.service.update({ remoteId: id, url: 'http://127.0.0.2:9000' }).hasKey).toBe(false);
    expect(secrets.get(remoteIndexSecret(id))).toBeNull();
  });

  it('goes with its key, and not while it runs', async () => {
    const secrets = createMemorySecrets();
    const one = world({ secrets });
    const id = one.add({ key: 'secret' });
    one.start(id);
    expect(codeOf(() => one.start(id))).toBe('JOB_RUNNING');
    expect(codeOf(() => one.service.remove(id))).toBe('JOB_RUNNING');
    expect(codeOf(() => one.service.update({ remoteId: id, useGpu: false }))).toBe('JOB_RUNNING');
    expect(one.service.update({ remoteId: id, name: 'Renamed' }).name).toBe('Renamed');
    await one.clock.flush();
    one.recall.end('completed');
    await one.clock.advance(2100);
    expect(one.only().name).toBe('Renamed');
    one.service.remove(id);
    expect(secrets.values.size).toBe(0);
    expect(one.service.list()).toEqual([]);
  });

  it('skips a machine that was removed meanwhile', async () => {
    const one = world();
    const id = one.add();
    one.nodes.clear();
    one.start(id);
    await one.clock.flush();
    expect(one.woken).toEqual([]);
    expect(one.only().run?.phase).toBe('running');
  });

  it('and its key are saved together or not at all', () => {
    const secrets = createMemorySecrets();
    const { store } = createSqliteStore({ path: ':memory:' });
    let full = false;
    const failing = {
      ...store,
      remoteIndexes: {
        ...store.remoteIndexes,
        put(record: Parameters<typeof store.remoteIndexes.put>[0]) {
          if (full) throw new PilotlightError('DISK_FULL');
          store.remoteIndexes.put(record);
        },
      },
    };
    const one = world({ secrets, store: failing });
    const id = one.add({ key: 'old' });
    full = true;
    expect(codeOf(() => one.service.update({ remoteId: id, key: 'new' }))).toBe('DISK_FULL');
    expect(secrets.get(remoteIndexSecret(id))).toBe('old');
    expect(codeOf(() => one.start(id))).toBe('DISK_FULL');
    expect(one.only().run).toBeNull();
    expect(one.kept()).toEqual([]);
  });
});
