/** The gateway in every state, from fixed values. */
import type { CredentialView } from '../../../shared/models/access.ts';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import { fact } from '../../../shared/models/message.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import type { BridgeScene } from './bridge-core.ts';
import { everyState, node, nothing, scene } from './scenes.ts';

const url = 'http://127.0.0.1:11435';

const running: GatewayView = {
  state: 'running',
  url,
  listening: 'loopback',
  problem: null,
  restarts: 0,
  version: 7,
};

const withGateway = (base: BridgeScene, patch: Partial<GatewayView> = {}): BridgeScene => ({
  ...base,
  streams: {
    ...base.streams,
    gateway: [['gateway', { ...running, ...patch }]],
    settings: [
      [
        'settings',
        {
          ...defaultSettings,
          gateway: {
            ...defaultSettings.gateway,
            managementNodeId: 'gpu-tower',
            fallbacks: [{ model: 'qwen3:32b', use: ['qwen3:8b', 'llama3.1:8b'] }],
          },
        },
      ],
    ],
    access: [],
  },
});

const key = (id: string, name: string): [string, CredentialView] => [
  id,
  {
    id,
    kind: 'program',
    name,
    rights: ['infer', 'wake', 'tasks'],
    chosen: false,
    damaged: false,
    createdAt: 1,
    lastUsedAt: null,
    expiresAt: null,
    models: null,
    requestsPerMinute: null,
  },
];

/** With rows in each list of the settings, one for a model that no machine has. */
export const gatewayPolicies: BridgeScene = (() => {
  const base = withGateway(everyState);
  return {
    ...base,
    streams: {
      ...base.streams,
      settings: [
        [
          'settings',
          {
            ...defaultSettings,
            gateway: {
              ...defaultSettings.gateway,
              policies: [
                {
                  model: 'mxbai-embed-large',
                  credentialId: null,
                  wake: 'cpu-after',
                  cpuAfterSeconds: 20,
                  priority: 'batch',
                },
                {
                  model: 'qwen3:32b',
                  credentialId: 'key-1',
                  wake: 'wait',
                  cpuAfterSeconds: 30,
                  priority: null,
                },
              ],
              slots: [{ nodeId: 'nas', slots: 2 }],
              contextRules: [
                { model: 'llama3.1', rule: 'clamp' },
                { model: '*', rule: 'fixed', contextLength: 8192 },
              ],
            },
          },
        ],
      ],
      access: [key('key-1', 'Living room'), key('key-2', 'n8n')],
    },
    results: {
      ...base.results,
      'gateway.policy': {
        wake: 'cpu-after',
        cpuAfterSeconds: 20,
        priority: 'batch',
        reason: fact('WAKE_RULE', { model: 'mxbai-embed-large', ofKey: false, wake: 'cpu-after' }),
        notes: [],
      },
      'settings.update': defaultSettings,
    },
  };
})();

export const gatewayRunning = withGateway(everyState);
export const gatewayFirstRun = withGateway(nothing);
export const gatewayOff = withGateway(everyState, { state: 'off', url: null, listening: null });

export const gatewayPortTaken = withGateway(everyState, {
  state: 'failed',
  url: null,
  listening: null,
  problem: {
    code: 'GATEWAY_CANNOT_LISTEN',
    message: fact('GATEWAY_PORT_TAKEN', { port: 11_435, holder: { name: 'ollama-herd', pid: 4711 } }),
    next: fact('FREE_GATEWAY_PORT', { isDefault: true }),
  },
});

export const gatewayStaysLocal = withGateway(everyState, {
  problem: {
    code: 'GATEWAY_NEEDS_KEY',
    message: fact('GATEWAY_STAYS_LOCAL'),
    next: fact('ADD_GATEWAY_KEY'),
  },
});

/** Machines whose servers don't say where their models are. */
export const otherServers = withGateway(
  scene([
    node('vllm-box', 'serving', {
      server: {
        product: 'vLLM',
        version: '0.11.2',
        capabilities: ['lists-models', 'embeds', 'generates', 'streams', 'forwards', 'speaks-openai'],
      },
      installed: [
        {
          name: 'Qwen/Qwen3-8B',
          digest: 'cd'.repeat(32),
          sizeBytes: 0,
          family: '',
          parameterSize: '',
          quantization: '',
          capabilities: null,
          embeddingLength: null,
        },
      ],
    }),
    node('nas', 'serving', { hasGpu: false }),
  ]),
);
