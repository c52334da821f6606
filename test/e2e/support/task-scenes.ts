/** Tasks in every state, their workers and queues, from fixed values. */
import { plainText } from '../../../shared/models/message.ts';
import type {
  IngestedText,
  StorageUse,
  TaskDepth,
  TaskDetails,
  TaskQueueView,
  TaskView,
  TaskWorker,
} from '../../../shared/models/tasks.ts';
import type { BridgeScene } from './bridge-core.ts';
import { everyState } from './scenes.ts';

const started = Date.now();
const minute = 60_000;

/** A document that was done in 1.2 s, twenty minutes ago. */
export function task(id: string, patch: Partial<TaskView> = {}): TaskView {
  return {
    id,
    queue: 'celery',
    state: 'completed',
    priority: 0,
    addedAt: started - 20 * minute,
    runAt: null,
    startedAt: started - 20 * minute + 40,
    endedAt: started - 20 * minute + 1240,
    attempts: 1,
    maxAttempts: 3,
    workerId: 'worker_here',
    progress: 1,
    progressText: '',
    failure: null,
    contentType: 'document',
    title: 'Minutes of the meeting.md',
    input: 'file',
    gpu: false,
    store: true,
    storing: 'stored',
    batchId: null,
    credentialId: null,
    workerName: 'This computer',
    why: null,
    ...patch,
  };
}

const waiting = {
  startedAt: null,
  endedAt: null,
  attempts: 0,
  workerId: null,
  workerName: null,
  progress: 0,
  storing: null,
};

const everyTask: TaskView[] = [
  task('t_video', {
    queue: 'gpu-tasks',
    state: 'active',
    contentType: 'video',
    title: 'Lecture 04 – thermodynamics of small furnaces.mkv',
    addedAt: started - 4 * minute,
    startedAt: started - 3 * minute,
    endedAt: null,
    progress: 0.42,
    progressText: 'speech, 18 of 43 min',
    workerId: 'worker_tower',
    workerName: 'gpu-tower',
    gpu: true,
    storing: null,
  }),
  task('t_active', {
    state: 'active',
    title: 'handbook.md',
    addedAt: started - 9000,
    startedAt: started - 4000,
    endedAt: null,
    progress: 0,
    storing: null,
  }),
  task('t_waking', {
    ...waiting,
    queue: 'gpu-tasks',
    state: 'waiting',
    contentType: 'audio',
    title: 'Interview.flac',
    addedAt: started - 30_000,
    gpu: true,
    why: plainText('Waits for lab-2 to wake.'),
  }),
  task('t_waiting', {
    ...waiting,
    state: 'waiting',
    contentType: 'web',
    input: 'url',
    title: 'https://example.org/a/very/long/address/that/does/not/fit/into/any/column/of/the/table.html',
    addedAt: started - 20_000,
  }),
  task('t_later', {
    ...waiting,
    state: 'delayed',
    title: 'retry-me.txt',
    runAt: started + 2 * minute,
    addedAt: started - 10 * minute,
    attempts: 1,
    why: plainText('Attempt 2 of 3 starts in 2 min.'),
  }),
  task('t_indexing', {
    title: 'Garden plan.md',
    storing: 'pending',
    addedAt: started - minute,
    endedAt: started - 2000,
  }),
  task('t_done'),
  task('t_failed', {
    state: 'failed',
    title: 'scan 0042.pdf',
    attempts: 3,
    addedAt: started - 40 * minute,
    storing: null,
    failure: { code: 'FILE_UNREADABLE', message: 'The file is encrypted.' },
  }),
  task('t_cancelled', {
    state: 'cancelled',
    title: 'wrong folder.zip',
    addedAt: started - 70 * minute,
    storing: null,
  }),
];

const worker = (id: string, patch: Partial<TaskWorker> = {}): TaskWorker => ({
  id,
  name: 'This computer',
  type: 'cpu',
  queues: ['celery'],
  slots: 2,
  active: 1,
  version: '0.1.0',
  contentTypes: ['document'],
  nodeId: null,
  state: 'online',
  seenAt: started - 2000,
  startedAt: started - 3 * 60 * minute,
  load: { cpu: 0.34, memoryBytes: 212_000_000 },
  done: 412,
  failed: 3,
  sharedFolder: true,
  trouble: null,
  ...patch,
});

