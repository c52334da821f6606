import { type NodeState, type NodeView, serverCapabilitySchema } from '../../../shared/models/fleet.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import type { Explanation, ModelOnNode, MoveRecord, VramShortage } from '../../../shared/models/placement.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import type { GpuReading, TelemetrySample } from '../../../shared/models/telemetry.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import { VRAM_GIGABYTE } from '../../../shared/units.ts';
import type { BridgeScene } from './bridge-core.ts';

const gigabyte = 1e9;
const started = Date.now();

export function model(name: string, patch: Partial<ModelOnNode> = {}): ModelOnNode {
  return {
    name,
    digest: 'ab'.repeat(32),
    sizeBytes: 5.5 * gigabyte,
    vramBytes: 5.5 * gigabyte,
    expiresAt: started + 300_000,
    contextLength: 8192,
    placement: 'gpu',
    gpuShare: 1,
    priority: false,
    pinned: false,
    flagged: false,
    ...patch,
  };
}

export function node(id: string, state: NodeState, patch: Partial<NodeView> = {}): NodeView {
  return {
    id,
    name: id,
    kind: 'remote',
    url: `http://192.168.1.${(Number(id.replace(/\D/g, '')) || 7) % 250}:11434`,
    mac: 'AA:BB:CC:DD:EE:FF',
    wakeDestinations: [],
    wakeWays: [{ kind: 'direct' }],
    agentUrl: null,
    shutdownUrl: null,
    wedged: null,
    hasSecureOn: false,
    hasAgentToken: false,
    hasRelayToken: false,
    hasShutdownSecret: false,
    addedAt: started,
    state,
    since: started - 60_000,
    trouble: null,
    gpuLost: null,
    server: {
      product: 'Ollama',
      version: '0.33.0',
      capabilities: [...serverCapabilitySchema.options],
    },
    canWake: true,
    lastWakeError: null,
    boot: { usualMs: 42_000, count: 3 },
    hasGpu: true,
    vram: { totalBytes: 24 * gigabyte, source: 'tools' },
    gpus: [],
    loaded: [],
    installed: [],
    lastSeenAt: started - 7_200_000,
    uses: [],
    ...patch,
  };
}

export const gpu = (patch: Partial<GpuReading> = {}): GpuReading => ({
  id: '0',
  vendor: 'nvidia',
  name: 'RTX 3090',
  vramTotalBytes: 24 * gigabyte,
  vramUsedBytes: null,
  utilisationPercent: null,
  temperatureCelsius: null,
  powerWatts: null,
  ...patch,
});

/** An entry of the `telemetry` stream. */
export const sample = (nodeId: string, gpus: GpuReading[]): [string, TelemetrySample] => [
  nodeId,
  { nodeId, at: started, gpus, host: null, vramByModel: {} },
];

/** An entry of the `wake` stream. */
export const wake = (nodeId: string, patch: Partial<WakeProgress> = {}): [string, WakeProgress] => [
  nodeId,
  {
    nodeId,
    startedAt: started - 12_000,
    step: 'packet-sent',
    expectedMs: null,
    deadlineAt: started + 120_000,
    packetsSent: 1,
    ways: [{ way: fact('WAKE_BY_PACKETS'), failed: null }],
    failedDestinations: [],
    ...patch,
  },
];

