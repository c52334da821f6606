/** Tasks as the rest of the program sees them. The queue is the only truth; this decides around it. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { SecretSetting, Settings } from '../../../shared/models/settings.ts';
import {
  endedTaskStates,
  type TaskDetails,
  type TaskQueueName,
  type TaskRecord,
  type TaskView,
} from '../../../shared/models/tasks.ts';
import type { AccessService } from '../access/model.ts';
import type { AcquireLeases, AcquireWakes } from '../acquire/model.ts';
import { createSharedLeases } from '../acquire/shared-leases.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Secrets, Store } from '../ports/state.ts';
import type { IngestedFiles, OpenSharedFolder, SharedFolder, TaskFiles } from '../ports/task-files.ts';
import type { OpenTaskQueue } from '../ports/task-queue.ts';
import type { Clock, Ids, Random } from '../ports/time.ts';
import { createChanges } from '../runtime/changes.ts';
import type { Streams } from '../runtime/streams.ts';
import { createAddTasks } from './add-tasks.ts';
import { createDepthHistory } from './depth-history.ts';
import { createGpuWaking } from './gpu-waking.ts';
import { createIngest, type IngestIndexing } from './ingest.ts';
import { createLentMeans } from './lent-means.ts';
import type { TasksService } from './model.ts';
import { moveTasks } from './move-tasks.ts';
import { createTaskInputs } from './new-task.ts';
import { createOutcomes } from './outcomes.ts';
import type { FaceRunners } from './picture-faces.ts';
import { createQueueNotices, type QueueNoticesDependencies } from './queue-notices.ts';
import { createRetention } from './retention.ts';
import { CPU_QUEUE, GPU_QUEUE } from './routing.ts';
import { createSignedDoors } from './signed-doors.ts';
import { createTaskEngine } from './task-engine.ts';
import { createTaskList, queueView } from './task-list.ts';
import { taskView } from './task-view.ts';
import { createTaskWebhooks } from './task-webhooks.ts';
import { createUploads } from './uploads.ts';
import { createWorkerCalls } from './worker-calls.ts';
import { createWorkerRegistry, type WorkerRegistryDependencies } from './worker-registry.ts';

export interface TasksDependencies {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  http: Http;
  store: Pick<Store, 'tasks'>;
  secrets: Pick<Secrets, 'get' | 'change'>;
  streams: Pick<Streams, 'tasks' | 'taskWorkers' | 'taskQueues'>;
  settings: {
    current(): Settings;
    secret(name: SecretSetting): string | null;
    onChange(listener: () => void): () => void;
  };
  activity: { record(entry: NewActivityEntry): void };
  notices: QueueNoticesDependencies['notices'];
  fleet: WorkerRegistryDependencies['fleet'];
  agents: { agentId(nodeId: string): string | null };
  leases: AcquireLeases;
  wakes: AcquireWakes;
  indexing: IngestIndexing;
  telemetry: { recordQueue(kind: 'tasks', waiting: number): void };
  /** Workers may use the gateway, with keys that are lent to them. */
  access: Pick<AccessService, 'lent' | 'onEnded' | 'find'>;
  gateway: { view(): GatewayView };
  runners: FaceRunners;
  openTaskQueue: OpenTaskQueue;
  taskFiles: TaskFiles;
  openSharedFolder: OpenSharedFolder;
  ingestedFiles: IngestedFiles;
}

const MIB = 1_048_576;
const MOST_POINTS = 360;

