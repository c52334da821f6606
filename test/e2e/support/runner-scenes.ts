/** Runners in every state, from fixed values. */

import type { ImmichView } from '../../../shared/models/immich.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import type { RunnerView } from '../../../shared/models/runner.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import {
  catalogue,
  directml,
  faceModel,
  histogram,
  MIB,
  measured,
  rung,
  runner,
  runnerModel,
  runnerStatus,
  twoFaces,
  unmeasured,
  wrongOnMac,
} from '../../fakes/runner-views.ts';
import type { BridgeScene } from './bridge-core.ts';
import { node, scene } from './scenes.ts';

const started = Date.now();

export const here = (patch: Partial<RunnerView> = {}) =>
  runner('this-computer', {
    name: 'study-laptop',
    from: 'this-computer',
    url: 'http://127.0.0.1:40123',
    ...patch,
  });

export const thisComputer = node('this-computer', 'serving', {
  name: 'study-laptop',
  kind: 'this-computer',
  url: null,
  mac: null,
  canWake: false,
  hasGpu: false,
});

export function withRunners(
  runners: readonly RunnerView[],
  patch: {
    nodes?: ReturnType<typeof node>[];
    results?: BridgeScene['results'];
    immich?: ImmichView;
  } = {},
): BridgeScene {
  const base = scene(patch.nodes ?? [thisComputer]);
  return {
    ...base,
    streams: {
      ...base.streams,
      runners: runners.map((one) => [one.nodeId, one]),
      settings: [['settings', defaultSettings]],
      access: [],
      gateway: [],
      immich: patch.immich === undefined ? [] : [['immich', patch.immich]],
    },
    results: {
      ...base.results,
      'runner.catalogue': catalogue,
      'runner.pull': {
        name: 'all-MiniLM-L6-v2',
        state: 'running',
        doneBytes: 0,
        totalBytes: null,
        startedAt: started,
        problem: null,
      },
      'runner.cancelPull': { ok: true },
      'runner.models.add': here(),
      'runner.models.remove': here(),
      'runner.models.load': here(),
      'runner.models.drop': here(),
      'runner.start': here(),
      'runner.stop': here({ state: 'off' }),
      'runner.embed': {
        model: 'all-MiniLM-L6-v2-int8',
        hash: 'ab'.repeat(32),
        dimensions: 2,
        vectors: [
          [1, 0],
          [0.8, 0.6],
        ],
        nodes: [{ nodeId: 'this-computer', texts: 2, gpu: false }],
        tookMs: 6.4,
      },
      'runner.faces': twoFaces,
      ...patch.results,
    },
  };
}

export const runnersNone = withRunners([]);
/** Never used: it is started when it is needed. */
export const runnerOff = withRunners([here({ state: 'off', status: null, url: '', client: unmeasured })]);
export const runnerNoModel = withRunners([
  here({ status: runnerStatus({ models: [], memoryBytes: 61 * MIB }), client: unmeasured }),
]);
export const runnerOne = withRunners([here()]);

export const onDirectml = (patch: Partial<RunnerView> = {}) =>
  runner('gpu-tower', {
    status: runnerStatus({
      provider: 'dml',
      ladder: directml,
      models: [
        runnerModel('all-MiniLM-L6-v2', {
          hash: 'ef'.repeat(32),
          precision: 'float32',
          sizeBytes: 90_900_000,
          provider: 'dml',
          ladder: directml,
          expiresAt: null,
        }),
        runnerModel('bge-small-en-v1.5', {
          hash: '12'.repeat(32),
          precision: 'float16',
          sizeBytes: 66_700_000,
          licence: 'MIT',
          state: 'on-disk',
          provider: null,
          usedAt: null,
          expiresAt: null,
        }),
        faceModel({ provider: 'dml', ladder: directml }),
      ],
      restarts: 1,
      queue: { queries: 1, bulk: 96, pictures: 0 },
      memoryBytes: 412 * MIB,
    }),
    client: {
      ...measured,
      perSecond: 4120,
      latencyMs: { p50: 21, p95: 61, p99: 130 },
      histogram: histogram([31, 480, 150, 31, 8, 3, 0, 0, 0, 0, 0]),
      targets: {
        success: { value: 1, met: true },
        latency: { value: 61, met: true },
        gpu: { value: 0.991, met: true },
        fallback: { value: 0.004, met: true },
      },
    },
    ...patch,
  });