/** A core with these machines; other streams are empty unless named. */
export function scene(nodes: NodeView[], patch: Partial<BridgeScene['streams']> = {}): BridgeScene {
  return {
    streams: {
      core: [
        [
          'status',
          {
            version: '0.1.0',
            startedAt: started,
            simulated: false,
            offers: [],
            notices: [],
            url: 'http://127.0.0.1:41872',
            secrets: { kind: 'key-file', message: fact('SECRETS_WITH_KEY_FILE', { noKeyStore: false }) },
          },
        ],
      ],
      fleet: nodes.map((one) => [one.id, one]),
      wake: [],
      telemetry: [],
      work: [],
      optimizer: [
        [
          'status',
          {
            on: true,
            intervalMs: 300_000,
            running: false,
            lastLookAt: started - 170_000,
            nextLookAt: started + 130_000,
            summary: fact('MODELS_CHECKED', { nodes: 3, moved: 0, failed: 0, waiting: 0, right: 4 }),
            explanations: [],
          },
        ],
      ],
      moves: [],
      sources: [],
      jobs: [],
      embedders: [],
      activity: [],
      requests: [],
      queues: [],
      settings: [['settings', defaultSettings]],
      agentUpdates: [['state', { version: null, noRelease: null, run: 'none', agents: [] }]],
      ...patch,
    },
    results: {
      'telemetry.history': [],
      'telemetry.work': [],
      'telemetry.buckets': [],
      'telemetry.workBuckets': [],
      'telemetry.queueBuckets': [],
      'activity.list': [],
      'telemetry.queues': [],
      'requests.history': [],
      'requests.promptKeeping': { until: null, count: 0 },
      'agents.updates': { version: null, noRelease: null, run: 'none', agents: [] },
    },
  };
}

const longName = 'the very old gaming computer under the desk in the cellar-02';
const longModel = 'hf.co/somebody/a-model-with-a-name-that-goes-on-for-60-chars:Q4_K_M';

const busyGpu = gpu({
  vramUsedBytes: 19.2 * gigabyte,
  utilisationPercent: 93,
  temperatureCelsius: 61,
  powerWatts: 212,
});

/** A machine in each state, with everything that can go wrong said on its card. */
export const everyState = scene(
  [
    node('gpu-tower', 'gpu-verified', {
      name: longName,
      loaded: [
        model('mxbai-embed-large:latest', {
          sizeBytes: 0.72e9,
          vramBytes: 0.72e9,
          priority: true,
          pinned: true,
        }),
        model(longModel, { sizeBytes: 14 * gigabyte, vramBytes: 14 * gigabyte }),
        model('llama3.1:8b', {
          placement: 'partial',
          gpuShare: 0.62,
          vramBytes: 3.4e9,
          priority: true,
          flagged: true,
        }),
      ],
      gpus: [busyGpu],
      uses: [fact('USED_FOR_INDEXING', { folder: 'Notes' })],
    }),
    node('lab-1', 'waking'),
    node('lab-2', 'off', {
      lastWakeError: {
        code: 'WAKE_TIMEOUT',
        message: 'The machine did not come up in time.',
        next: 'Check Wake-on-LAN in its firmware and network adapter, then try again.',
      },
    }),
    node('lab-3', 'trouble', {
      trouble: {
        code: 'NOT_AN_INFERENCE_SERVER',
        message: 'Something answers there, but it is not an Ollama or OpenAI-compatible server.',
        next: 'Check the port; Ollama listens on 11434 by default.',
      },
    }),
    node('nas', 'serving', { hasGpu: false, canWake: false, mac: null }),
    node('lab-4', 'serving', { vram: { totalBytes: null, source: 'unknown' } }),
    node('lab-5', 'unknown', { lastSeenAt: null, boot: { usualMs: null, count: 0 } }),
    node('lab-6', 'booting'),
  ],
  {
    telemetry: [sample('gpu-tower', [busyGpu])],
    wake: [
      wake('lab-1', {
        expectedMs: 42_000,
        packetsSent: 12,
        failedDestinations: [{ destination: '10.9.8.255:9', reason: 'network is unreachable' }],
      }),
      wake('lab-6', {
        startedAt: started - 30_000,
        step: 'answers',
        deadlineAt: started + 100_000,
        packetsSent: 14,
      }),
    ],
  },
);
everyState.streams.core = [
  [
    'status',
    {
      version: '0.1.0',
      startedAt: started,
      simulated: false,
      offers: [{ url: 'http://192.168.1.20:11434', source: 'OLLAMA_HOST' }],
      notices: [
        {
          id: 'settings',
          code: 'STATE_CORRUPT',
          message: plainText('The saved settings could not be read.'),
          next: plainText('They were set aside under another name. Defaults are in use.'),
        },
      ],
    },
  ],
];

