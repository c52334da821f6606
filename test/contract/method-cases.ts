/** What each method is tried with. A method that is missing here is a type error. */

import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request as startRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Core } from '../../electron/core/compose.ts';
import type { ErrorCode } from '../../shared/contract/errors.ts';
import type { MethodName, MethodResult } from '../../shared/contract/methods.ts';
import { plainText } from '../../shared/models/message.ts';
import type { RunnerStatus } from '../../shared/models/runner.ts';
import { aRunnerModel, aRunnerStatus, type FakeRunner, sendVectors } from '../fakes/runner.ts';
import { agentUpdateCases } from './agent-update-cases.ts';
import { remoteIndexCases } from './remote-index-cases.ts';
import { taskCases } from './task-cases.ts';
import { untilEntry } from './until-entry.ts';
import { updateCases } from './update-cases.ts';

/** The simulated machines, as electron/simulator/fleet.ts names them. */
export const machines = { asleep: 'gpu-tower', small: 'nas', gpu: 'lab-2' } as const;
const embedder = 'nomic-embed-text:latest';

export interface CaseContext {
  core: Core;
  folder: string;
  /** That of this computer. */
  runner: FakeRunner;
  /** Where other programs send their requests. */
  gatewayUrl: string;
  call<Name extends MethodName>(method: Name, params: unknown): Promise<MethodResult<Name>>;
}

type Params = (context: CaseContext) => unknown | Promise<unknown>;

export interface MethodCase {
  /** Parameters of a call that is answered with a result. */
  right: Params;
  /** Parameters that are refused, and the field that is named; null for the whole. */
  wrong: [params: unknown, field: string | null];
  errors: [ErrorCode, Params][];
  /** Its errors are tried in a test of their own. */
  errorsElsewhere?: boolean;
}

const unknownNode = () => ({ nodeId: 'nope' });
const nothing: Pick<MethodCase, 'right' | 'wrong' | 'errors'> = {
  right: () => ({}),
  wrong: [{ extra: 1 }, null],
  errors: [],
};

let files = 0;

function makeFolder({ folder }: CaseContext): string {
  files += 1;
  const path = join(folder, `notes-${files}`);
  mkdirSync(path);
  writeFileSync(join(path, 'lamp.md'), `# Lamp ${files}\n\nThe pilot light keeps the furnace warm.\n`);
  return path;
}

const addSource = (context: CaseContext) => context.call('index.addSource', { path: makeFolder(context) });

/** The second address of loopback, at which the panel is open: the hosts of these tests know no other. */
/** Where the panel is open for other devices now. */
export async function openedAddress({ call }: CaseContext): Promise<{ address: string }> {
  const address = '127.0.0.2';
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await call('access.setNetwork', { addresses: [address], port });
  return { address };
}

/** A port of loopback that no other case names. */
let port = 1;
const freshUrl = () => {
  port += 1;
  return `http://127.0.0.1:${port}`;
};