const everyWorker: TaskWorker[] = [
  worker('worker_here'),
  worker('worker_tower', {
    name: 'gpu-tower',
    type: 'gpu',
    queues: ['gpu-tasks'],
    contentTypes: ['document', 'image', 'audio', 'video'],
    nodeId: 'lab-4',
    load: { cpu: 1.7, memoryBytes: 3_400_000_000 },
    done: 97,
    failed: 0,
  }),
  worker('worker_lab2', {
    name: 'lab-2',
    type: 'gpu',
    queues: ['gpu-tasks', 'celery'],
    state: 'asleep',
    active: 0,
    load: null,
    seenAt: started - 130 * minute,
  }),
  worker('worker_pause', { name: 'nas', state: 'draining', active: 1, slots: 1 }),
  worker('worker_lost', {
    name: 'old-laptop-under-the-stairs-with-a-name-of-sixty-characters-ok',
    state: 'lost',
    active: 0,
    load: null,
    seenAt: started - 11 * minute,
  }),
  worker('worker_old', {
    name: 'workbench',
    active: 0,
    trouble: plainText('Its version is 0.0.9; this is 0.1.0. Update it.'),
  }),
];

const queue = (
  name: TaskQueueView['queue'],
  counts: Partial<TaskQueueView['counts']>,
  patch: Partial<TaskQueueView> = {},
): TaskQueueView => ({
  queue: name,
  counts: { waiting: 0, delayed: 0, active: 0, completed: 0, failed: 0, cancelled: 0, ...counts },
  workers: 1,
  oldestMs: null,
  ...patch,
});

const depth: TaskDepth[] = Array.from({ length: 120 }, (_, index) => {
  const at = started - (119 - index) * 30_000;
  const gpu = index > 80 ? Math.round(3 + 3 * Math.sin(index / 5)) : 0;
  const cpu = index > 30 ? Math.round(5 + 5 * Math.sin(index / 9)) : 0;
  return [
    {
      ...{ at, seconds: 30, queue: 'gpu-tasks', waiting: gpu, active: gpu > 0 ? 1 : 0 },
      spread: [Math.max(0, gpu - 2), gpu * 1.6],
    },
    {
      ...{ at, seconds: 30, queue: 'celery', waiting: cpu, active: Math.min(2, cpu) },
      spread: [Math.max(0, cpu - 1), cpu * 1.5 + 2],
    },
  ] satisfies TaskDepth[];
}).flat();

const step = (
  beforeMs: number,
  kind: TaskDetails['steps'][number]['kind'],
  text: string,
): TaskDetails['steps'][number] => ({
  at: started - beforeMs,
  kind,
  workerId: null,
  message: plainText(text),
});

const details = (shown: TaskView, patch: Partial<TaskDetails> = {}): TaskDetails => ({
  task: shown,
  spec: {
    contentType: shown.contentType,
    input: { kind: 'file', fileId: 'file_1', name: shown.title, sizeBytes: 48_211, sha256: 'a'.repeat(64) },
    title: shown.title,
    options: {},
    metadata: {},
    store: shown.store,
    gpu: shown.gpu,
    whenGpuAsleep: 'wake',
    webhookUrl: null,
    batchId: shown.batchId,
    credentialId: null,
    timeLimitMs: 240 * minute,
  },
  result: null,
  steps: [
    step(20 * minute, 'added', 'Added.'),
    step(20 * minute, 'routed', 'On the CPU queue: no GPU was asked for.'),
    step(20 * minute - 40, 'claimed', 'A worker has taken it.'),
  ],
  log: '',
  ...patch,
});

const texts: IngestedText[] = [
  ['Minutes of the meeting', 'Minutes of the meeting.md', 4211],
  ['Thermodynamics of small furnaces', 'https://example.org/furnaces', 182_004],
  ['Garden plan', 'Garden plan.md', 940],
].map(([title, origin, sizeBytes], index) => ({
  taskId: `t_${index}`,
  title: String(title),
  contentType: index === 1 ? 'web' : 'document',
  origin: String(origin),
  addedAt: started - (index + 1) * 50 * minute,
  sizeBytes: Number(sizeBytes),
  indexed: index !== 2,
}));

