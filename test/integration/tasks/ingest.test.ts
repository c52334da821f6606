import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { WORKER_PROTOCOL } from '../../../shared/contract/task-worker.ts';
import type { TaskView } from '../../../shared/models/tasks.ts';
import { silentLog } from '../../fakes/indexing.ts';

/** A real core: state, queue and index in their files and processes. */
const folders: string[] = [];
const hosts: Host[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}, 30_000);

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-ingest-'));
  folders.push(folder);
  return folder;
}

async function start(dataFolder: string): Promise<Host> {
  const environment = { OLLAMA_HOST: '127.0.0.1:1' };
  const host = await startHost({ dataFolder, environment, panelRoot: null, log: silentLog });
  hosts.push(host);
  return host;
}

const caller = { credentialId: null, local: true };
const never = new AbortController().signal;

async function complete(host: Host, text: string, name: string): Promise<string> {
  const { tasks } = host.core.services;
  const [added] = await tasks.add(
    [
      {
        ...{ input: { kind: 'text', text: 'The input.', name }, gpu: false, store: true, options: {} },
        ...{ metadata: {}, webhookUrl: null, priority: 0, delaySeconds: 0 },
      },
    ],
    null,
  );
  await tasks.workers.hello(
    {
      ...{ id: 'w1', name: 'w1', type: 'cpu', queues: ['celery'], slots: 4, version: '0' },
      ...{ protocol: WORKER_PROTOCOL, contentTypes: ['document'], agentId: null, now: Date.now() },
      ...{ sharedFolderProof: null, tasks: [] },
    },
    caller,
  );
  const { tasks: given } = await tasks.workers.claim(
    { workerId: 'w1', count: 1, waitMs: 5000 },
    caller,
    never,
  );
  const [task] = given;
  if (task === undefined || task.id !== added?.id) throw new Error('The task was not given out.');
  const result = {
    ...{ content: text, contentFileId: null, metadata: {}, thumbnails: [], processingMs: 1 },
  };
  await tasks.workers.complete(
    { workerId: 'w1', id: task.id, token: task.token, result, claimNext: false },
    caller,
  );
  return task.id;
}

/** Resolves with the view of a task once it fits. */
function until(host: Host, id: string, fits: (task: TaskView) => boolean): Promise<TaskView> {
  const topic = host.core.streams.tasks;
  return new Promise((resolve) => {
    const subscription = topic.subscribe(null, () => {
      const found = topic.get(id);
      if (found === undefined || !fits(found)) return true;
      setImmediate(() => subscription.end());
      resolve(found);
      return true;
    });
  });
}

const search = (host: Host, text: string) =>
  host.core.services.indexing.search({ text, sourceIds: null, limit: 5 }, AbortSignal.timeout(50_000));

describe('the text of a task, from the queue to a search', () => {
  it('is found with its title and origin, survives a restart, and is gone when it is deleted', async () => {
    const dataFolder = newFolder();
    const host = await start(dataFolder);
    const id = await complete(host, 'A furnace needs a zephyrlamp to light.', 'heating.md');
    await until(host, id, ({ storing }) => storing === 'stored');
    const { hits } = await search(host, 'zephyrlamp');
    expect(hits).toMatchObject([
      {
        sourceName: 'Ingested texts',
        heading: 'heating.md',
        ingested: { taskId: id, title: 'heating.md', origin: 'heating.md' },
      },
    ]);
    const [source] = await host.core.services.indexing.sources();
    expect(source).toMatchObject({ kind: 'ingested', files: 1 });
    await expect(host.core.services.indexing.removeSource(source?.id ?? '')).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    // Nothing of it is told in the activity: it happens every few seconds.
    expect(host.core.services.activity.list({ limit: 50, kinds: ['index'] })).toEqual([]);
    await host.stop();

    const next = await start(dataFolder);
    expect((await search(next, 'zephyrlamp')).hits).toHaveLength(1);
    expect(next.core.services.tasks.ingested({ offset: 0, limit: 5 }).texts).toMatchObject([
      { taskId: id, indexed: true },
    ]);
    const jobs = next.core.streams.jobs;
    const before = new Set(jobs.keys());
    await next.core.services.tasks.deleteIngested([id]);
    expect(readdirSync(join(dataFolder, 'ingested'))).toEqual([]);
    // The index has it until the next job, and it is not found any more.
    expect((await search(next, 'zephyrlamp')).hits).toEqual([]);
    await new Promise<void>((resolve) => {
      const subscription = jobs.subscribe(null, () => {
        const job = jobs.values().find((one) => !before.has(one.id) && one.endedAt !== null);
        if (job === undefined) return true;
        setImmediate(() => subscription.end());
        resolve();
        return true;
      });
    });
    expect((await search(next, 'zephyrlamp')).hits).toEqual([]);
  }, 60_000);

  it('that was written when the core was killed is indexed at the next start', async () => {
    const dataFolder = newFolder();
    const host = await start(dataFolder);
    // Stopped before its index job begins.
    const id = await complete(host, 'The quincegate was left open.', 'gate.md');
    await host.stop();
    const next = await start(dataFolder);
    await until(next, id, ({ storing }) => storing === 'stored');
    expect((await search(next, 'quincegate')).hits).toMatchObject([{ ingested: { taskId: id } }]);
  }, 60_000);

  it('is measured with everything else in the data folder', async () => {
    const dataFolder = newFolder();
    const host = await start(dataFolder);
    await complete(host, 'A text.', 'a.md');
    const usage = (await host.core.handlers['storage.usage']({}, { signal: never, credentialId: null })) as {
      folder: string;
      freeBytes: number;
      parts: { kind: string; sizeBytes: number; count: number; ageDays: number | null }[];
    };
    expect(usage.freeBytes).toBeGreaterThan(0);
    const part = (kind: string) => usage.parts.find((one) => one.kind === kind);
    expect(part('uploads')).toMatchObject({ count: 1, sizeBytes: 10, ageDays: 30 });
    expect(part('results')).toMatchObject({ count: 0, sizeBytes: 0 });
    expect(part('ingested')).toMatchObject({ count: 1 });
    expect(part('tasks')).toMatchObject({ count: 1, ageDays: 30 });
    expect(part('tasks')?.sizeBytes).toBeGreaterThan(4096);
    expect(part('other')?.sizeBytes).toBeGreaterThan(0);
    const clear = (kind: 'uploads' | 'tasks' | 'activity' | 'history' | 'requests') =>
      host.core.handlers['storage.clear']({ kind }, { signal: never, credentialId: null });
    expect(await clear('uploads')).toEqual({ freedBytes: 10 });
    await clear('tasks');
    expect(await host.core.services.tasks.list({ limit: 1 })).toEqual({ tasks: [], total: 0 });
    for (const kind of ['activity', 'history', 'requests'] as const) await clear(kind);
    expect(host.core.services.activity.list({ limit: 1 })).toEqual([]);
    expect(host.core.streams.activity.keys()).toEqual([]);
  }, 60_000);
});
