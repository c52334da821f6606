/** Methods of tasks, their workers, the texts they stored, and what all of it takes on the disk. */
import * as z from 'zod';
import {
  contentTypeSchema,
  ingestedTextSchema,
  storageUseSchema,
  taskDepthSchema,
  taskDetailsSchema,
  taskMediaSchema,
  taskQueueSchema,
  taskQueueViewSchema,
  taskQueueWarningSchema,
  taskStateSchema,
  taskViewSchema,
  taskWorkerSchema,
  whenGpuAsleepSchema,
} from '../models/tasks.ts';
import { historySpanSchema } from '../models/telemetry.ts';
import { callableAddress, done, type MethodDefinition, nothing } from './definition.ts';

const taskId = z.string().min(1).max(100);
const taskIds = z.array(taskId).min(1).max(1000);
const changed = z.object({ changed: z.number() });

/** What a task works on, as a caller gives it. */
export const newTaskInputSchema = z.discriminatedUnion('kind', [
  /** Uploaded before, by `POST /api/v1/tasks/files`, which answers with the id. */
  z.strictObject({ kind: z.literal('upload'), fileId: z.string().min(1).max(100) }),
  z.strictObject({ kind: z.literal('shared'), path: z.string().min(1).max(4096) }),
  z.strictObject({ kind: z.literal('url'), url: callableAddress }),
  /** Kept as a file. */
  z.strictObject({
    kind: z.literal('text'),
    text: z.string().min(1).max(2_000_000),
    name: z.string().max(300).optional(),
  }),
]);