/** The address of a server that accepts everything. */
async function acceptingUrl(): Promise<string> {
  const server = createServer((_, reply) => reply.end()).listen(0, '127.0.0.1');
  server.unref();
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

let keys = 0;
const freshKeyName = () => {
  keys += 1;
  return `key ${keys}`;
};
const addKey = async ({ call }: CaseContext) => (await call('access.addKey', { name: freshKeyName() })).key;
const addNode = ({ call }: CaseContext) => call('fleet.add', { url: freshUrl() });

/** Jobs run one at a time: what an earlier case started is cancelled first. */
async function startJob(context: CaseContext, sourceId: string): Promise<string> {
  const { indexing } = context.core.services;
  const running = indexing.currentJob();
  if (running !== null) {
    await context.call('index.cancel', { jobId: running.id });
    await indexing.waitForJob(running.id, AbortSignal.timeout(50_000));
  }
  return (await context.call('index.start', { sourceIds: [sourceId] })).id;
}

async function endedJob(context: CaseContext): Promise<string> {
  const { id } = await addSource(context);
  const jobId = await startJob(context, id);
  await context.core.services.indexing.waitForJob(jobId, AbortSignal.timeout(50_000));
  return jobId;
}

export const runnerWithFaces = (): RunnerStatus =>
  aRunnerStatus({
    models: [aRunnerModel(), aRunnerModel({ name: 'faces', kind: 'faces', dimensions: 128 })],
  });
let runnerModels = 0;
const freshModel = () => {
  runnerModels += 1;
  return { path: `/models/${runnerModels}`, name: `model-${runnerModels}` };
};
async function addedModel({ call }: CaseContext): Promise<string> {
  const model = freshModel();
  await call('runner.models.add', model);
  return model.name;
}
const unknownRunner = { nodeId: 'nope' };
const aPicture = Buffer.from('a picture').toString('base64');
async function switchOff({ call }: CaseContext): Promise<object> {
  await call('settings.update', { runner: { on: false } });
  return {};
}
async function switchOn({ call }: CaseContext): Promise<object> {
  await call('settings.update', { runner: { on: true } });
  return {};
}
/** Downloads the model, and holds it in the middle until `release`. */
function heldPull(runner: FakeRunner): { release(): void } {
  const held = Promise.withResolvers<void>();
  runner.onPull = () => held.promise;
  return { release: held.resolve };
}

/** A job that waits for a model that no machine has, so that it still runs when it is asked about. */
async function waitingJob(context: CaseContext): Promise<string> {
  const path = makeFolder(context);
  const model = { kind: 'model', name: 'gone:latest', digest: 'f'.repeat(64) };
  const wishes = { embedder: model, wake: false, whenGpuGone: 'wait' };
  const { id } = await context.call('index.addSource', { path, ...wishes });
  return startJob(context, id);
}

/** A request whose body never ends: it is in progress until it is cancelled. */
async function openRequest({ core, gatewayUrl }: CaseContext): Promise<string> {
  const request = startRequest(`${gatewayUrl}/api/chat`, { method: 'POST' });
  request.on('error', () => {});
  request.write('{');
  return (await untilEntry(core.streams.requests, ({ state }) => state === 'arriving')).id;
}

/** A request for a model that no machine has, and what it asked. */
async function keptPrompt({ call, core, gatewayUrl }: CaseContext): Promise<string> {
  await call('requests.keepPrompts', { on: true });
  const body = JSON.stringify({ model: 'kept-prompt', messages: [] });
  await fetch(`${gatewayUrl}/api/chat`, { method: 'POST', body });
  return (await untilEntry(core.streams.requests, ({ model }) => model === 'kept-prompt')).id;
}

export const methodCases: Record<MethodName, MethodCase> = {
  ...remoteIndexCases,
  ...taskCases,
  ...updateCases,
  ...agentUpdateCases,
  'core.status': nothing,
  'core.dismissNotice': {
    right: ({ core }) => {
      core.services.status.addNotice({
        id: 'n1',
        code: 'STATE_CORRUPT',
        message: plainText('x'),
        next: plainText('y'),
      });
      return { id: 'n1' };
    },
    wrong: [{ id: 1 }, 'id'],
    errors: [['NOT_FOUND', () => ({ id: 'nope' })]],
  },
  'notifications.try': {
    right: async ({ call }) => {
      await call('settings.update', { notifications: { webhookUrl: await acceptingUrl() } });
      return { channel: 'webhook' };
    },
    wrong: [{ channel: 'pigeon' }, 'channel'],
    errors: [['NOTICE_CHANNEL_NOT_SET', () => ({ channel: 'mail' })]],
  },
  'fleet.list': nothing,
  'fleet.add': {
    right: () => ({
      url: freshUrl(),
      name: 'bench',
      mac: '02:00:00:00:00:01',
      wakeDestinations: ['127.0.0.1:9'],
    }),
    wrong: [{ url: 7 }, 'url'],
    errors: [
      ['BAD_URL', () => ({ url: 'not an address' })],
      ['BAD_MAC', () => ({ url: freshUrl(), mac: 'zz' })],
      ['BAD_TOKEN', () => ({ url: freshUrl(), shutdownSecret: 'two words' })],
      ['BAD_DESTINATION', () => ({ url: freshUrl(), wakeDestinations: ['nowhere at all'] })],
      ['ALREADY_EXISTS', async (context) => ({ url: (await addNode(context)).url })],
    ],
  },
  'fleet.update': {
    right: async (context) => ({ nodeId: (await addNode(context)).id, name: 'renamed', vramBytes: 8e9 }),
    wrong: [{ nodeId: 'x', vramBytes: -1 }, 'vramBytes'],
    errors: [
      ['NOT_FOUND', unknownNode],
      ['BAD_MAC', async (context) => ({ nodeId: (await addNode(context)).id, mac: 'zz' })],
      ['BAD_TOKEN', () => ({ nodeId: 'nope', relayToken: 'a\nb' })],
    ],
  },
  'fleet.remove': {
    right: async (context) => ({ nodeId: (await addNode(context)).id }),
    wrong: [{ nodeId: '' }, 'nodeId'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'fleet.look': {
    right: () => ({ nodeId: machines.small }),
    wrong: [{ nodeId: 5 }, 'nodeId'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'fleet.attend': nothing,
  'fleet.simulate': { right: () => ({ on: true }), wrong: [{ on: 'yes' }, 'on'], errors: [] },
  'simulator.sleep': {
    right: () => ({ nodeId: machines.asleep }),
    wrong: [{}, 'nodeId'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'simulator.faults': {
    right: () => ({ nodeId: machines.small }),
    wrong: [{}, 'nodeId'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'simulator.setFault': {
    right: async ({ call }) => {
      const [fault] = await call('simulator.faults', { nodeId: machines.asleep });
      return { nodeId: machines.asleep, fault: fault?.name, on: false };
    },
    wrong: [{ nodeId: machines.small, fault: 'x', on: 1 }, 'on'],
    errors: [['NOT_FOUND', () => ({ nodeId: 'nope', fault: 'x', on: true })]],
  },
  'power.wake': {
    right: () => ({ nodeId: machines.asleep }),
    wrong: [{}, 'nodeId'],
    errors: [
      ['NOT_FOUND', unknownNode],
      ['CANNOT_WAKE', async (context) => ({ nodeId: (await addNode(context)).id })],
      ['ALREADY_AWAKE', () => ({ nodeId: machines.gpu })],
    ],
  },
  'power.wakes': nothing,
  'power.cancelWake': {
    right: () => ({ nodeId: machines.asleep }),
    wrong: [{}, 'nodeId'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'models.place': {
    right: () => ({ model: embedder, target: 'gpu', nodeId: machines.gpu, anyway: false }),
    wrong: [{ model: 'x', target: 'gpu', nodeId: null, anyway: 'yes' }, 'anyway'],
    errors: [
      ['NOT_FOUND', () => ({ model: 'x', target: 'gpu', nodeId: 'nope' })],
      ['MODEL_NOT_FOUND', () => ({ model: 'nope', target: 'gpu', nodeId: machines.gpu })],
      ['NODE_ASLEEP', () => ({ model: 'x', target: 'gpu', nodeId: machines.asleep })],
    ],
  },
  'models.placeAll': {
    right: () => ({ target: 'gpu', nodeId: machines.small, anyway: true }),
    wrong: [{ target: 'gpu' }, 'nodeId'],
    errors: [['NOT_FOUND', () => ({ target: 'gpu', nodeId: 'nope' })]],
  },
  'models.unload': {
    right: async ({ call }) => {
      await call('models.place', { model: embedder, target: 'gpu', nodeId: machines.gpu });
      return { model: embedder, nodeId: machines.gpu };
    },
    wrong: [{ model: ' ', nodeId: machines.gpu }, 'model'],
    errors: [
      ['NOT_FOUND', () => ({ model: embedder, nodeId: 'nope' })],
      ['NODE_ASLEEP', () => ({ model: embedder, nodeId: machines.asleep })],
      ['NOT_LOADED', () => ({ model: 'llama3.2:latest', nodeId: machines.gpu })],
    ],
  },
  'models.pin': {
    right: () => ({ model: 'llama3.2:latest', nodeId: machines.gpu, pinned: false }),
    wrong: [{ model: 'x', nodeId: 'y', pinned: 'no' }, 'pinned'],
    errors: [['NOT_FOUND', () => ({ model: 'x', nodeId: 'nope', pinned: true })]],
  },
  'models.preview': {
    right: () => ({ model: embedder, target: 'cpu', nodeId: machines.gpu }),
    wrong: [{ model: embedder, target: 'disk', nodeId: machines.gpu }, 'target'],
    errors: [
      ['NOT_FOUND', () => ({ model: embedder, target: 'gpu', nodeId: 'nope' })],
      ['NODE_ASLEEP', () => ({ model: embedder, target: 'gpu', nodeId: machines.asleep })],
      ['MODEL_NOT_FOUND', () => ({ model: 'nope', target: 'gpu', nodeId: machines.gpu })],
    ],
  },
  'models.explain': {
    right: () => ({ model: embedder, nodeId: machines.gpu }),
    wrong: [{ nodeId: machines.gpu }, 'model'],
    errors: [['NOT_FOUND', () => ({ model: 'x', nodeId: 'nope' })]],
  },
  'models.pull': {
    right: () => ({ model: 'all-minilm', nodeId: machines.gpu }),
    wrong: [{ model: '', nodeId: machines.gpu }, 'model'],
    errors: [
      ['NOT_FOUND', () => ({ model: 'all-minilm', nodeId: 'nope' })],
      ['NODE_ASLEEP', () => ({ model: 'all-minilm', nodeId: machines.asleep })],
      ['BAD_MODEL_NAME', () => ({ model: 'a b', nodeId: machines.gpu })],
      [
        'PULL_RUNNING',
        ({ call }) => {
          void call('models.pull', { model: 'qwen2.5-coder:14b', nodeId: machines.small }).catch(() => {});
          return { model: 'qwen2.5-coder:14b', nodeId: machines.small };
        },
      ],
    ],
  },
  'models.copy': {
    right: () => ({ model: 'llama3.2', from: machines.gpu, to: machines.small }),
    wrong: [{ model: 'llama3.2', from: machines.gpu }, 'to'],
    errors: [
      ['NOT_FOUND', () => ({ model: 'llama3.2', from: machines.gpu, to: 'nope' })],
      ['MODEL_NOT_FOUND', () => ({ model: 'nope', from: machines.gpu, to: machines.small })],
      ['NODE_ASLEEP', () => ({ model: 'llama3.2', from: machines.gpu, to: machines.asleep })],
    ],
  },
  'models.pulls': { right: () => ({}), wrong: [{ nodeId: 'x' }, null], errors: [] },
  'models.cancelPull': {
    right: () => ({ model: 'qwen2.5-coder:14b', nodeId: machines.small }),
    wrong: [{ model: 'x' }, 'nodeId'],
    errors: [['NOT_FOUND', () => ({ model: 'nope', nodeId: machines.small })]],
  },
  'models.delete': {
    right: () => ({ model: 'mxbai-embed-large', nodeId: machines.small }),
    wrong: [{ model: 'x', nodeId: machines.small, anyway: 1 }, 'anyway'],
    errors: [
      ['NOT_FOUND', () => ({ model: 'x', nodeId: 'nope' })],
      ['NODE_ASLEEP', () => ({ model: 'x', nodeId: machines.asleep })],
      ['MODEL_NOT_FOUND', () => ({ model: 'nope', nodeId: machines.small })],
    ],
  },
  'optimizer.status': nothing,
  'optimizer.run': nothing,
  'optimizer.history': { right: () => ({ limit: 5 }), wrong: [{ limit: 0 }, 'limit'], errors: [] },
  'index.sources': nothing,
  'index.embedders': nothing,
  'index.addSource': {
    right: (context) => ({ path: makeFolder(context), name: 'Notes' }),
    wrong: [{ path: '' }, 'path'],
    errors: [
      ['FOLDER_NOT_FOUND', ({ folder }) => ({ path: join(folder, 'nope') })],
      ['NOT_A_FOLDER', (context) => ({ path: join(makeFolder(context), 'lamp.md') })],
      ['ALREADY_EXISTS', async (context) => ({ path: (await addSource(context)).path })],
    ],
  },
  'index.updateSource': {
    right: async (context) => ({ sourceId: (await addSource(context)).id, name: 'Renamed' }),
    wrong: [{ sourceId: 'x', whenGpuGone: 'weep' }, 'whenGpuGone'],
    errors: [['NOT_FOUND', () => ({ sourceId: 'nope' })]],
  },
  'index.acknowledgeFailures': {
    right: async (context) => ({ sourceId: (await addSource(context)).id }),
    wrong: [{}, 'sourceId'],
    errors: [['NOT_FOUND', () => ({ sourceId: 'nope' })]],
  },
  'index.folders': {
    right: (context) => ({ path: makeFolder(context), hidden: true }),
    wrong: [{ limit: 0 }, 'limit'],
    errors: [
      ['FOLDER_NOT_FOUND', ({ folder }) => ({ path: join(folder, 'nope') })],
      ['NOT_A_FOLDER', (context) => ({ path: join(makeFolder(context), 'lamp.md') })],
    ],
  },
  'index.estimate': {
    right: (context) => ({ path: makeFolder(context), ignorePatterns: ['*.log'] }),
    wrong: [{ path: 'x', ignorePatterns: [''] }, 'ignorePatterns.0'],
    errors: [
      ['FOLDER_NOT_FOUND', ({ folder }) => ({ path: join(folder, 'nope') })],
      ['BAD_PATTERN', (context) => ({ path: makeFolder(context), ignorePatterns: ['a*b*c*d*e*f'] })],
    ],
  },
  'index.removeSource': {
    right: async (context) => ({ sourceId: (await addSource(context)).id }),
    wrong: [{}, 'sourceId'],
    errors: [['NOT_FOUND', () => ({ sourceId: 'nope' })]],
  },
  'index.moveVectors': {
    right: async (context) => ({ sourceId: (await addSource(context)).id, to: 'builtin' }),
    wrong: [{ sourceId: 'x', to: 'elsewhere' }, 'to'],
    errors: [
      ['NOT_FOUND', () => ({ sourceId: 'nope', to: 'builtin' })],
      ['QDRANT_NOT_SET', async (context) => ({ sourceId: (await addSource(context)).id, to: 'qdrant' })],
    ],
  },
  'index.cancelVectorMove': {
    right: async (context) => ({ sourceId: (await addSource(context)).id }),
    wrong: [{}, 'sourceId'],
    errors: [['NOT_FOUND', () => ({ sourceId: 'nope' })]],
  },
  'index.warnings': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
  'index.start': {
    right: async (context) => ({ sourceIds: [(await addSource(context)).id] }),
    wrong: [{ callbackUrl: 7 }, 'callbackUrl'],
    errors: [
      ['BAD_URL', () => ({ callbackUrl: 'file:///etc/passwd' })],
      ['BAD_URL', () => ({ callbackUrl: 'http://a%zz:b@127.0.0.1/' })],
      ['NOT_FOUND', () => ({ sourceIds: ['nope'] })],
      [
        'JOB_RUNNING',
        async (context) => {
          await waitingJob(context);
          return {};
        },
      ],
    ],
  },
  'index.cancel': {
    right: async (context) => ({ jobId: await waitingJob(context) }),
    wrong: [{}, 'jobId'],
    errors: [['NOT_FOUND', () => ({ jobId: 'nope' })]],
  },
  'index.pause': {
    right: async (context) => ({ jobId: await waitingJob(context) }),
    wrong: [{ jobId: 7 }, 'jobId'],
    errors: [['NOT_FOUND', () => ({ jobId: 'nope' })]],
  },
  'index.resume': {
    right: async (context) => {
      const jobId = await waitingJob(context);
      await context.call('index.pause', { jobId });
      return { jobId };
    },
    wrong: [{}, 'jobId'],
    errors: [
      ['NOT_FOUND', () => ({ jobId: 'nope' })],
      [
        'JOB_RUNNING',
        async (context) => {
          const jobId = await waitingJob(context);
          await context.call('index.pause', { jobId });
          await waitingJob(context);
          return { jobId };
        },
      ],
    ],
  },
  'index.useCpu': {
    right: async (context) => ({ jobId: await waitingJob(context) }),
    wrong: [{}, 'jobId'],
    errors: [['NOT_FOUND', () => ({ jobId: 'nope' })]],
  },
  'index.job': {
    right: async (context) => ({ jobId: await endedJob(context) }),
    wrong: [{ jobId: null }, 'jobId'],
    errors: [['NOT_FOUND', () => ({ jobId: 'nope' })]],
  },
  'index.jobs': { right: () => ({}), wrong: [{ limit: 101 }, 'limit'], errors: [] },
  'index.search': {
    right: async (context) => {
      await endedJob(context);
      return { text: 'pilot light' };
    },
    wrong: [{ text: '   ' }, 'text'],
    errors: [['NOT_FOUND', () => ({ text: 'x', sourceIds: ['nope'] })]],
  },
  'index.document': {
    async right(context) {
      await endedJob(context);
      const [hit] = (await context.call('index.search', { text: 'furnace' })).hits;
      if (hit === undefined) throw new Error('nothing was found');
      const { sourceId, path, startByte, endByte } = hit;
      return { sourceId, path, startByte, endByte };
    },
    wrong: [{ sourceId: 'x', path: 'a.md', startByte: -1 }, 'startByte'],
    errors: [['NOT_FOUND', () => ({ sourceId: 'nope', path: 'a.md' })]],
  },
  'telemetry.latest': {
    right: () => ({ nodeId: machines.small }),
    wrong: [{ nodeId: 1 }, 'nodeId'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'telemetry.history': {
    right: () => ({ nodeId: machines.small }),
    wrong: [{}, 'nodeId'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'telemetry.work': nothing,
  'telemetry.queues': nothing,
  'telemetry.buckets': {
    right: () => ({ nodeId: machines.small, range: 'day' }),
    wrong: [{ nodeId: machines.small, range: { from: 2, to: 2 } }, 'range.to'],
    errors: [['NOT_FOUND', () => ({ nodeId: 'nope', range: 'month' })]],
  },
  'telemetry.workBuckets': {
    right: () => ({ range: 'month', atMost: 120 }),
    wrong: [{ range: 'day', atMost: 0 }, 'atMost'],
    errors: [],
  },
  'telemetry.queueBuckets': {
    right: () => ({ range: { from: 1, to: 3_600_000 } }),
    wrong: [{ range: 'year' }, 'range'],
    errors: [],
  },
  'power.list': nothing,
  'power.setPolicy': {
    right: () => ({
      nodeId: machines.small,
      policy: { idleMinutes: 20, quietHours: { from: 1320, to: 420 } },
    }),
    wrong: [{ nodeId: 'x', policy: { idleMinutes: 0 } }, 'policy.idleMinutes'],
    errors: [['NOT_FOUND', () => ({ nodeId: 'nope', policy: {} })]],
  },
  'power.keepAwake': {
    right: () => ({ nodeId: machines.small, until: Date.now() + 60_000, purpose: 'a game' }),
    wrong: [{ nodeId: 'x', until: 'tomorrow' }, 'until'],
    errors: [
      ['NOT_FOUND', () => ({ nodeId: 'nope', until: null })],
      ['BAD_REQUEST', () => ({ nodeId: machines.small, until: 1000 })],
    ],
  },
  'power.release': {
    right: async ({ call }) => {
      const { id } = await call('power.keepAwake', { nodeId: machines.gpu, until: null });
      return { nodeId: machines.gpu, leaseId: id };
    },
    wrong: [{ nodeId: 'x' }, 'leaseId'],
    errors: [
      ['NOT_FOUND', () => ({ nodeId: 'nope', leaseId: 'x' })],
      ['NOT_FOUND', () => ({ nodeId: machines.small, leaseId: 'nope' })],
    ],
  },
  'agents.pair': {
    right: async ({ core }) => {
      const agent = core.services.fleet.simulatedMachine(machines.gpu)?.agent ?? null;
      if (agent === null) throw new Error('The simulated machine runs no agent.');
      const headers = { authorization: `Bearer ${agent.token}` };
      const reply = await fetch(`${agent.url}/v1/pairing`, { method: 'POST', headers });
      const { code } = (await reply.json()) as { code: string };
      return { url: agent.url, code };
    },
    wrong: [{ url: 7 }, 'url'],
    errors: [
      ['BAD_PAIRING', () => ({ url: freshUrl(), code: 'six' })],
      ['BAD_PAIRING', () => ({ line: 'http://127.0.0.1/' })],
      ['BAD_URL', () => ({ url: 'not an address', code: '123456' })],
      ['HOST_UNREACHABLE', () => ({ url: freshUrl(), code: '123 456' })],
      [
        'NOT_AN_AGENT',
        ({ core }) => ({ url: core.services.fleet.require(machines.small).url, code: '123456' }),
      ],
      [
        'PAIRING_CLOSED',
        ({ core }) => ({ url: core.services.fleet.require(machines.gpu).agentUrl, code: '000000' }),
      ],
    ],
  },
  'power.timeline': {
    right: () => ({ nodeId: machines.small, hours: 24 }),
    wrong: [{ nodeId: machines.small, hours: 0 }, 'hours'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'power.energy': {
    right: () => ({ range: 'day', nodeId: machines.small }),
    wrong: [{ range: 'year' }, 'range'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'power.off': {
    right: () => ({ nodeId: machines.gpu, action: 'sleep', force: true, countdownSeconds: 60 }),
    wrong: [{ nodeId: 'x', countdownSeconds: -1 }, 'countdownSeconds'],
    errors: [
      ['NOT_FOUND', unknownNode],
      ['CANNOT_POWER_OFF', async (context) => ({ nodeId: (await addNode(context)).id })],
      ['POWER_ACTION_RUNNING', () => ({ nodeId: machines.gpu, force: true })],
    ],
  },
  'power.cancelOff': {
    right: async ({ call }) => {
      await call('power.cancelOff', { nodeId: machines.gpu }).catch(() => undefined);
      await call('power.off', { nodeId: machines.gpu, force: true, countdownSeconds: 60 });
      return { nodeId: machines.gpu };
    },
    wrong: [{}, 'nodeId'],
    errors: [
      ['NOT_FOUND', unknownNode],
      ['NO_COUNTDOWN', () => ({ nodeId: machines.gpu })],
    ],
  },
  'power.restartOllama': {
    right: async ({ core }) => {
      const { agents, fleet } = core.services;
      const able = fleet.list().find(({ id }) => agents.view(id)?.mayRestartOllama === true);
      return { nodeId: able?.id };
    },
    wrong: [{}, 'nodeId'],
    errors: [
      ['NOT_FOUND', unknownNode],
      ['NO_AGENT', async (context) => ({ nodeId: (await addNode(context)).id })],
    ],
  },
  'runner.list': nothing,
  'runner.start': {
    right: () => ({}),
    wrong: [{ now: true }, null],
    errors: [['RUNNER_OFF', switchOff]],
  },
  'runner.stop': {
    right: switchOn,
    wrong: [{ now: true }, null],
    errors: [['RUNNER_OFF', switchOff]],
  },
  'runner.models.add': {
    right: async (context) => {
      await switchOn(context);
      return freshModel();
    },
    wrong: [{ path: '/models/x', name: '../x' }, 'name'],
    errors: [
      ['NOT_FOUND', () => ({ ...unknownRunner, ...freshModel() })],
      ['ALREADY_EXISTS', async (context) => ({ path: '/models/x', name: await addedModel(context) })],
    ],
  },
  'runner.models.remove': {
    right: async (context) => ({ name: await addedModel(context) }),
    wrong: [{ name: '' }, 'name'],
    errors: [['MODEL_NOT_FOUND', () => ({ name: 'nope' })]],
  },
  'runner.models.load': {
    right: async (context) => ({ name: await addedModel(context) }),
    wrong: [{}, 'name'],
    errors: [
      ['MODEL_NOT_FOUND', () => ({ name: 'nope' })],
      ['NOT_FOUND', () => ({ ...unknownRunner, name: 'minilm' })],
    ],
  },
  'runner.models.drop': {
    right: async (context) => ({ name: await addedModel(context) }),
    wrong: [{ name: 7 }, 'name'],
    errors: [['MODEL_NOT_FOUND', () => ({ name: 'nope' })]],
  },
  'runner.embed': {
    right: () => ({ model: 'minilm', texts: ['a lamp', 'a light'], as: 'query', wake: true }),
    wrong: [{ model: 'minilm', texts: [] }, 'texts'],
    errors: [
      ['MODEL_NOT_FOUND', () => ({ model: 'nope', texts: ['a lamp'] })],
      ['NOT_FOUND', () => ({ ...unknownRunner, model: 'minilm', texts: ['a lamp'] })],
      [
        'SERVER_ERROR',
        ({ runner }) => {
          let left = 2;
          runner.onEmbed = (body, response) => {
            left -= 1;
            if (left === 0) runner.onEmbed = null;
            sendVectors(
              response,
              aRunnerModel(),
              (body.input ?? []).map(() => new Float32Array([Number.NaN])),
            );
            return true;
          };
          return { model: 'minilm', texts: ['a lamp'] };
        },
      ],
    ],
  },
  'runner.similarity': {
    right: () => ({ model: 'minilm', text: 'a lamp', others: ['a light'] }),
    wrong: [{ model: 'minilm', text: 'a lamp', others: [] }, 'others'],
    errors: [['MODEL_NOT_FOUND', () => ({ model: 'nope', text: 'a lamp', others: ['a light'] })]],
  },
  'runner.faces': {
    right: () => ({ image: aPicture, wake: true }),
    wrong: [{ image: 'not base64!' }, 'image'],
    errors: [
      ['PICTURE_UNREADABLE', () => ({ image: Buffer.from('not a picture').toString('base64') })],
      ['NOT_FOUND', () => ({ ...unknownRunner, image: aPicture })],
    ],
  },
  'runner.catalogue': {
    right: () => ({}),
    wrong: [{ nodeId: '' }, 'nodeId'],
    errors: [['NOT_FOUND', () => unknownRunner]],
  },
  'runner.pull': {
    right: ({ runner }) => {
      const held = heldPull(runner);
      queueMicrotask(held.release);
      return { name: 'e5-small' };
    },
    wrong: [{ name: 'a/b' }, 'name'],
    errors: [
      [
        'PULL_RUNNING',
        async ({ call, runner }) => {
          heldPull(runner);
          await call('runner.pull', { name: 'minilm' });
          return { name: 'minilm' };
        },
      ],
    ],
  },
  'runner.cancelPull': {
    right: () => ({ name: 'minilm' }),
    wrong: [{}, 'name'],
    errors: [['NOT_FOUND', () => ({ name: 'nope' })]],
  },
  'discovery.networks': nothing,
  'discovery.start': {
    right: async ({ call }) => {
      await call('discovery.cancel', {});
      return { subnets: [] };
    },
    wrong: [{ subnets: 'all' }, 'subnets'],
    errors: [['BAD_SUBNET', () => ({ subnets: ['203.0.113.0/24'] })]],
  },
  'discovery.state': nothing,
  'discovery.cancel': nothing,
  'discovery.inspect': {
    right: ({ core }) => ({ address: core.services.fleet.require(machines.small).url }),
    wrong: [{ address: '' }, 'address'],
    errors: [['BAD_URL', () => ({ address: 'not an address' })]],
  },
  'checks.diagnose': {
    right: () => ({ nodeId: machines.small }),
    wrong: [{ nodeId: '' }, 'nodeId'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'checks.rehearse': {
    // Without a MAC address it could not be woken again: refused in words, in the check itself.
    right: async (context) => ({ nodeId: (await addNode(context)).id }),
    wrong: [{ nodeId: 7 }, 'nodeId'],
    errors: [['NOT_FOUND', unknownNode]],
  },
  'checks.cancel': {
    right: async ({ call }) => ({ checkId: (await call('checks.diagnose', { nodeId: machines.small })).id }),
    wrong: [{ checkId: null }, 'checkId'],
    errors: [['NOT_FOUND', () => ({ checkId: 'diagnosis:nope' })]],
  },
  'activity.list': { right: () => ({ limit: 3 }), wrong: [{ kinds: ['gossip'] }, 'kinds.0'], errors: [] },
  'settings.get': nothing,
  'settings.update': {
    right: () => ({ optimizer: { intervalMs: 60_000 } }),
    wrong: [[], null],
    errors: [
      ['BAD_SETTING', () => ({ optimizer: { intervalMs: 'often' } })],
      ['BAD_SETTING', () => ({ nothing: { such: 1 } })],
      [
        'GATEWAY_NEEDS_KEY',
        async ({ call }) => {
          for (const { id } of await call('access.keys', {})) await call('access.revokeKey', { keyId: id });
          return { gateway: { listen: 'network' } };
        },
      ],
    ],
  },
  'access.caller': nothing,
  'access.keys': nothing,
  'access.addKey': {
    right: () => ({ name: freshKeyName(), kind: 'program', rights: ['infer'], expiresInDays: 30 }),
    wrong: [{ name: 'a\u202eb' }, 'name'],
    errors: [
      ['ALREADY_EXISTS', async (context) => ({ name: (await addKey(context)).name })],
      ['BAD_RIGHTS', () => ({ name: freshKeyName(), kind: 'program', rights: ['manage'] })],
    ],
  },
  'access.rotateKey': {
    right: async (context) => ({ keyId: (await addKey(context)).id }),
    wrong: [{ keyId: '' }, 'keyId'],
    errors: [['NOT_FOUND', () => ({ keyId: 'nope' })]],
  },
  'access.revokeKey': {
    right: async (context) => ({ keyId: (await addKey(context)).id }),
    wrong: [{}, 'keyId'],
    errors: [['NOT_FOUND', () => ({ keyId: 'nope' })]],
  },
  'access.sessions': nothing,
  'access.revokeSession': {
    right: ({ core }) => ({
      sessionId: core.services.access.openSession({ origin: 'http://127.0.0.1:1', userAgent: undefined })
        .credential.id,
    }),
    wrong: [{}, 'sessionId'],
    errors: [['NOT_FOUND', async (context) => ({ sessionId: (await addKey(context)).id })]],
  },
  'access.network': nothing,
  'access.setNetwork': {
    right: () => ({ addresses: [] }),
    wrong: [{ addresses: [], port: 0 }, 'port'],
    errors: [['BAD_ADDRESS', () => ({ addresses: ['192.0.2.77'] })]],
  },
  'access.pair': {
    right: openedAddress,
    wrong: [{ address: '' }, 'address'],
    errors: [['NOT_FOUND', () => ({ address: '192.0.2.77' })]],
  },
  'access.revokeOtherSessions': nothing,
  'gateway.get': nothing,
  'immich.get': nothing,
  'gateway.stats': nothing,
  'gateway.policy': {
    right: () => ({ model: 'llama3.2' }),
    wrong: [{ model: '' }, 'model'],
    errors: [],
  },
  'requests.list': {
    right: () => ({ states: ['waking', 'failed'], model: 'llama3.2', limit: 10 }),
    wrong: [{ states: ['asleep'] }, 'states.0'],
    errors: [],
  },
  'requests.cancel': {
    right: async (context) => ({ id: await openRequest(context) }),
    wrong: [{}, 'id'],
    errors: [['NOT_FOUND', () => ({ id: 'nope' })]],
  },
  'requests.history': {
    right: () => ({ range: 'month', atMost: 120 }),
    wrong: [{ range: 'year' }, 'range'],
    errors: [],
  },
  'requests.prompt': {
    right: async (context) => ({ id: await keptPrompt(context) }),
    wrong: [{ id: '' }, 'id'],
    errors: [['NOT_FOUND', () => ({ id: 'nope' })]],
  },
  'requests.keepPrompts': {
    right: () => ({ on: false }),
    wrong: [{ on: 'yes' }, 'on'],
    errors: [
      [
        'GATEWAY_OFF',
        async ({ core }) => {
          core.services.settings.update({ gateway: { on: false } });
          await untilEntry(core.streams.gateway, ({ state }) => state === 'off');
          return { on: true };
        },
      ],
    ],
  },
  'requests.promptKeeping': {
    ...nothing,
    right: async ({ core }) => {
      // A case before this one turned it off.
      core.services.settings.update({ gateway: { on: true } });
      await untilEntry(core.streams.gateway, ({ state }) => state === 'running');
      return {};
    },
  },
  'settings.export': nothing,
  'settings.import': {
    right: async ({ call }) => ({
      text: JSON.stringify(await call('settings.export', {})),
      apply: true,
    }),
    wrong: [{ text: '' }, 'text'],
    errors: [
      ['BAD_IMPORT', () => ({ text: '{"format":"pilotlight"' })],
      ['BAD_IMPORT', () => ({ text: '{"format":"another"}', apply: true })],
      [
        'BAD_IMPORT',
        () => ({
          text: '{"format":"pilotlight","version":1,"settings":{"index":{"batchSize":0}}}',
          apply: true,
        }),
      ],
    ],
  },
  'settings.importEnvironment': {
    right: () => ({ text: `GPU_OLLAMA_URL=${freshUrl()}\nGPU_WOL_MAC=02:00:00:00:00:02\n`, apply: true }),
    wrong: [{ text: 'A=1', apply: 'yes' }, 'apply'],
    errors: [
      ['BAD_IMPORT', () => ({ text: '# nothing' })],
      ['BAD_IMPORT', () => ({ text: `GPU_OLLAMA_URL=${freshUrl()}\nGPU_WOL_MAC=zz\n`, apply: true })],
    ],
  },
};
