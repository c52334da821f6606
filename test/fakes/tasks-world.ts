/** The service of tasks with a queue, a fleet, a network and an index in memory, on a clock that a test moves. */

import { createLentKeys } from '../../electron/core/access/lent-keys.ts';
import type { SimulatedMachine } from '../../electron/core/ports/simulated-fleet.ts';
import type { OpenTaskQueue } from '../../electron/core/ports/task-queue.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import type { GivenTask, TaskRequest, WorkerCaller } from '../../electron/core/tasks/model.ts';
import { createTasksService } from '../../electron/core/tasks/service.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { WORKER_PROTOCOL, type WorkerRequest } from '../../shared/contract/task-worker.ts';
import { createEmitter } from '../../shared/emitter.ts';
import type { CredentialView } from '../../shared/models/access.ts';
import type { NewActivityEntry } from '../../shared/models/activity.ts';
import type { NodeView } from '../../shared/models/fleet.ts';
import type { GatewayView } from '../../shared/models/gateway.ts';
import type { IndexJob, SourceRecord } from '../../shared/models/indexing.ts';
import type { RunnerFace } from '../../shared/models/runner.ts';
import { defaultSettings, type Settings } from '../../shared/models/settings.ts';
import type { TaskResult } from '../../shared/models/tasks.ts';
import type { TasksSettings } from '../../shared/models/tasks-settings.ts';
import { textOf } from '../../shared/text/index.ts';
import { createFakeClock } from './clock.ts';
import { createFakeHttp, type FakeSite } from './http.ts';
import { createFakeFleet, createFakeLeases, silentLog } from './indexing.ts';
import { aJob } from './records.ts';
import { createMemorySecrets } from './secrets.ts';
import { createMemoryIngestedFiles, createMemoryTaskFiles } from './task-files.ts';
import { createFakeTaskQueue, type FakeTaskQueue } from './task-queue.ts';
import { createMemoryTaskStore, type MemoryTaskStore } from './task-store.ts';

export const here: WorkerCaller = { credentialId: null, local: true };
export const elsewhere: WorkerCaller = { credentialId: 'key_1', local: false };

export const aResult = (content = 'The pilot light.'): TaskResult => ({
  content,
  contentFileId: null,
  metadata: { pages: 1 },
  thumbnails: [],
  processingMs: 1500,
});

export interface TasksWorldOptions {
  nodes?: NodeView[];
  /** Of simulated machines, by node. */
  simulated?: Record<string, Pick<SimulatedMachine, 'taskWorker'>>;
  tasks?: Partial<TasksSettings>;
  sites?: Record<string, FakeSite>;
  /** From an earlier core. */
  store?: MemoryTaskStore;
  queue?: FakeTaskQueue;
  /** Opens the queue, in place of `queue`. */
  open?: OpenTaskQueue;
}