export const taskMethods = {
  'tasks.add': {
    summary: 'Queue a task: its text is extracted, and stored in the index unless `store` is false.',
    scope: 'tasks',
    params: z.strictObject({
      input: newTaskInputSchema,
      /** Default: by the name or the address. */
      contentType: contentTypeSchema.optional(),
      gpu: z.boolean().default(false),
      /** What to do while every machine with a GPU worker sleeps. Default: as in the settings. */
      whenGpuAsleep: whenGpuAsleepSchema.optional(),
      store: z.boolean().default(true),
      options: z.record(z.string().max(100), z.json()).default({}),
      metadata: z.record(z.string().max(100), z.json()).default({}),
      webhookUrl: callableAddress.nullable().default(null),
      /** Higher goes first. */
      priority: z.number().int().min(0).max(1_000_000).default(0),
      /** Seconds until it may start. */
      delaySeconds: z.number().int().min(0).max(31_536_000).default(0),
    }),
    result: taskViewSchema,
    errors: [
      'NOT_FOUND',
      'FILE_OUTSIDE_FOLDER',
      'BAD_URL',
      'WEBHOOK_PRIVATE',
      'QUEUE_UNREACHABLE',
      'TASK_QUEUE_FULL',
      'DISK_FULL',
    ],
  },
  'tasks.upload': {
    summary:
      'Upload a file in parts, in order; the last one answers with the id for `tasks.add`. An upload that stops for 10 minutes is dropped.',
    scope: 'tasks',
    params: z.strictObject({
      /** null for the first part. */
      uploadId: z.string().min(1).max(100).nullable(),
      /** Its name for people; read with the first part. */
      name: z.string().max(1000).default(''),
      /** Where this part begins: how much was sent before, bytes. */
      offset: z.number().int().min(0),
      /** Base64. */
      data: z.base64().max(8_000_000),
      last: z.boolean(),
    }),
    result: z.object({
      uploadId: z.string(),
      receivedBytes: z.number(),
      /** null until the last part has arrived. */
      fileId: z.string().nullable(),
    }),
    errors: ['NOT_FOUND', 'UPLOAD_TOO_LARGE', 'DISK_FULL'],
  },
  'tasks.list': {
    summary: 'List tasks, newest first.',
    scope: 'tasks',
    params: z.strictObject({
      queue: taskQueueSchema.optional(),
      states: z.array(taskStateSchema).min(1).max(10).optional(),
      batchId: z.string().max(100).optional(),
      workerId: z.string().max(100).optional(),
      /** Letters in the title, the id or the failure. */
      text: z.string().trim().max(300).optional(),
      offset: z.number().int().min(0).max(10_000_000).default(0),
      limit: z.number().int().min(1).max(1000).default(200),
    }),
    result: z.object({ tasks: z.array(taskViewSchema), total: z.number() }),
    errors: ['QUEUE_UNREACHABLE'],
  },
  'tasks.get': {
    summary: 'Get a task with its timeline, its log and its result.',
    scope: 'tasks',
    params: z.strictObject({ id: taskId }),
    result: taskDetailsSchema,
    errors: ['NOT_FOUND', 'QUEUE_UNREACHABLE'],
  },
  'tasks.media': {
    summary:
      'Get how to play or show the recording, video or picture of a task, or why it is not there. The address in the answer needs no key.',
    scope: 'view',
    params: z.strictObject({ id: taskId }),
    result: taskMediaSchema,
    errors: ['NOT_FOUND', 'QUEUE_UNREACHABLE'],
  },
  'tasks.cancel': {
    summary: 'Cancel tasks that have not ended; the handler of an active one is stopped.',
    scope: 'tasks',
    params: z.strictObject({ ids: taskIds }),
    result: changed,
    errors: ['QUEUE_UNREACHABLE'],
  },
  'tasks.retry': {
    summary: 'Queue ended tasks again, with all their attempts.',
    scope: 'tasks',
    params: z.strictObject({ ids: taskIds }),
    result: changed,
    errors: ['QUEUE_UNREACHABLE'],
  },
  'tasks.remove': {
    summary: 'Delete ended tasks with their files. Stored texts stay in the index.',
    scope: 'control',
    params: z.strictObject({ ids: taskIds }),
    result: changed,
    errors: ['QUEUE_UNREACHABLE'],
  },
  'tasks.useCpu': {
    summary: 'Move waiting tasks from the GPU queue to the CPU queue.',
    scope: 'tasks',
    params: z.strictObject({ ids: taskIds }),
    result: changed,
    errors: ['QUEUE_UNREACHABLE'],
  },
  'tasks.queues': {
    summary: 'Get the queues as they are now.',
    scope: 'tasks',
    params: nothing,
    result: z.array(taskQueueViewSchema),
    errors: ['QUEUE_UNREACHABLE'],
  },
  'tasks.warnings': {
    summary:
      'Get what is wrong with the engine of the queues: it cannot be used, keeps no file, or evicts keys. Empty if all is well.',
    scope: 'view',
    params: nothing,
    result: z.array(taskQueueWarningSchema),
    errors: [],
  },
  'tasks.depth': {
    summary: 'Get how many tasks waited and were active, oldest first, in at most 360 points for each queue.',
    scope: 'view',
    params: z.strictObject({ range: historySpanSchema }),
    result: z.array(taskDepthSchema),
    errors: [],
  },
  'tasks.workers': {
    summary: 'List the workers: online, draining, asleep with their machine, and lost within the last day.',
    scope: 'tasks',
    params: nothing,
    result: z.array(taskWorkerSchema),
    errors: [],
  },
  'tasks.drain': {
    summary: 'Let a worker finish what it has and give it nothing more, or let it work again.',
    scope: 'control',
    params: z.strictObject({ workerId: z.string().min(1).max(100), on: z.boolean().default(true) }),
    result: done,
    errors: ['NOT_FOUND'],
  },
  'tasks.ingested': {
    summary: 'List the texts that tasks have stored in the index, newest first.',
    scope: 'view',
    params: z.strictObject({
      text: z.string().trim().max(300).optional(),
      offset: z.number().int().min(0).max(10_000_000).default(0),
      limit: z.number().int().min(1).max(1000).default(200),
    }),
    result: z.object({ texts: z.array(ingestedTextSchema), total: z.number() }),
    errors: [],
  },
  'tasks.deleteIngested': {
    summary: 'Delete texts that tasks have stored, from the disk and from the index.',
    scope: 'control',
    params: z.strictObject({ taskIds }),
    result: changed,
    errors: [],
  },
  'storage.usage': {
    summary: 'Get what takes space in the data folder, with its limits and ages.',
    scope: 'view',
    params: nothing,
    result: z.object({
      folder: z.string(),
      freeBytes: z.number().nullable(),
      parts: z.array(storageUseSchema),
    }),
    errors: [],
  },
  'storage.clear': {
    summary: 'Delete what may be deleted now: uploads and results of ended tasks, ended tasks, or history.',
    scope: 'manage',
    params: z.strictObject({
      kind: z.enum(['uploads', 'results', 'tasks', 'requests', 'history', 'activity']),
    }),
    result: z.object({ freedBytes: z.number() }),
    errors: [],
  },
} as const satisfies Record<string, MethodDefinition>;
