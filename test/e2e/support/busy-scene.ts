/** A core in the middle of things: a run under way, runs that ended in each way, moves, hits, an import with a fault. */

import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { IndexJob, SearchResult } from '../../../shared/models/indexing.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import type { QueueSample } from '../../../shared/models/requests.ts';
import type { NodeBucket, TelemetrySample, WorkSample } from '../../../shared/models/telemetry.ts';
import type { ImportPlan } from '../../../shared/models/transfer.ts';
import { aJob, aMove, aSource } from '../../fakes/records.ts';
import type { BridgeScene } from './bridge-core.ts';
import { model, node, scene } from './scenes.ts';

const now = Date.now();
const second = 1000;
const minute = 60 * second;
const tower = 'gpu-tower';

const gpu = {
  id: '0',
  vendor: 'nvidia' as const,
  name: 'NVIDIA GeForce RTX 4090',
  vramTotalBytes: 24 * 2 ** 30,
  vramUsedBytes: 11 * 2 ** 30,
  utilisationPercent: 87,
  temperatureCelsius: 64,
  powerWatts: 281,
};

const nodes = [
  node(tower, 'gpu-verified', {
    vram: { totalBytes: gpu.vramTotalBytes, source: 'tools' },
    gpus: [gpu],
    loaded: [
      model('mxbai-embed-large:latest', { sizeBytes: 0.72e9, vramBytes: 0.72e9, priority: true }),
      model('llama3.1:8b', { sizeBytes: 9.2e9, vramBytes: 9.2e9 }),
    ],
    uses: [fact('USED_FOR_INDEXING', { folder: 'Notes' })],
  }),
  node('nas', 'serving', {
    hasGpu: false,
    canWake: false,
    mac: null,
    loaded: [
      model('mxbai-embed-large:latest', {
        sizeBytes: 0.72e9,
        vramBytes: 0,
        placement: 'cpu',
        gpuShare: 0,
        priority: true,
      }),
    ],
  }),
  node('lab-2', 'off'),
];

const damagedFile = fact('FILE_CANNOT_BE_READ', { code: 'EIO' });

const running: IndexJob = aJob({
  id: 'running',
  label: plainText('Notes'),
  detail: fact('EMBEDDING_ON', { nodes: [{ node: 'nas', on: 'cpu' }] }),
  createdAt: now - 95 * second,
  startedAt: now - 94 * second,
  files: { total: 4200, done: 1730, unchanged: 12, removed: 1, failed: 2, skipped: 31 },
  vectors: 9120,
  fallbackVectors: 640,
  etaMs: 4 * minute,
  limitedBy: fact('LIMITED_BY_SERVER', { nodes: ['nas'] }),
  currentFile: 'letters/2024/a-very-long-file-name-that-somebody-gave-to-a-letter-about-the-harbour.md',
  nodes: [
    { nodeId: tower, name: tower, placement: 'gpu', vectors: 8480, vectorsPerSecond: 0 },
    { nodeId: 'nas', name: 'nas', placement: 'cpu', vectors: 640, vectorsPerSecond: 34.5 },
  ],
  events: [
    { at: now - 90 * second, kind: 'woke', nodeId: tower, message: fact('NODE_IS_AWAKE', { node: tower }) },
    {
      at: now - 85 * second,
      kind: 'placed',
      nodeId: tower,
      message: fact('MODEL_ON_GPU', { model: 'mxbai-embed-large', node: tower }),
    },
    {
      at: now - 20 * second,
      kind: 'fell-back',
      nodeId: 'nas',
      message: fact('CONTINUES_ON_CPU', { cause: fact('NODE_DROPPED_OUT', { node: tower }), node: 'nas' }),
    },
  ],
  failures: [
    { path: 'scans/old.pdf', code: 'FILE_UNREADABLE', reason: damagedFile },
    { path: 'scans/older.pdf', code: 'FILE_UNREADABLE', reason: damagedFile },
  ],
});

const completed: IndexJob = {
  ...running,
  id: 'completed',
  status: 'completed',
  phase: 'done',
  detail: fact('FILES_INDEXED', { done: 4166, unchanged: 0, removed: 1, failed: 2, skipped: 31 }),
  createdAt: now - 50 * minute,
  startedAt: now - 49 * minute,
  endedAt: now - 41 * minute,
  files: { total: 4200, done: 4166, unchanged: 0, removed: 1, failed: 2, skipped: 31 },
  vectors: 21_400,
  etaMs: null,
  limitedBy: fact('LIMITED_BY_NETWORK', { nodes: [tower, 'nas'] }),
  currentFile: '',
  nodes: [
    { nodeId: tower, name: tower, placement: 'gpu', vectors: 20_760, vectorsPerSecond: 0 },
    { nodeId: 'nas', name: 'nas', placement: 'cpu', vectors: 640, vectorsPerSecond: 0 },
  ],
  events: running.events.map((event, index) => ({ ...event, at: now - (48 - 2 * index) * minute })),
};