export function createTasksService(dependencies: TasksDependencies): TasksService {
  const { clock, random, ids, log, http, store, streams, settings, activity, notices } = dependencies;
  const { taskFiles: files, ingestedFiles: texts, fleet, secrets } = dependencies;

  const engine = createTaskEngine({
    ...{ clock, log, settings, open: dependencies.openTaskQueue },
    async move(from, to, signal) {
      const count = await moveTasks(from, to, signal);
      if (count > 0) {
        activity.record({ kind: 'tasks', severity: 'info', message: fact('TASK_QUEUE_MOVED', { count }) });
      }
    },
  });
  const queueNotices = createQueueNotices({ log, engine, notices });
  const registry = createWorkerRegistry({
    ...{ clock, log, streams, fleet, store: store.tasks.workers, agents: dependencies.agents },
  });
  const ingest = createIngest({
    ...{ clock, log, files, texts, engine, store: store.tasks.ingested, indexing: dependencies.indexing },
    onChange: (taskIds) => {
      list.touch(taskIds);
      changes.notify();
    },
  });
  const webhooks = createTaskWebhooks({
    ...{ clock, log, http, secrets, settings, engine, store: store.tasks.webhooks },
    onFailed(task, failure) {
      const message = fact('TASK_WEBHOOK_FAILED', failure);
      activity.record({ kind: 'tasks', severity: 'warning', message });
      void note(task.id, message);
    },
  });
  const outcomes = createOutcomes({ clock, log, engine, webhooks, ingest, activity });
  const inputs = createTaskInputs({ files, settings, sharedFolder });
  const { faces, media } = createSignedDoors({
    ...{ ...dependencies, engine, inputs, knows: registry.knows, held: () => calls.held() },
  });
  const means = createLentMeans({
    ...{ registry, settings, secrets, faces },
    access: dependencies.access,
    gateway: dependencies.gateway.view,
  });
  const calls = createWorkerCalls({
    ...{ clock, random, log, engine, registry, settings, ingest, inputFile: inputs.file },
    meansFor: means.for,
    readsSharedFolder: (proof) => proof !== null && proof === sharedMark,
    isKnownKind: (contentType) =>
      registry.list().some((worker) => worker.trouble === null && worker.contentTypes.includes(contentType)),
  });
  const adding = createAddTasks({
    ...{ clock, ids, log, engine, settings, inputs, files, webhooks, workers: registry.list },
    queueOf: registry.queueOf,
  });
  const depth = createDepthHistory({ clock, log, store: store.tasks.depth });
  const retention = createRetention({ clock, random, log, engine, files, settings });
  const waking = createGpuWaking({
    ...{ clock, log, engine, registry, wakes: dependencies.wakes },
    leases: createSharedLeases(dependencies.leases),
    nodeName: (nodeId) => fleet.get(nodeId)?.name ?? nodeId,
    busyWorkers: () => new Set(calls.held().map(({ workerId }) => workerId)),
    onChange: (taskIds) => list.touch(taskIds),
  });
  const list = createTaskList({
    ...{ clock, log, engine, streams, view, workersOf },
    onCounts(counts) {
      depth.note(counts);
      const waiting = counts.reduce((sum, entry) => sum + entry.counts.waiting, 0);
      dependencies.telemetry.recordQueue('tasks', waiting);
    },
  });
  const changes = createChanges();
  /** Text of the file in the shared folder by which a worker proves that it reads the same folder. */
  let sharedMark: string | null = null;
  let folder: { path: string; open: SharedFolder } | null = null;

  calls.onHeld(waking.check);
  const stops = [
    engine.onChange((reported) => {
      outcomes.changed(reported);
      waking.check();
      changes.notify();
    }),
    engine.onLost(({ id }) => {
      calls.lost(id);
      outcomes.lost(id);
    }),
    engine.onOpened(() => {
      waking.check();
      void catchUp();
    }),
    queueNotices.stop,
    registry.onChange(() => list.touchAll()),
    registry.onLost(({ name, nodeId }) =>
      activity.record({
        ...{ kind: 'tasks', severity: 'warning', message: fact('WORKER_LOST', { worker: name }) },
        ...{ why: fact('WORKER_LOST_HINT'), nodeId },
      }),
    ),
    settings.onChange(() => void markSharedFolder()),
  ];

  function sharedFolder(): SharedFolder | null {
    const path = settings.current().tasks.sharedFolder;
    if (path === null) return null;
    if (folder?.path !== path) folder = { path, open: dependencies.openSharedFolder(path) };
    return folder.open;
  }

  async function markSharedFolder(): Promise<void> {
    const shared = sharedFolder();
    try {
      sharedMark = shared === null ? null : await shared.mark();
    } catch (error) {
      sharedMark = null;
      log.warn('The shared folder cannot be written to.', { error: String(error) });
    }
  }

  async function catchUp(): Promise<void> {
    try {
      await outcomes.catchUp();
      await webhooks.catchUp();
    } catch (error) {
      log.debug('Tasks that ended meanwhile could not be read.', { error: String(error) });
    }
  }

  async function note(id: string, message: Message): Promise<void> {
    try {
      const queue = await engine.queue();
      await queue.note(id, { at: clock.now(), kind: 'note', workerId: null, message });
    } catch (error) {
      log.debug('A note could not be added to a task.', { id, error: String(error) });
    }
  }

  function workersOf(queue: TaskQueueName): number {
    return registry
      .list()
      .filter(
        ({ state, trouble, queues }) => state === 'online' && trouble === null && queues.includes(queue),
      ).length;
  }

  function view(task: TaskRecord): TaskView {
    return taskView(task, {
      storing: ingest.storing(task),
      workerName: task.workerId === null ? null : registry.name(task.workerId),
      waitsFor: waitsFor(task),
    });
  }

  function waitsFor(task: TaskRecord): Message | null {
    if (task.state !== 'waiting') return null;
    if (task.queue === GPU_QUEUE) return waking.waitsFor(task);
    const workers = registry.list().filter(({ queues }) => queues.includes(CPU_QUEUE));
    const online = workers.filter(({ state, trouble }) => state === 'online' && trouble === null);
    if (online.length === 0) return fact('TASK_WAITS_FOR_WORKER');
    const able = online.some(({ contentTypes }) => contentTypes.includes(task.spec.contentType));
    return able ? null : fact('TASK_WAITS_FOR_KIND');
  }

  async function found(id: string): Promise<TaskDetails> {
    const kept = await (await engine.queue()).get(id);
    if (kept === null) throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_TASK') });
    const { task, steps, log: printed } = kept;
    return { task: view(task), spec: task.spec, result: task.result, steps, log: printed };
  }

  const save =
    (kind: 'upload' | 'result'): TasksService['saveResult'] =>
    (file, signal) =>
      files.save(
        { kind, name: file.name, content: file.content, taskId: kind === 'result' ? file.taskId : null },
        { sha256: file.sha256, mostBytes: settings.current().tasks.uploadLimitMb * MIB },
        signal,
      );

  const upload: TasksService['upload'] = (file, signal) => save('upload')({ ...file, taskId: '' }, signal);
  const uploads = createUploads({ clock, ids, save: upload });

  return {
    workers: { ...calls, faces, list: registry.list, knows: registry.knows, drain: registry.drain },
    media,
    files,
    async add(requests, credentialId) {
      const taskIds = await adding.add(requests, credentialId);
      return Promise.all(taskIds.map(async (id) => (await found(id)).task));
    },
    upload,
    uploads,
    saveResult: save('result'),
    inputFile: inputs.file,
    sharedFolder,
    async list(query) {
      const { tasks, total } = await (await engine.queue()).list(query);
      return { tasks: tasks.map(view), total };
    },
    get: found,
    async waitForEnd(id, signal) {
      for (;;) {
        const changed = changes.wait(signal);
        changed.catch(() => {});
        const details = await found(id);
        if (endedTaskStates.has(details.task.state)) return details;
        await changed;
      }
    },
    cancel: async (taskIds) => (await engine.queue()).cancel(taskIds),
    retry: async (taskIds) => (await engine.queue()).retry(taskIds),
    remove: async (taskIds) => retention.remove(await engine.queue(), taskIds),
    useCpu: async (taskIds) => (await engine.queue()).move(taskIds, CPU_QUEUE),
    async queues() {
      const counts = await list.readCounts();
      return counts.map((entry) => queueView(entry, workersOf, clock.now()));
    },
    warnings: queueNotices.read,
    depth: (range) => depth.read(range, MOST_POINTS),
    ingested({ text, offset, limit }) {
      const { texts: records, total } = store.tasks.ingested.list({ text, offset, limit });
      return {
        total,
        texts: records.map(({ state, places: _, input: __, ...record }) => ({
          ...record,
          indexed: state === 'indexed',
        })),
      };
    },
    deleteIngested: ingest.remove,
    ingestedText: ingest.text,
    clearFiles: retention.clearFiles,
    removeEnded: retention.removeEnded,
    totals: () => ({
      ...outcomes.totals(),
      added: adding.added(),
      stored: ingest.stored(),
      webhooksFailed: webhooks.failed(),
    }),
    async start() {
      await markSharedFolder();
      // A queue that cannot be reached must not delay the start.
      void engine
        .start()
        .then(ingest.start)
        .catch((error: unknown) =>
          log.warn('Tasks of the last run could not be continued.', { error: String(error) }),
        );
      retention.start();
    },
    pause: () => void retention.pause(),
    resume: () => retention.resume(),
    async stop() {
      for (const stop of stops) stop();
      uploads.stop();
      await waking.stop();
      await retention.stop();
      await ingest.stop();
      await webhooks.stop();
      await outcomes.stop();
      list.stop();
      depth.stop();
      means.stop();
      registry.stop();
      await engine.stop();
    },
  };
}