/** What a person with a GPU machine has, and everything that can go wrong beside it. */
export const runnersEvery = withRunners(
  [
    here({
      pulls: [
        {
          name: 'all-MiniLM-L6-v2',
          state: 'running',
          doneBytes: 41_000_000,
          totalBytes: 90_872_734,
          startedAt: started - 9000,
          problem: null,
        },
        {
          name: 'faces-large',
          state: 'cancelled',
          doneBytes: 1_000_000,
          totalBytes: 250_000_000,
          startedAt: started - 60_000,
          problem: null,
        },
        {
          name: 'e5-small-int8',
          state: 'failed',
          doneBytes: 12_000_000,
          totalBytes: 118_000_000,
          startedAt: started - 90_000,
          problem: {
            code: 'RUNNER_DOWNLOAD_FAILED',
            message: fact('RUNNER_SOURCE_FAILED', { host: 'models.example', reason: 'connection reset' }),
            next: plainText('Run the same command again: it continues where it stopped.'),
          },
        },
      ],
    }),
    onDirectml(),
    runner('the very old gaming computer under the desk in the cellar-02', {
      problem: {
        code: 'RUNNER_GPU_LOST',
        message: fact('RUNNER_GPU_GONE', { node: 'cellar-02', provider: 'cuda' }),
        next: plainText(
          'Restart the runner there; if the GPU stays away, restart the machine or update its driver.',
        ),
      },
      status: runnerStatus({
        ladder: [
          rung('cuda', 'failed', { reason: fact('RUNNER_PROVIDER_LOST', { provider: 'cuda' }) }),
          rung('cpu', 'used', { ms: 8.4, cpuMs: 8.4, share: 1 }),
        ],
        restarts: 14,
      }),
      client: {
        ...measured,
        histogram: histogram([0, 0, 12, 41, 90, 120, 160, 80, 21, 6, 3]),
        latencyMs: { p50: 640, p95: 4200, p99: 9800 },
        perSecond: 41,
        targets: {
          success: { value: 0.9312, met: false },
          latency: { value: 4200, met: false },
          gpu: { value: 0.214, met: false },
          fallback: { value: 0.31, met: false },
        },
      },
    }),
    runner('mac-mini', {
      status: runnerStatus({
        ladder: wrongOnMac,
        models: [
          runnerModel('all-MiniLM-L6-v2-int8', { ladder: wrongOnMac }),
          runnerModel('multilingual', {
            hash: '34'.repeat(32),
            state: 'failed',
            provider: null,
            dimensions: null,
            expiresAt: null,
            problem: {
              code: 'RUNNER_BAD_MODEL',
              message: fact('RUNNER_NO_TOKENIZER', { folder: '/models/multilingual' }),
            },
          }),
        ],
      }),
    }),
    runner('lab-2', {
      state: 'unreachable',
      status: null,
      url: 'http://192.168.1.32:8765',
      client: unmeasured,
    }),
    runner('lab-3', {
      state: 'unreachable',
      status: null,
      client: unmeasured,
      problem: {
        code: 'RUNNER_REFUSED',
        message: plainText('The runner refuses the token.'),
        next: plainText(
          'Pair the agent of that machine again, or enter the right token in Settings → Runner.',
        ),
      },
    }),
    runner('lab-4', { state: 'starting', status: null, client: unmeasured }),
    runner('runner:192.168.1.77:8765', {
      name: '192.168.1.77:8765',
      from: 'address',
      url: 'http://192.168.1.77:8765',
      breaker: 'open',
    }),
  ],
  {
    nodes: [
      thisComputer,
      node('gpu-tower', 'gpu-verified'),
      node('mac-mini', 'serving'),
      node('lab-2', 'off'),
      node('lab-3', 'serving'),
      node('lab-4', 'booting'),
    ],
  },
);

/** A GPU machine beside this computer. */
export const runnersTwo = withRunners([here(), onDirectml()], {
  nodes: [thisComputer, node('gpu-tower', 'gpu-verified')],
});

export const runnerFailed = withRunners([
  here({
    state: 'failed',
    status: null,
    url: '',
    client: unmeasured,
    problem: {
      code: 'RUNNER_NOT_INSTALLED',
      message: plainText('onnxruntime, which runs the models, cannot be loaded on this computer.'),
      next: plainText('Run `npm start` in the folder of Pilotlight, which installs what this system needs.'),
    },
  }),
]);

export const runnersHundred = withRunners(
  Array.from({ length: 100 }, (_, index) =>
    index % 5 === 4
      ? runner(`rack-${index + 1}`, { state: 'unreachable', status: null, client: unmeasured })
      : onDirectml({ nodeId: `rack-${index + 1}`, name: `rack-${index + 1}` }),
  ),
  {
    nodes: Array.from({ length: 100 }, (_, index) =>
      node(`rack-${index + 1}`, index % 10 === 9 ? 'off' : 'gpu-verified'),
    ),
  },
);

/** A picture, and a folder, that the runner refuses. */
export const runnerRefuses: BridgeScene = {
  ...runnerOne,
  results: Object.fromEntries(
    Object.entries(runnerOne.results).filter(([method]) => !/^runner\.(faces|models\.add)$/.test(method)),
  ),
  errors: {
    'runner.faces': {
      code: 'PICTURE_UNREADABLE',
      message: 'This is not a picture that the runner can read.',
      next: 'Choose a JPEG, PNG or WebP file of at most 10 MB.',
    },
    'runner.models.add': {
      code: 'RUNNER_ERROR',
      message: '/models/empty one has no model.onnx.',
      next: 'Choose a folder with model.onnx (or onnx/model.onnx), tokenizer.json and config.json.',
      details: { code: 'RUNNER_BAD_MODEL' },
    },
  },
};