/** A machine was removed while its agent was away. */
export const agentLeft: typeof everyState = {
  ...everyState,
  streams: {
    ...everyState.streams,
    core: [
      [
        'status',
        {
          version: '0.1.0',
          startedAt: started,
          simulated: false,
          offers: [],
          notices: [
            {
              id: 'agent-left:withdrawal_1',
              code: 'AGENT_LEFT',
              message:
                "The agent of gpu-tower (http://192.168.1.30:8765) may still follow this panel's power policy. It has not answered since its machine was removed or changed here; Pilotlight keeps trying for 30 days.",
              next: 'To clear it, run `agent.mjs forget panel-0b5f6a7e-2f5c-4b0f-9a57-5f0c1f9f3d11` on that machine. Dismiss this to stop trying.',
            },
          ],
        },
      ],
    ],
  },
};

const states: NodeState[] = ['gpu-verified', 'serving', 'off', 'off', 'off'];

/** A hundred machines. */
export const hundred = scene(
  Array.from({ length: 100 }, (_, index) => {
    const state = states[index % states.length] ?? 'off';
    const serving = state === 'serving' || state === 'gpu-verified';
    return node(`rack-${index + 1}`, state, {
      loaded: serving ? [model('llama3.1:8b'), model(`model-${index % 9}:7b`)] : [],
    });
  }),
);

/** A core that says nothing: every page shows what it is waiting for. */
export const silent: BridgeScene = { streams: {}, results: {} };

/** A core without any node, folder or history. */
export const nothing = scene([]);

const shortage: VramShortage = {
  neededBytes: 8.6 * VRAM_GIGABYTE,
  measured: true,
  totalBytes: 24 * VRAM_GIGABYTE,
  availableBytes: 2.4 * VRAM_GIGABYTE,
  holders: [
    { name: 'python3', bytes: 18.1 * VRAM_GIGABYTE },
    { name: null, bytes: 3.5 * VRAM_GIGABYTE },
  ],
  evicts: ['mxbai-embed-large:latest'],
};

const { evicts: _evicts, ...figures } = shortage;
const shortageMessage = fact('VRAM_SHORTAGE', { node: 'gpu-tower', ...figures });

const taken: MoveRecord = {
  id: 7,
  at: started - 8000,
  nodeId: 'gpu-tower',
  nodeName: 'gpu-tower',
  model: 'llama3.1:8b',
  by: 'person',
  from: 'cpu',
  to: 'cpu',
  wanted: 'gpu',
  outcome: 'refused',
  code: 'VRAM_TAKEN',
  reason: shortageMessage,
  durationMs: 4100,
  evicted: [],
  shortage,
};

/** A model that was refused because another program uses the VRAM. */
export const vramTaken: BridgeScene = (() => {
  const made = scene(
    [
      node('gpu-tower', 'gpu-verified', {
        vram: { totalBytes: 24 * VRAM_GIGABYTE, source: 'tools' },
        loaded: [
          model('mxbai-embed-large:latest', { sizeBytes: 0.72e9, vramBytes: 0.72e9, priority: true }),
          model('llama3.1:8b', {
            placement: 'cpu',
            gpuShare: 0,
            vramBytes: 0,
            priority: true,
            flagged: true,
          }),
        ],
      }),
    ],
    {
      moves: [['7', taken]],
      telemetry: [
        sample('gpu-tower', [
          gpu({ vramTotalBytes: 24 * VRAM_GIGABYTE, vramUsedBytes: 22.3 * VRAM_GIGABYTE }),
        ]),
      ],
    },
  );
  const explanation: Explanation = {
    nodeId: 'gpu-tower',
    model: 'llama3.1:8b',
    placement: 'cpu',
    wanted: 'gpu',
    right: false,
    reason: fact('HAS_NO_ROOM', { placement: 'cpu', gpuShare: 0, shortage: shortageMessage }),
    evicts: [],
    next: fact('CLOSE_PROGRAM_OR_FORCE'),
    code: 'VRAM_TAKEN',
  };
  return {
    ...made,
    results: { ...made.results, 'models.place': [taken], 'models.explain': explanation },
  };
})();