const failed: IndexJob = {
  ...completed,
  id: 'failed',
  label: plainText('Recipes'),
  status: 'failed',
  startedAt: now - 100 * minute,
  endedAt: now - 99 * minute,
  events: [],
  nodes: [],
  vectors: 0,
  error: {
    code: 'HOST_UNREACHABLE',
    message: 'The machine does not answer.',
    next: 'Check that it is on and that the address is right.',
  },
};

const cancelled: IndexJob = {
  ...completed,
  id: 'cancelled',
  label: plainText('Recipes'),
  status: 'cancelled',
};

const entry = (id: number, patch: Partial<ActivityEntry>): [string, ActivityEntry] => [
  String(id),
  {
    id,
    at: now - (20 - id) * 90 * minute,
    kind: 'fleet',
    severity: 'info',
    message: plainText('lab-2 was added.'),
    why: plainText(''),
    nodeId: null,
    notify: false,
    ...patch,
  },
];

const buckets: NodeBucket[] = Array.from({ length: 60 }, (_, index) => {
  const busy = index > 20 && index < 52;
  return {
    at: Math.floor(now / minute - 60 + index) * minute,
    seconds: 60,
    servingSeconds: 60,
    vectors: busy ? 400 : 0,
    vramTotalBytes: gpu.vramTotalBytes,
    vramUsedBytes: busy ? 11 * 2 ** 30 : 2 ** 29,
    vramUsedMinBytes: 2 ** 29,
    vramUsedMaxBytes: busy ? 12 * 2 ** 30 : 2 ** 29,
    utilisationPercent: busy ? 60 + (index % 7) * 5 : 2,
    utilisationMinPercent: busy ? 12 : 0,
    utilisationMaxPercent: busy ? 98 : 4,
    powerWatts: busy ? 240 + (index % 5) * 12 : 27,
    powerMinWatts: busy ? 90 : 25,
    powerMaxWatts: busy ? 330 : 31,
    temperatureCelsius: busy ? 61 : 35,
    temperatureMinCelsius: busy ? 55 : 34,
    temperatureMaxCelsius: busy ? 64 : 36,
    vramByModel: busy ? { 'mxbai-embed-large:latest': 0.72e9, 'llama3.1:8b': 9.2e9 } : {},
  };
}).filter((_, index) => index < 8 || index > 12);

const history: TelemetrySample[] = Array.from({ length: 60 }, (_, index) => ({
  nodeId: tower,
  at: now - (60 - index) * 2 * second,
  gpus: [{ ...gpu, utilisationPercent: 50 + ((index * 13) % 45) }],
  host: null,
  vramByModel: { 'mxbai-embed-large:latest': 0.72e9, 'llama3.1:8b': 9.2e9 },
}));

const queues: QueueSample[] = Array.from({ length: 90 }, (_, index) => ({
  at: now - (90 - index) * 30 * second,
  waiting: { indexing: Math.max(0, 24 - Math.abs(index - 40)), requests: index % 30 < 6 ? 7 : 0, tasks: 0 },
}));

const work: WorkSample[] = Array.from({ length: 90 }, (_, index) => ({
  at: now - (90 - index) * second,
  vectorsPerSecondByNode: index < 70 ? { [tower]: 120 + (index % 9) * 4 } : { nas: 34 },
}));

const plan: ImportPlan = {
  applied: false,
  possible: false,
  entries: [
    {
      action: 'refuse',
      kind: 'other',
      what: 'GPU_WOL_MAC',
      message: plainText('This is not a MAC address.'),
    },
    {
      action: 'add',
      kind: 'node',
      what: '192.0.2.20',
      message: fact('MACHINE_ADDED_AT', { address: 'http://192.0.2.20:11434', wake: null }),
    },
    {
      action: 'change',
      kind: 'setting',
      what: 'optimizer.intervalMs',
      message: fact('SETTING_CHANGES', { before: 300_000, after: 120_000 }),
    },
    { action: 'leave-out', kind: 'other', what: 'LOG_LEVEL', message: fact('NAMES_UNKNOWN', { more: 0 }) },
    { action: 'same', kind: 'setting', what: 'optimizer.on', message: fact('SETTING_SAME', { value: true }) },
  ],
};