export function createTasksWorld(options: TasksWorldOptions = {}) {
  const clock = createFakeClock();
  const queue = options.queue ?? createFakeTaskQueue({ clock });
  const store = options.store ?? createMemoryTaskStore();
  const fleet = createFakeFleet(options.nodes ?? []);
  const http = createFakeHttp(options.sites ?? {});
  const secrets = createMemorySecrets();
  const streams = createStreams({ clock, epoch: 'test' });
  const activity: NewActivityEntry[] = [];
  const notices = new Map<string, string>();
  const leases: string[] = [];
  const changed = createEmitter<[]>({ name: 'settings' });
  const keyEnded = createEmitter<[id: string]>({ name: 'access' });
  const lent = createLentKeys(silentLog);
  let last = 0;
  const ids = { next: (prefix: string) => `${prefix}_${++last}` };
  const files = createMemoryTaskFiles({ clock, ids });
  const texts = createMemoryIngestedFiles();
  const indexing = createFakeIndexing();
  let settings: Settings = {
    ...defaultSettings,
    tasks: { ...defaultSettings.tasks, ...options.tasks },
  };

  const world = {
    ...{
      clock,
      queue,
      store,
      fleet,
      http,
      secrets,
      streams,
      activity,
      notices,
      leases,
      files,
      texts,
      indexing,
      lent,
      keyEnded,
    },
    gateway: {
      ...{ state: 'running', url: 'http://127.0.0.1:11500', listening: 'loopback', problem: null },
      ...{ restarts: 0, version: 1 },
    } as GatewayView,
    /** What the runners find, and the pictures that they got; null: none has a model for that. */
    foundFaces: null as RunnerFace[] | null,
    pictures: [] as string[],
    credentials: new Map<string, CredentialView>(),
    waits: [] as number[],
    redisUrl: null as string | null,
    /** What happens when a machine is woken. */
    wake: (async () => {
      throw new PilotlightError('CANNOT_WAKE');
    }) as (nodeId: string, signal: AbortSignal) => Promise<unknown>,
    woken: [] as string[],
    agentIds: {} as Record<string, string>,
    change(patch: Partial<TasksSettings>): void {
      settings = { ...settings, tasks: { ...settings.tasks, ...patch } };
      changed.emit();
    },
    request: (own: Partial<TaskRequest> = {}): TaskRequest => ({
      input: { kind: 'text', text: 'The pilot light.' },
      ...{ gpu: false, store: false, options: {}, metadata: {}, webhookUrl: null, priority: 0 },
      delaySeconds: 0,
      ...own,
    }),
    async add(own: Partial<TaskRequest> = {}): Promise<string> {
      const [task] = await service.add([world.request(own)], null);
      if (task === undefined) throw new Error('Nothing was added.');
      return task.id;
    },
    hello: (id: string, own: Partial<WorkerRequest<'hello'>> = {}, caller: WorkerCaller = elsewhere) =>
      service.workers.hello(
        {
          ...{ id, name: id, type: 'cpu', queues: ['celery'], slots: 2, version: '1', agentId: null },
          ...{ protocol: WORKER_PROTOCOL, contentTypes: ['document', 'web', 'image', 'video'] },
          ...{ now: clock.now(), sharedFolderProof: null, tasks: [] },
          ...own,
        },
        caller,
      ),
    gpuHello: (id: string, own: Partial<WorkerRequest<'hello'>> = {}) =>
      world.hello(id, { type: 'gpu', queues: ['gpu-tasks'], agentId: `agent of ${id}`, ...own }),
    async claim(workerId: string, count = 1, caller: WorkerCaller = elsewhere): Promise<GivenTask[]> {
      const never = new AbortController().signal;
      return (await service.workers.claim({ workerId, count, waitMs: 0 }, caller, never)).tasks;
    },
    async claimOne(workerId: string): Promise<GivenTask> {
      const [task] = await world.claim(workerId);
      if (task === undefined) throw new Error(`There was nothing for ${workerId}.`);
      return task;
    },
    beat: (workerId: string, tasks: readonly GivenTask[] = []) =>
      service.workers.beat(
        {
          ...{ workerId, load: null },
          tasks: tasks.map(({ id, token }) => ({
            id,
            token,
            progress: 0.5,
            progressText: 'half',
            log: 'a line\n',
          })),
        },
        elsewhere,
      ),
    complete: (workerId: string, { id, token }: GivenTask, result = aResult(), claimNext = false) =>
      service.workers.complete({ workerId, id, token, result, claimNext }, elsewhere),
    fail: (workerId: string, { id, token }: GivenTask, retry = true) =>
      service.workers.fail(
        { workerId, id, token, failure: { code: 'HANDLER_DIED', message: 'It ended.' }, retry },
        elsewhere,
      ),
    async stateOf(id: string) {
      const { task } = await service.get(id);
      return `${task.state} in ${task.queue}`;
    },
    steps: async (id: string) => (await service.get(id)).steps.map(({ message }) => message.code),
  };

  const service = createTasksService({
    ...{ clock, ids, http, streams, secrets, log: silentLog, random: () => 0.5 },
    fleet: { ...fleet, simulatedMachine: (nodeId) => options.simulated?.[nodeId] ?? null },
    store: { tasks: store },
    settings: {
      current: () => settings,
      secret: (name) => (name === 'tasks.redisUrl' ? world.redisUrl : null),
      onChange: changed.on,
    },
    activity: { record: (entry) => void activity.push(entry) },
    runners: {
      mayFindFaces: async () => world.foundFaces !== null,
      async faces({ image }) {
        world.pictures.push(image);
        return { faces: world.foundFaces ?? [] };
      },
    },
    notices: {
      add: ({ id, code }) => void notices.set(id, code),
      remove: (id) => void notices.delete(id),
    },
    agents: { agentId: (nodeId) => world.agentIds[nodeId] ?? null },
    leases: createFakeLeases((nodeId, reason) => {
      leases.push(`+ ${nodeId} ${textOf(reason)}`);
      return { [Symbol.dispose]: () => void leases.push(`- ${nodeId} ${textOf(reason)}`) };
    }),
    wakes: {
      async ensureAwake(nodeId, { signal, by }) {
        world.woken.push(`${nodeId} by ${by}`);
        await world.wake(nodeId, signal);
        const node = fleet.get(nodeId);
        if (node === null) throw new PilotlightError('NOT_FOUND');
        return node;
      },
    },
    indexing: indexing.service,
    telemetry: { recordQueue: (_kind, waiting) => void world.waits.push(waiting) },
    access: { lent, onEnded: keyEnded.on, find: (id) => world.credentials.get(id) ?? null },
    gateway: { view: () => world.gateway },
    openTaskQueue: options.open ?? (async () => queue),
    taskFiles: files,
    openSharedFolder: () => ({
      resolve: async (path) => {
        if (path.includes('..')) throw new PilotlightError('FILE_OUTSIDE_FOLDER');
        return { path, absolute: `/shared/${path}`, sizeBytes: 1 };
      },
      mark: async () => 'the proof',
    }),
    ingestedFiles: texts,
  });
  return Object.assign(world, { service });
}

