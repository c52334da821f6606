/** Requests at the gateway in every state, and their history, from fixed values. */
import { fact } from '../../../shared/models/message.ts';
import type { RequestBucket, RequestStep, RequestView } from '../../../shared/models/requests.ts';
import type { BridgeScene } from './bridge-core.ts';
import { gatewayOff, gatewayPortTaken, gatewayRunning } from './gateway-scenes.ts';

const started = Date.now();

const step = (
  afterMs: number,
  kind: RequestStep['kind'],
  nodeId: string | null = null,
  code: string | null = null,
): RequestStep => ({ afterMs, kind, nodeId, code });

/** A request that was answered in 3.4 s, half an hour ago. */
export function request(id: string, patch: Partial<RequestView> = {}): RequestView {
  return {
    id,
    at: started - 1_800_000,
    state: 'completed',
    dialect: 'ollama',
    path: '/api/chat',
    model: 'llama3.1:8b',
    fallback: null,
    nodeId: 'lab-4',
    why: fact('ROUTE_LOADED', { node: 'lab-4' }),
    program: 'Open WebUI',
    credentialId: 'key-1',
    credential: 'Living room',
    priority: 'interactive',
    position: null,
    expectedMs: null,
    heldMs: 0,
    loadMs: null,
    firstByteMs: 420,
    durationMs: 3400,
    inputTokens: 812,
    outputTokens: 164,
    tokensPerSecond: 55,
    retries: 0,
    status: 200,
    problem: null,
    contextLength: null,
    steps: [
      step(0, 'arrived'),
      step(2, 'sent', 'lab-4'),
      step(420, 'first-byte', 'lab-4'),
      step(3400, 'ended', 'lab-4'),
    ],
    hasPrompt: false,
    ...patch,
  };
}

const noAnswer = {
  nodeId: null,
  why: null,
  firstByteMs: null,
  durationMs: null,
  inputTokens: null,
  outputTokens: null,
  tokensPerSecond: null,
  status: null,
};

const inProgress: RequestView[] = [
  request('answering', {
    at: started - 9000,
    state: 'answering',
    durationMs: null,
    heldMs: 3200,
    loadMs: 2100,
    firstByteMs: 6100,
    outputTokens: 96,
    tokensPerSecond: 48.2,
    contextLength: 8192,
    steps: [
      step(0, 'arrived'),
      step(1, 'waking', 'lab-4'),
      step(2600, 'queued'),
      step(3200, 'sent', 'lab-4'),
      step(6000, 'loaded', 'lab-4'),
      step(6100, 'first-byte', 'lab-4'),
    ],
  }),
  request('sent', {
    ...noAnswer,
    at: started - 14_000,
    state: 'sent',
    dialect: 'openai',
    path: '/v1/chat/completions',
    model: 'qwen2.5-coder:14b',
    nodeId: 'lab-4',
    why: fact('ROUTE_ONLY_NODE', { node: 'lab-4' }),
    program: 'Continue',
    credential: null,
    credentialId: null,
    steps: [step(0, 'arrived'), step(3, 'sent', 'lab-4')],
  }),
  request('queued-1', {
    ...noAnswer,
    at: started - 21_000,
    state: 'queued',
    position: 1,
    expectedMs: 8000,
    heldMs: 21_000,
    program: 'n8n',
    credential: 'n8n',
    steps: [step(0, 'arrived'), step(1, 'queued')],
  }),
  request('queued-2', {
    ...noAnswer,
    at: started - 4000,
    state: 'queued',
    position: 2,
    expectedMs: null,
    heldMs: 4000,
    priority: 'batch',
    path: '/api/embed',
    model: 'mxbai-embed-large',
    program: null,
    credential: null,
    credentialId: null,
    steps: [step(0, 'arrived'), step(1, 'queued')],
  }),
  request('waking', {
    ...noAnswer,
    at: started - 31_000,
    state: 'waking',
    position: 1,
    expectedMs: 74_000,
    heldMs: 31_000,
    dialect: 'anthropic',
    path: '/v1/messages',
    model: 'hf.co/somebody/a-model-with-a-name-that-goes-on-for-60-chars:Q4_K_M',
    program: 'A program with a very long name of its own, version 12.4.1',
    credential: 'The laptop in the workshop',
    steps: [step(0, 'arrived'), step(4, 'waking', 'lab-1')],
  }),
];

