/**
 * Every method: what it takes, what it gives, who may call it, what it can answer with instead. Types,
 * validation, the contract tests and the API reference all come from here.
 */
import * as z from 'zod';
import { activityEntrySchema, activityQuerySchema } from '../models/activity.ts';
import { nodeViewSchema } from '../models/fleet.ts';
import {
  embedderChoiceSchema,
  embedderSchema,
  indexJobSchema,
  searchResultSchema,
  sourceViewSchema,
  whenGpuGoneSchema,
} from '../models/indexing.ts';
import { explanationSchema, moveRecordSchema, optimizerStatusSchema } from '../models/placement.ts';
import { wakeWaySchema } from '../models/power.ts';
import { settingsSchema } from '../models/settings.ts';
import {
  historyRangeSchema,
  nodeBucketSchema,
  telemetrySampleSchema,
  workBucketSchema,
  workSampleSchema,
} from '../models/telemetry.ts';
import { exportSchema, importPlanSchema } from '../models/transfer.ts';
import { wakeProgressSchema } from '../models/wake.ts';
import { agentMethods } from './agents.ts';
import { checkMethods } from './checks.ts';
import { done, type MethodDefinition, nodeId, nothing } from './definition.ts';
import { discoveryMethods } from './discovery.ts';
import { powerHistoryMethods, powerMethods, powerOffMethods } from './power.ts';
import { coreStatusSchema } from './streams.ts';

const modelName = z.string().trim().min(1).max(300);
const name = z.string().trim().min(1).max(120);
/** Load even where it is known not to fit wholly onto the GPU: what is evicted and what ends partly there is accepted. */
const anyway = z.boolean().default(false);
/** Neighbours are joined until no more than this many buckets are left. */
const atMost = z.number().int().min(1).max(2880).default(2880);

/** What a person may say about a node. Checked further by the service, with an error that names the field. */
const nodeInput = {
  name: name.optional(),
  /** Of its inference server; null for a node that has only an agent. */
  url: z.string().trim().min(1).max(2000).nullable(),
  mac: z.string().trim().max(40).nullable().optional(),
  wakeDestinations: z.array(z.string().trim().min(1).max(100)).max(16).optional(),
  secureOn: z.string().trim().max(40).nullable().optional(),
  wakeWays: z.array(wakeWaySchema).min(1).max(8).optional(),
  /** Token of an existing relay among the ways. */
  relayToken: z.string().trim().max(1000).nullable().optional(),
  agentUrl: z.string().trim().max(2000).nullable().optional(),
  /** Written by hand only where no pairing is possible; `agents.pair` is the usual way. */
  agentToken: z.string().trim().max(1000).nullable().optional(),
  shutdownUrl: z.string().trim().max(2000).nullable().optional(),
  shutdownSecret: z.string().trim().max(1000).nullable().optional(),
  vramBytes: z.number().min(0).max(1e15).nullable().optional(),
};

/** The text of a file that a person chose. */
const importInput = z.strictObject({
  text: z.string().min(1).max(500_000),
  apply: z.boolean().default(false),
});

export type { Scope } from './definition.ts';