export type TasksWorld = ReturnType<typeof createTasksWorld>;

/** An index whose jobs end when the test says so. */
function createFakeIndexing() {
  const jobs = new Map<string, IndexJob>();
  const waiters = new Set<() => void>();
  let source: SourceRecord | null = null;
  let current: string | null = null;
  let last = 0;
  const end = (change: Partial<IndexJob> = {}) => {
    if (current === null) throw new Error('No job is running.');
    const job = jobs.get(current);
    if (job) jobs.set(current, { ...job, status: 'completed', endedAt: 1, ...change });
    current = null;
    for (const wake of [...waiters]) wake();
  };
  const start = (sourceIds: readonly string[]) => {
    if (current !== null) throw new PilotlightError('JOB_RUNNING');
    current = `job_${++last}`;
    const job = aJob({
      ...{ id: current, sourceIds: [...sourceIds], failures: [], leftOut: [] },
      ...{ endedAt: null, status: 'running' },
    });
    jobs.set(current, job);
    return job;
  };
  return {
    end,
    start,
    running: () => current,
    count: () => last,
    service: {
      ensureIngested(path: string): SourceRecord {
        source ??= {
          ...{
            id: 'source_1',
            kind: 'ingested',
            name: 'Ingested texts',
            path,
            embedder: { kind: 'builtin' },
          },
          ...{ wake: true, whenGpuGone: 'use-cpu', addedAt: 1 },
        };
        return source;
      },
      ingestedSource: () => source,
      startJob: ({ sourceIds }: { sourceIds: string[] }) => start(sourceIds),
      hasRoom: () => current === null,
      waitForRoom: (_sourceId: string, signal: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          const wake = () => {
            waiters.delete(wake);
            resolve();
          };
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          waiters.add(wake);
        }),
      waitForJob(jobId: string, signal: AbortSignal): Promise<IndexJob> {
        return new Promise((resolve, reject) => {
          const check = () => {
            const job = jobs.get(jobId);
            if (!job || job.endedAt === null) return;
            waiters.delete(check);
            resolve(job);
          };
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          waiters.add(check);
          check();
        });
      },
    },
  };
}