const hits: SearchResult = {
  query: 'harbour tide',
  tookMs: 12,
  notices: [fact('KEYWORDS_ONLY_NO_NODE', { model: 'mxbai-embed-large' })],
  hits: ['letters/a.md', 'letters/b.md'].map((path, index) => ({
    sourceId: 'notes',
    sourceName: 'Notes',
    path,
    absolutePath: `/home/me/notes/${path}`,
    type: 'markdown',
    heading: 'Letters › The harbour',
    snippet: 'The ship waits for the tide, and the tide for nobody.',
    highlights: [[23, 27]],
    startByte: 10,
    endByte: 63,
    score: 0.03 - index / 100,
    words: { rank: index + 1, score: 2 },
    vectors: index === 0 ? { rank: 3, similarity: 0.71 } : null,
  })),
};

export const busy: BridgeScene = scene(nodes, {
  jobs: [running, completed, failed, cancelled].map((job) => [job.id, job]),
  sources: [
    [
      'notes',
      aSource({
        id: 'notes',
        name: 'Notes',
        path: '/home/me/notes',
        files: 4198,
        chunks: 21_400,
        lastRun: {
          jobId: 'completed',
          status: 'completed',
          at: now - 41 * minute,
          indexed: 4166,
          failed: 2,
          unseen: 2,
        },
      }),
    ],
    [
      'recipes',
      aSource({
        id: 'recipes',
        name: 'Recipes that were collected over the years, and never cooked',
        path: '/home/me/a/rather/long/path/to/a/folder/that/is/deep/down/recipes',
        lastRun: {
          jobId: 'failed',
          status: 'failed',
          at: now - 99 * minute,
          indexed: 0,
          failed: 0,
          unseen: 0,
        },
      }),
    ],
  ],
  moves: (['moved', 'already-right', 'refused', 'failed'] as const).map((outcome, index) => [
    String(index + 1),
    aMove({
      id: index + 1,
      at: now - (index + 1) * 7 * minute,
      nodeId: tower,
      nodeName: tower,
      by: (['optimizer', 'person', 'job', 'optimizer'] as const)[index] ?? 'person',
      outcome,
      to: outcome === 'failed' ? null : 'gpu',
      reason:
        outcome === 'refused'
          ? plainText('It needs 21 GB of VRAM, but at most 14 GB can be freed.')
          : fact('MOVED_TO_CPU'),
      code: outcome === 'refused' ? 'DOES_NOT_FIT' : null,
      durationMs: 3200,
      evicted: outcome === 'moved' ? ['qwen2.5-coder:14b'] : [],
    }),
  ]),
  activity: [
    entry(1, {}),
    entry(2, {
      kind: 'settings',
      message: plainText('Settings were changed.'),
      why: plainText('optimizer.intervalMs'),
    }),
    entry(3, {
      kind: 'power',
      severity: 'success',
      message: plainText('gpu-tower woke in 41 s.'),
      nodeId: tower,
    }),
    entry(4, {
      kind: 'optimizer',
      severity: 'success',
      message: plainText('llama3.1:8b is on the GPU of gpu-tower.'),
      why: plainText('It is entirely on the GPU, using 8.6 GB of VRAM.'),
      nodeId: tower,
    }),
    entry(5, {
      kind: 'power',
      severity: 'error',
      message: plainText('lab-2 did not wake.'),
      why: plainText('Check Wake-on-LAN in its firmware and network adapter, then try again.'),
      nodeId: 'lab-2',
    }),
    entry(6, {
      kind: 'index',
      severity: 'warning',
      message: fact('INDEXING_ON_CPU', { folder: 'Notes', node: 'nas' }),
      why: fact('REASON_OF_NODE', { node: tower, reason: plainText('The machine does not answer.') }),
      nodeId: 'nas',
    }),
    entry(19, {
      kind: 'index',
      severity: 'success',
      message: fact('INDEXING_FINISHED', {
        folders: ['Notes'],
        files: { done: 4166, unchanged: 0, removed: 0, failed: 0, skipped: 0 },
      }),
    }),
    entry(20, { kind: 'system', message: plainText('Pilotlight was started.') }),
  ],
});
busy.results = {
  ...busy.results,
  'telemetry.buckets': buckets,
  'telemetry.history': history,
  'telemetry.work': work,
  'telemetry.queues': queues,
  'index.search': hits,
  'settings.import': plan,
  'settings.importEnvironment': plan,
};