export const methods = {
  'core.status': {
    summary: 'What runs here: version, offers, notices.',
    scope: 'view',
    params: nothing,
    result: coreStatusSchema,
    errors: [],
  },
  'core.dismissNotice': {
    summary: 'Take a notice away.',
    scope: 'control',
    params: z.strictObject({ id: z.string() }),
    result: done,
    errors: ['NOT_FOUND'],
  },

  'fleet.list': {
    summary: 'All nodes as they were last seen.',
    scope: 'view',
    params: nothing,
    result: z.array(nodeViewSchema),
    errors: [],
  },
  'fleet.add': {
    summary: 'Add a node by the URL of its Ollama server, of its agent, or of both.',
    scope: 'control',
    params: z.strictObject(nodeInput),
    result: nodeViewSchema,
    errors: ['BAD_URL', 'BAD_MAC', 'BAD_DESTINATION', 'BAD_WAY', 'ALREADY_EXISTS'],
  },
  'fleet.update': {
    summary: 'Change what is saved of a node; fields that are left out stay.',
    scope: 'control',
    params: z.strictObject({ nodeId, ...nodeInput, url: nodeInput.url.optional() }),
    result: nodeViewSchema,
    errors: ['NOT_FOUND', 'BAD_URL', 'BAD_MAC', 'BAD_DESTINATION', 'BAD_WAY', 'ALREADY_EXISTS'],
  },
  'fleet.remove': {
    summary: 'Forget a node. Its machine is left as it is.',
    scope: 'control',
    params: z.strictObject({ nodeId }),
    result: done,
    errors: ['NOT_FOUND'],
  },
  'fleet.look': {
    summary: 'Look at one node, or all, now; answers when the look is done.',
    scope: 'control',
    params: z.strictObject({ nodeId: nodeId.optional() }),
    result: z.array(nodeViewSchema),
    errors: ['NOT_FOUND'],
  },
  'fleet.attend': {
    summary:
      'Somebody looks at the panel: for two minutes nodes that are off are looked at each 5 seconds, then seldom again.',
    scope: 'view',
    params: nothing,
    result: done,
    errors: [],
  },
  'fleet.simulate': {
    summary: 'Add the simulated fleet, or take it away.',
    scope: 'control',
    params: z.strictObject({ on: z.boolean() }),
    result: z.array(nodeViewSchema),
    errors: [],
  },
  'simulator.sleep': {
    summary: 'Put a simulated machine to sleep.',
    scope: 'control',
    params: z.strictObject({ nodeId }),
    result: done,
    errors: ['NOT_FOUND', 'SIMULATOR_OFF'],
  },
  'simulator.faults': {
    summary: 'The faults that a simulated machine can show.',
    scope: 'view',
    params: z.strictObject({ nodeId }),
    result: z.array(z.object({ name: z.string(), on: z.boolean(), description: z.string() })),
    errors: ['NOT_FOUND', 'SIMULATOR_OFF'],
  },
  'simulator.setFault': {
    summary: 'Switch a fault of a simulated machine on or off.',
    scope: 'control',
    params: z.strictObject({ nodeId, fault: z.string(), on: z.boolean() }),
    result: done,
    errors: ['NOT_FOUND', 'SIMULATOR_OFF'],
  },

  'power.wake': {
    summary: 'Wake a node by its ways, the next when one fails; answers once the first that works has begun.',
    scope: 'control',
    params: z.strictObject({ nodeId }),
    result: nodeViewSchema,
    errors: [
      'NOT_FOUND',
      'CANNOT_WAKE',
      'WAKE_NOT_ALLOWED',
      'ALREADY_AWAKE',
      'WAKE_FAILED',
      'RELAY_FAILED',
      'COMMAND_FAILED',
    ],
  },
  'power.wakes': {
    summary: 'The wakes under way, and those that ended a moment ago, with how far each has come.',
    scope: 'view',
    params: nothing,
    result: z.array(wakeProgressSchema),
    errors: [],
  },
  'power.cancelWake': {
    summary: 'Stop waiting for a node that is waking.',
    scope: 'control',
    params: z.strictObject({ nodeId }),
    result: nodeViewSchema,
    errors: ['NOT_FOUND'],
  },

  'models.place': {
    summary: 'Force a model to the GPU or the CPU, on one node or on all that have it.',
    scope: 'control',
    params: z.strictObject({
      model: modelName,
      target: z.enum(['gpu', 'cpu']),
      nodeId: nodeId.nullable(),
      anyway,
    }),
    result: z.array(moveRecordSchema),
    errors: ['NOT_FOUND', 'NO_SERVER', 'NODE_ASLEEP', 'MODEL_NOT_FOUND', 'MOVE_IN_PROGRESS'],
  },
  'models.placeAll': {
    summary: 'Force every priority model that is loaded to the GPU or the CPU, on one node or on all.',
    scope: 'control',
    params: z.strictObject({ target: z.enum(['gpu', 'cpu']), nodeId: nodeId.nullable(), anyway }),
    result: z.array(moveRecordSchema),
    errors: ['NOT_FOUND'],
  },
  'models.unload': {
    summary: 'Take a model out of memory.',
    scope: 'control',
    params: z.strictObject({ model: modelName, nodeId }),
    result: done,
    errors: [
      'NOT_FOUND',
      'NO_SERVER',
      'NODE_ASLEEP',
      'NOT_LOADED',
      'PINNED',
      'MOVE_IN_PROGRESS',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
    ],
  },
  'models.pin': {
    summary: 'Forbid or allow moves of a model on a node.',
    scope: 'control',
    params: z.strictObject({ model: modelName, nodeId, pinned: z.boolean() }),
    result: done,
    errors: ['NOT_FOUND'],
  },
  'models.explain': {
    summary: 'Why a model is where it is, and what a move would evict.',
    scope: 'view',
    params: z.strictObject({ model: modelName, nodeId }),
    result: explanationSchema,
    errors: ['NOT_FOUND'],
  },

  'optimizer.status': {
    summary: 'Whether it is on, its last and next look, what it found.',
    scope: 'view',
    params: nothing,
    result: optimizerStatusSchema,
    errors: [],
  },
  'optimizer.run': {
    summary: 'Look now; answers when the look and its moves are done.',
    scope: 'control',
    params: nothing,
    result: optimizerStatusSchema,
    errors: [],
  },
  'optimizer.history': {
    summary: 'Moves, newest first.',
    scope: 'view',
    params: z.strictObject({ limit: z.number().int().min(1).max(500).default(50) }),
    result: z.array(moveRecordSchema),
    errors: [],
  },

  'index.sources': {
    summary: 'The folders that are indexed.',
    scope: 'view',
    params: nothing,
    result: z.array(sourceViewSchema),
    errors: [],
  },
  'index.embedders': {
    summary: 'The embedders that can be chosen: the built-in one and the embedding models of the fleet.',
    scope: 'view',
    params: nothing,
    result: z.array(embedderChoiceSchema),
    errors: [],
  },
  'index.addSource': {
    summary: 'Add a folder.',
    scope: 'control',
    params: z.strictObject({
      path: z.string().trim().min(1).max(4096),
      name: name.optional(),
      embedder: embedderSchema.default({ kind: 'builtin' }),
      wake: z.boolean().default(true),
      whenGpuGone: whenGpuGoneSchema.default('use-cpu'),
    }),
    result: sourceViewSchema,
    errors: ['FOLDER_NOT_FOUND', 'NOT_A_FOLDER', 'FOLDER_UNREADABLE', 'ALREADY_EXISTS'],
  },
  'index.updateSource': {
    summary: 'Change a folder. Another embedder takes effect by a rebuild.',
    scope: 'control',
    params: z.strictObject({
      sourceId: z.string(),
      name: name.optional(),
      embedder: embedderSchema.optional(),
      wake: z.boolean().optional(),
      whenGpuGone: whenGpuGoneSchema.optional(),
    }),
    result: sourceViewSchema,
    errors: ['NOT_FOUND', 'JOB_RUNNING'],
  },
  'index.removeSource': {
    summary: 'Forget a folder and its index. The files are left as they are.',
    scope: 'control',
    params: z.strictObject({ sourceId: z.string() }),
    result: done,
    errors: ['NOT_FOUND', 'JOB_RUNNING'],
  },
  'index.start': {
    summary: 'Start an index job over some folders, or all.',
    scope: 'control',
    params: z.strictObject({
      sourceIds: z.array(z.string()).min(1).nullable().default(null),
      full: z.boolean().default(false),
      rebuild: z.boolean().default(false),
      useGpu: z.boolean().default(true),
      callbackUrl: z
        .url({ protocol: /^https?$/ })
        .nullable()
        .default(null),
    }),
    result: indexJobSchema,
    errors: ['NOT_FOUND', 'JOB_RUNNING', 'NOTHING_TO_INDEX'],
  },
  'index.cancel': {
    summary: 'Cancel a job. What it committed stays.',
    scope: 'control',
    params: z.strictObject({ jobId: z.string() }),
    result: indexJobSchema,
    errors: ['NOT_FOUND'],
  },
  'index.job': {
    summary: 'One job.',
    scope: 'view',
    params: z.strictObject({ jobId: z.string() }),
    result: indexJobSchema,
    errors: ['NOT_FOUND'],
  },
  'index.jobs': {
    summary: 'Jobs, newest first.',
    scope: 'view',
    params: z.strictObject({ limit: z.number().int().min(1).max(100).default(10) }),
    result: z.array(indexJobSchema),
    errors: [],
  },
  'index.search': {
    summary: 'Search by words and vectors together.',
    scope: 'view',
    params: z.strictObject({
      text: z.string().trim().min(1).max(2000),
      sourceIds: z.array(z.string()).min(1).nullable().default(null),
      limit: z.number().int().min(1).max(100).default(10),
    }),
    result: searchResultSchema,
    errors: ['NOT_FOUND', 'NOTHING_TO_INDEX', 'INDEX_BUSY'],
  },

  'telemetry.latest': {
    summary: 'The newest readings of one node, or of all that are measured now: GPUs, host, VRAM by model.',
    scope: 'view',
    params: z.strictObject({ nodeId: nodeId.optional() }),
    result: z.array(telemetrySampleSchema),
    errors: ['NOT_FOUND'],
  },
  'telemetry.history': {
    summary: 'The last hour of samples of one node, oldest first.',
    scope: 'view',
    params: z.strictObject({ nodeId }),
    result: z.array(telemetrySampleSchema),
    errors: ['NOT_FOUND'],
  },
  'telemetry.work': {
    summary: 'The last hour of work, oldest first.',
    scope: 'view',
    params: nothing,
    result: z.array(workSampleSchema),
    errors: [],
  },
  'telemetry.buckets': {
    summary:
      'What is kept of one node for longer, oldest first: an hour or a day in minutes, 30 days in quarters of an hour.',
    scope: 'view',
    params: z.strictObject({ nodeId, range: historyRangeSchema, atMost }),
    result: z.array(nodeBucketSchema),
    errors: ['NOT_FOUND'],
  },
  'telemetry.workBuckets': {
    summary:
      'The work that is kept for longer, oldest first: an hour or a day in minutes, 30 days in quarters of an hour.',
    scope: 'view',
    params: z.strictObject({ range: historyRangeSchema, atMost }),
    result: z.array(workBucketSchema),
    errors: [],
  },

  'activity.list': {
    summary: 'What happened and why, newest first.',
    scope: 'view',
    params: activityQuerySchema,
    result: z.array(activityEntrySchema),
    errors: [],
  },

  'settings.get': {
    summary: 'All settings; of a secret only whether it is set.',
    scope: 'view',
    params: nothing,
    result: settingsSchema,
    errors: [],
  },
  'settings.update': {
    summary:
      'Change settings: a nested object with only what changes; a secret takes its text, or null to remove it. All or nothing.',
    scope: 'control',
    params: z.record(z.string(), z.unknown()),
    result: settingsSchema,
    errors: ['BAD_SETTING', 'DISK_FULL'],
  },
  'settings.export': {
    summary: 'Settings, nodes and folders as one document, without secrets and simulated machines.',
    scope: 'view',
    params: nothing,
    result: exportSchema,
    errors: [],
  },
  'settings.import': {
    summary:
      'What importing the text of an export would do; with `apply`, do all of it, or nothing where an entry is refused.',
    scope: 'control',
    params: importInput,
    result: importPlanSchema,
    errors: ['BAD_IMPORT', 'DISK_FULL'],
  },
  'settings.importEnvironment': {
    summary:
      'The same for the environment file of an existing server (GPU_OLLAMA_URL, GPU_WOL_MAC, GPU_PRIORITY_MODELS …).',
    scope: 'control',
    params: importInput,
    result: importPlanSchema,
    errors: ['BAD_IMPORT', 'DISK_FULL'],
  },

  ...agentMethods,
  ...powerMethods,
  ...powerOffMethods,
  ...powerHistoryMethods,
  ...discoveryMethods,

  ...checkMethods,
} as const satisfies Record<string, MethodDefinition>;

export type MethodName = keyof typeof methods;
/** What a caller may write: defaults may be left out. */
export type MethodInput<Name extends MethodName> = z.input<(typeof methods)[Name]['params']>;
/** What a handler gets: checked, defaults filled in. */
export type MethodParams<Name extends MethodName> = z.output<(typeof methods)[Name]['params']>;
export type MethodResult<Name extends MethodName> = z.output<(typeof methods)[Name]['result']>;
export const methodNames = Object.keys(methods) as [MethodName, ...MethodName[]];

export function isMethodName(value: string): value is MethodName {
  return Object.hasOwn(methods, value);
}