const use = (kind: StorageUse['kind'], sizeBytes: number, patch: Partial<StorageUse> = {}): StorageUse => ({
  kind,
  sizeBytes,
  count: null,
  limitBytes: null,
  ageDays: null,
  oldestAt: null,
  ...patch,
});

export const storage = {
  folder: '/home/ada/.local/share/pilotlight',
  freeBytes: 182_000_000_000,
  parts: [
    use('index', 412_000_000, { count: 3 }),
    use('uploads', 1_820_000_000, {
      count: 41,
      limitBytes: 20_480 * 1_048_576,
      ageDays: 30,
      oldestAt: started - 20 * 86_400_000,
    }),
    use('results', 12_000_000, { count: 7, ageDays: 30 }),
    use('ingested', 2_100_000, { count: 118 }),
    use('tasks', 9_400_000, { count: 2310, ageDays: 30, oldestAt: started - 29 * 86_400_000 }),
    use('requests', 1_100_000, { ageDays: 30 }),
    use('history', 22_000_000, { ageDays: 30 }),
    use('activity', 700_000, { count: 1412, ageDays: 365 }),
    use('models', 91_000_000, { count: 2 }),
    use('other', 300_000),
  ],
};

const entriesOf = <Entry extends { id: string }>(list: readonly Entry[]): [string, Entry][] =>
  list.map((entry) => [entry.id, entry]);

function scene(
  tasks: readonly TaskView[],
  workers: readonly TaskWorker[],
  queues: readonly TaskQueueView[],
  results: Record<string, unknown> = {},
): BridgeScene {
  return {
    ...everyState,
    streams: {
      ...everyState.streams,
      tasks: entriesOf(tasks),
      taskWorkers: entriesOf(workers),
      taskQueues: queues.map((one) => [one.queue, one]),
    },
    results: {
      ...everyState.results,
      'tasks.depth': depth,
      'tasks.ingested': { texts, total: texts.length },
      'tasks.list': { tasks: [], total: tasks.length },
      'storage.usage': storage,
      ...results,
    },
  };
}

const done = everyTask.find(({ id }) => id === 't_done') ?? task('t_done');
export const tasksBusy = scene(
  everyTask,
  everyWorker,
  [
    queue('gpu-tasks', { waiting: 1, active: 1, completed: 97 }, { workers: 1, oldestMs: 30_000 }),
    queue(
      'celery',
      { waiting: 1, delayed: 1, active: 1, completed: 412, failed: 1, cancelled: 1 },
      { workers: 3, oldestMs: 20_000 },
    ),
  ],
  {
    'tasks.get': details(done, {
      result: {
        content: '# Minutes\n\nThe pilot light stays on. The furnace is lit only when heat is wanted.\n',
        contentFileId: null,
        metadata: { title: 'Minutes', language: 'markdown' },
        thumbnails: [],
        processingMs: 1180,
      },
      log: 'Read 48 kB of Markdown.\nFound 12 headings.\n',
    }),
  },
);
export const tasksNone = scene(
  [],
  [worker('worker_here', { active: 0, done: 0, failed: 0 })],
  [queue('gpu-tasks', {}, { workers: 0 }), queue('celery', {})],
  { 'tasks.depth': [], 'tasks.ingested': { texts: [], total: 0 } },
);
export const tasksNoWorker = scene(
  [task('t_1', { ...waiting, state: 'waiting' })],
  [],
  [
    queue('gpu-tasks', {}, { workers: 0 }),
    queue('celery', { waiting: 1 }, { workers: 0, oldestMs: 400_000 }),
  ],
);
export const tasksThousand = scene(
  Array.from({ length: 1000 }, (_, index) =>
    task(`many_${index}`, {
      title: `Document ${index}.md`,
      endedAt: started - index * 1000,
      addedAt: started - index * 1000 - 5000,
    }),
  ),
  everyWorker,
  [queue('gpu-tasks', {}), queue('celery', { completed: 1000 })],
);
/** The core says nothing about tasks. */
export const tasksLoading: BridgeScene = { ...everyState, streams: { ...everyState.streams } };
