/** Runners as the panel gets them. */
import { fact } from '../../shared/models/message.ts';
import type {
  RunnerModel,
  RunnerProvider,
  RunnerRung,
  RunnerStatus,
  RunnerView,
} from '../../shared/models/runner.ts';

const started = Date.now();
export const MIB = 2 ** 20;

export const rung = (
  provider: RunnerProvider,
  state: RunnerRung['state'],
  patch: Partial<RunnerRung> = {},
): RunnerRung => ({
  provider,
  state,
  ms: null,
  cpuMs: null,
  agreement: null,
  share: null,
  reason: null,
  ...patch,
});

export const directml: RunnerRung[] = [
  rung('dml', 'used', { ms: 2.1, cpuMs: 8.2, agreement: 0.99998, share: 0.97 }),
  rung('cpu', 'untried', { ms: 8.2, cpuMs: 8.2 }),
];

export const linuxOnCpu: RunnerRung[] = [
  rung('cuda', 'absent', { reason: fact('RUNNER_PROVIDER_ABSENT', { provider: 'cuda' }) }),
  rung('webgpu', 'slower', {
    ms: 31,
    cpuMs: 8.4,
    agreement: 0.9997,
    share: 0.94,
    reason: fact('RUNNER_PROVIDER_SLOWER', { provider: 'webgpu', time: 31, cpu: 8.4 }),
  }),
  rung('cpu', 'used', { ms: 8.4, cpuMs: 8.4, share: 1 }),
];

export const wrongOnMac: RunnerRung[] = [
  rung('coreml', 'wrong', {
    ms: 3.4,
    cpuMs: 7.9,
    agreement: 0.8231,
    share: 0.88,
    reason: fact('RUNNER_PROVIDER_WRONG', { provider: 'coreml', agreement: 0.8231 }),
  }),
  rung('webgpu', 'failed', {
    reason: fact('RUNNER_PROVIDER_FAILED', {
      provider: 'webgpu',
      reason: 'no adapter was found that supports the shader-f16 feature',
    }),
  }),
  rung('cpu', 'used', { ms: 7.9, cpuMs: 7.9, share: 1 }),
];

export const runnerModel = (name: string, patch: Partial<RunnerModel> = {}): RunnerModel => ({
  name,
  kind: 'text',
  hash: 'ab'.repeat(32),
  precision: 'int8',
  sizeBytes: 23_400_000,
  dimensions: 384,
  maxTokens: 256,
  licence: 'Apache-2.0',
  state: 'ready',
  provider: 'cpu',
  ladder: [],
  problem: null,
  usedAt: started - 40_000,
  expiresAt: started + 260_000,
  ...patch,
});

export const faceModel = (patch: Partial<RunnerModel> = {}): RunnerModel =>
  runnerModel('faces-small', {
    kind: 'faces',
    hash: 'cd'.repeat(32),
    precision: 'float32',
    sizeBytes: 13_800_000,
    dimensions: 128,
    maxTokens: null,
    licence: 'MIT',
    ...patch,
  });

export const runnerStatus = (patch: Partial<RunnerStatus> = {}): RunnerStatus => ({
  version: '0.1.0',
  provider: 'cpu',
  ladder: linuxOnCpu,
  models: [runnerModel('all-MiniLM-L6-v2-int8', { ladder: linuxOnCpu }), faceModel({ ladder: linuxOnCpu })],
  immich: [],
  ready: true,
  uptimeSeconds: 7_420,
  restarts: 0,
  queue: { queries: 0, bulk: 0, pictures: 0 },
  memoryBytes: 188 * MIB,
  totals: { requests: 1204, failed: 2, texts: 30_112, pictures: 81, gpuRuns: 0, runs: 1_402 },
  latencyMs: { p50: 41, p95: 88, p99: 140 },
  ...patch,
});

const counts = [0, 4, 38, 402, 211, 37, 9, 2, 0, 0, 0];
const bounds = [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, null];
export const histogram = (by: readonly number[]) =>
  bounds.map((belowMs, index) => ({ belowMs, count: by[index] ?? 0 }));

export const measured: RunnerView['client'] = {
  batches: 703,
  perSecond: 812,
  latencyMs: { p50: 78, p95: 312, p99: 690 },
  histogram: histogram(counts),
  targets: {
    success: { value: 0.9957, met: true },
    latency: { value: 312, met: true },
    gpu: { value: null, met: null },
    fallback: { value: null, met: null },
  },
};

export const unmeasured: RunnerView['client'] = {
  batches: 0,
  perSecond: null,
  latencyMs: null,
  histogram: histogram([]),
  targets: {
    success: { value: null, met: null },
    latency: { value: null, met: null },
    gpu: { value: null, met: null },
    fallback: { value: null, met: null },
  },
};

export const runner = (nodeId: string, patch: Partial<RunnerView> = {}): RunnerView => ({
  nodeId,
  name: nodeId,
  from: 'agent',
  url: 'http://192.168.1.30:8765',
  sharedFrom: null,
  state: 'ready',
  problem: null,
  status: runnerStatus(),
  breaker: 'closed',
  pulls: [],
  client: measured,
  ...patch,
});

export const catalogue = [
  {
    name: 'all-MiniLM-L6-v2-int8',
    kind: 'text',
    sizeBytes: 23_439_890,
    licence: 'Apache-2.0',
    source: 'https://models.example',
    present: true,
  },
  {
    name: 'all-MiniLM-L6-v2',
    kind: 'text',
    sizeBytes: 90_872_734,
    licence: 'Apache-2.0',
    source: 'https://models.example',
    present: false,
  },
];

/** Two faces on the picture of the tests, which is 640 × 480 pixels. */
export const twoFaces = {
  faces: [
    {
      box: [60, 80, 240, 320],
      landmarks: [
        [110, 170],
        [190, 170],
        [150, 210],
        [120, 260],
        [180, 260],
      ],
      score: 0.93,
      embedding: [0.6, 0.8],
    },
    {
      box: [380, 90, 560, 330],
      landmarks: [
        [430, 180],
        [510, 180],
        [470, 220],
        [440, 270],
        [500, 270],
      ],
      score: 0.71,
      embedding: [0.8, 0.6],
    },
  ],
  nodeId: 'this-computer',
  gpu: false,
  tookMs: 84.2,
};