const ended: RequestView[] = [
  request('loaded', {
    at: started - 60_000,
    loadMs: 4200,
    heldMs: 800,
    firstByteMs: 5600,
    durationMs: 9100,
    hasPrompt: true,
    program: 'Home Assistant',
    credential: null,
    steps: [
      step(0, 'arrived'),
      step(1, 'queued'),
      step(801, 'sent', 'lab-4'),
      step(5200, 'loaded', 'lab-4'),
      step(5600, 'first-byte', 'lab-4'),
      step(9100, 'ended', 'lab-4'),
    ],
  }),
  request('failed', {
    ...noAnswer,
    at: started - 95_000,
    state: 'failed',
    durationMs: 12_040,
    status: 502,
    retries: 1,
    nodeId: 'nas',
    why: fact('ROUTE_LAST_NODE', { node: 'nas' }),
    problem: {
      code: 'NODE_CUT_OFF',
      message: fact('ERROR', {
        code: 'NODE_CUT_OFF',
        message: 'nas stopped in the middle of its answer.',
        next: 'Check the log of its server, then send the request again.',
      }),
    },
    steps: [
      step(0, 'arrived'),
      step(2, 'sent', 'lab-4'),
      step(4010, 'tried', 'lab-4', 'HOST_UNREACHABLE'),
      step(4012, 'sent', 'nas'),
      step(12_040, 'ended', 'nas', 'NODE_CUT_OFF'),
    ],
  }),
  request('fallback', { at: started - 140_000, model: 'qwen3:32b', fallback: 'qwen3:8b', program: 'Zed' }),
  request('refused', {
    ...noAnswer,
    at: started - 200_000,
    state: 'refused',
    durationMs: 3,
    status: 404,
    model: 'gpt-oss:120b',
    problem: {
      code: 'MODEL_NOT_FOUND',
      message: fact('GATEWAY_MODEL_NOT_FOUND', { model: 'gpt-oss:120b' }),
    },
    steps: [step(0, 'arrived'), step(3, 'ended', null, 'MODEL_NOT_FOUND')],
  }),
  request('rejected', {
    ...noAnswer,
    at: started - 260_000,
    state: 'rejected',
    durationMs: 18,
    status: 400,
    nodeId: 'lab-4',
    why: fact('ROUTE_CHOSEN_NODE'),
    steps: [step(0, 'arrived'), step(2, 'sent', 'lab-4'), step(18, 'ended', 'lab-4')],
  }),
  request('cancelled', { at: started - 320_000, state: 'cancelled', status: null, durationMs: 1900 }),
  request('listing', {
    ...noAnswer,
    at: started - 400_000,
    state: 'completed',
    path: '/api/show',
    model: null,
    durationMs: 12,
    status: 200,
    nodeId: 'nas',
  }),
];

/** Sixty buckets of a minute: two models, one of them on two machines, with a gap in the middle. */
function history(): RequestBucket[] {
  const minute = 60_000;
  const last = Math.floor(started / minute) * minute;
  return Array.from({ length: 60 }, (_, index): RequestBucket => {
    const wave = 1 + Math.sin(index / 6);
    const row = (model: string, nodeId: string, share: number) => ({
      nodeId,
      model,
      requests: Math.round(14 * wave * share),
      failed: 0,
      waiting: wave > 1.6 ? wave * share * 3 : 0,
      firstByteMs: { p50: 380 + 900 * wave * share, p95: 900 + 3000 * wave },
      outputTokens: Math.round(2400 * wave * share),
      outputMs: Math.round(48_000 * wave * share * (1 + 0.2 * Math.cos(index))),
    });
    return {
      at: last - (59 - index) * minute,
      seconds: 60,
      firstByteMs: { p50: 400 + 600 * wave, p95: 900 + 3000 * wave },
      rows: [
        row('llama3.1:8b', 'lab-4', 0.6),
        row('qwen2.5-coder:14b', 'gpu-tower', 0.3),
        row('mxbai-embed-large', 'nas', 0.8),
      ],
      spread: {
        perMinute: [12 * wave, 44 * wave],
        waiting: [0, wave > 1.6 ? 9 : 0],
        firstByteMs: [250 + 300 * wave, 700 + 900 * wave],
      },
    };
  }).filter((_, index) => index < 22 || index > 28);
}

const off = { until: null, count: 0 };

const withRequests = (
  base: BridgeScene,
  requests: readonly RequestView[],
  patch: Partial<BridgeScene['results']> = {},
): BridgeScene => ({
  ...base,
  streams: {
    ...base.streams,
    requests: requests.map((one) => [one.id, one]),
    queues: [['queues', { at: started, waiting: { indexing: 0, requests: 3 } }]],
  },
  results: {
    ...base.results,
    'requests.history': requests.length > 0 ? history() : [],
    'requests.promptKeeping': off,
    'requests.cancel': { ok: true },
    'telemetry.queues': [],
    ...patch,
  },
});

export const requestsBusy = withRequests(gatewayRunning, [...ended, ...inProgress]);
/** The same with short names, for the guide. */
export const requestsPlain = withRequests(
  gatewayRunning,
  [...ended, ...inProgress].map((one) =>
    one.id === 'waking' ? { ...one, model: 'llama3.1:70b', program: 'Claude Code', credential: null } : one,
  ),
);
export const requestsOne = withRequests(gatewayRunning, [request('only')]);
export const requestsNone = withRequests(gatewayRunning, []);
export const requestsGatewayOff = withRequests(gatewayOff, []);
export const requestsGatewayOffLater = withRequests(gatewayOff, ended);
export const requestsPortTaken = withRequests(gatewayPortTaken, []);

const programs = ['Open WebUI', 'Continue', 'n8n', 'Home Assistant', null];
const models = ['llama3.1:8b', 'qwen2.5-coder:14b', 'mxbai-embed-large'];

/** A thousand that have ended, and five in progress. */
export const requestsThousand = withRequests(gatewayRunning, [
  ...Array.from({ length: 1000 }, (_, index) =>
    request(`many-${index}`, {
      at: started - index * 4000 - 60_000,
      program: programs[index % programs.length] ?? null,
      model: models[index % models.length] ?? null,
      firstByteMs: 200 + ((index * 37) % 900),
      tokensPerSecond: 20 + ((index * 13) % 60),
      state: index % 40 === 7 ? 'failed' : 'completed',
    }),
  ),
  ...inProgress,
]);

/** Prompts are being kept, and one request has its own. */
export const requestsKeeping = withRequests(gatewayRunning, [...ended, ...inProgress], {
  'requests.promptKeeping': { until: started + 2_530_000, count: 14 },
  'requests.keepPrompts': off,
  'requests.prompt': {
    text: '{"model":"llama3.1:8b","messages":[{"role":"user","content":"Why is the sky blue?"}]}',
    bytes: 82,
    truncated: false,
  },
});
