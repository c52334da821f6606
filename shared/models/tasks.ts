/** Tasks: work that other programs, the panel or the command line queue, and the workers that do it. */
import * as z from 'zod';
import { whenGpuGoneSchema } from './indexing.ts';
import { messageSchema } from './message.ts';

/** The two queues. Their names are those that existing scripts and workers know; `celery` is the default, for the CPU. */
export const taskQueueSchema = z.enum(['gpu-tasks', 'celery']);
export type TaskQueueName = z.infer<typeof taskQueueSchema>;
export const taskQueueNames = taskQueueSchema.options;

/** What a task works on. `mixed`: several kinds, such as a page with pictures. */
export const contentTypeSchema = z.enum(['document', 'web', 'image', 'audio', 'video', 'youtube', 'mixed']);
export type ContentType = z.infer<typeof contentTypeSchema>;

/**
 * - `waiting`: in its queue
 * - `delayed`: goes into its queue later: a later start, or the next attempt after a failure
 * - `active`: a worker has it
 * - `completed`, `cancelled`
 * - `failed`: every attempt has failed; it is kept, and can be retried
 */
export const taskStateSchema = z.enum(['waiting', 'delayed', 'active', 'completed', 'failed', 'cancelled']);
export type TaskState = z.infer<typeof taskStateSchema>;
export const endedTaskStates: ReadonlySet<TaskState> = new Set(['completed', 'failed', 'cancelled']);

/** `wake`: wakes a machine with a GPU worker, and waits for it. `wait`: for one that wakes on its own. `use-cpu`: the CPU queue. */
export const whenGpuAsleepSchema = z.enum(['wake', ...whenGpuGoneSchema.options]);
export type WhenGpuAsleep = z.infer<typeof whenGpuAsleepSchema>;

/** What is worked on. */
export const taskInputSchema = z.discriminatedUnion('kind', [
  /** A file that was uploaded: kept by Pilotlight under `fileId` until the task and its age limit end. */
  z.object({
    kind: z.literal('file'),
    fileId: z.string(),
    /** As the sender named it, without folders. */
    name: z.string(),
    sizeBytes: z.number(),
    /** Hexadecimal. */
    sha256: z.string(),
  }),
  /** A file in the shared folder, relative to it, with `/`. */
  z.object({ kind: z.literal('shared'), path: z.string() }),
  z.object({ kind: z.literal('url'), url: z.string() }),
]);
export type TaskInput = z.infer<typeof taskInputSchema>;

/** What a task is, from its creation on. It travels to the worker unchanged. */
export const taskSpecSchema = z.object({
  contentType: contentTypeSchema,
  input: taskInputSchema,
  /** Name for people: the file's name, or the address. */
  title: z.string(),
  /** For the handler. */
  options: z.record(z.string(), z.json()),
  /** The sender's own, returned with the result. */
  metadata: z.record(z.string(), z.json()),
  /** Whether the text goes into the index. */
  store: z.boolean(),
  /** Whether a GPU was asked for. */
  gpu: z.boolean(),
  whenGpuAsleep: whenGpuAsleepSchema,
  /** Called when it has ended; null for none. */
  webhookUrl: z.string().nullable(),
  batchId: z.string().nullable(),
  /** Key or session that added it; null for the panel and the command line. */
  credentialId: z.string().nullable(),
  /** How long one attempt may take, milliseconds. */
  timeLimitMs: z.number(),
  /** The only worker that may do it. Absent for any. */
  onlyWorker: z.string().max(100).optional(),
});
export type TaskSpec = z.infer<typeof taskSpecSchema>;

/** Why an attempt failed. `code` is an error code of the contract, or the handler's own. */
export const taskFailureSchema = z.object({ code: z.string(), message: z.string() });
export type TaskFailure = z.infer<typeof taskFailureSchema>;

/** What a handler made. */
export const taskResultSchema = z.object({
  /** Text. Up to 1 MB; a longer one is in the file. */
  content: z.string(),
  /** A file with the whole text, uploaded by the worker; null if `content` is all. */
  contentFileId: z.string().nullable().default(null),
  metadata: z.record(z.string(), z.json()),
  /** Base64 pictures. */
  thumbnails: z.array(z.string()).default([]),
  /** Milliseconds of work. */
  processingMs: z.number(),
});
export type TaskResult = z.infer<typeof taskResultSchema>;

/** A step of a task's life, in order. */
export const taskStepSchema = z.object({
  at: z.number(),
  kind: z.enum([
    'added',
    'routed',
    'waking',
    'claimed',
    'progress',
    'released',
    'lost',
    'failed',
    'retried',
    'moved',
    'stored',
    'completed',
    'cancelled',
    'note',
  ]),
  workerId: z.string().nullable(),
  message: messageSchema,
});
export type TaskStep = z.infer<typeof taskStepSchema>;

/** A task as its queue keeps it. Both engines keep exactly this. */
export const taskRecordSchema = z.object({
  id: z.string(),
  queue: taskQueueSchema,
  state: taskStateSchema,
  spec: taskSpecSchema,
  /** Higher goes first; 0 is usual. */
  priority: z.number(),
  /** Milliseconds since the epoch. */
  addedAt: z.number(),
  /** Not before; null for at once. */
  runAt: z.number().nullable(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  /** How many attempts were started, and how many it may have. */
  attempts: z.number(),
  maxAttempts: z.number(),
  /** Worker that has it, or had it last. */
  workerId: z.string().nullable(),
  /** 0 to 1. */
  progress: z.number(),
  progressText: z.string(),
  result: taskResultSchema.nullable(),
  /** Of the last attempt. */
  failure: taskFailureSchema.nullable(),
});
export type TaskRecord = z.infer<typeof taskRecordSchema>;

/** Where the text of a completed task with `store` is. `null` for a task that stores nothing. */
export const storingSchema = z.enum(['pending', 'stored', 'failed']).nullable();

/** An entry of the `tasks` stream: without result, options and metadata, which `tasks.get` has. */
export const taskViewSchema = taskRecordSchema.omit({ spec: true, result: true }).extend({
  contentType: contentTypeSchema,
  title: z.string(),
  input: z.enum(['file', 'shared', 'url']),
  gpu: z.boolean(),
  store: z.boolean(),
  storing: storingSchema,
  batchId: z.string().nullable(),
  credentialId: z.string().nullable(),
  workerName: z.string().nullable(),
  /** Why it is in its queue, or what it waits for; null if there is nothing to say. */
  why: messageSchema.nullable(),
});
export type TaskView = z.infer<typeof taskViewSchema>;

export const taskDetailsSchema = z.object({
  task: taskViewSchema,
  spec: taskSpecSchema,
  result: taskResultSchema.nullable(),
  steps: z.array(taskStepSchema),
  /** What the handler printed, the last 64 kB. */
  log: z.string(),
});
export type TaskDetails = z.infer<typeof taskDetailsSchema>;

export const workerTypeSchema = z.enum(['gpu', 'cpu']);
export type WorkerType = z.infer<typeof workerTypeSchema>;

/** An entry of the `taskWorkers` stream. */
export const taskWorkerSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: workerTypeSchema,
  queues: z.array(taskQueueSchema),
  /** Tasks at once. */
  slots: z.number(),
  active: z.number(),
  version: z.string(),
  /** What it can work on. */
  contentTypes: z.array(contentTypeSchema),
  /** Machine of the fleet that it runs on; null if that is not known. */
  nodeId: z.string().nullable(),
  /** `asleep`: its machine is off or asleep, and can be woken. `lost`: it stopped reporting. */
  state: z.enum(['online', 'draining', 'asleep', 'lost']),
  seenAt: z.number(),
  startedAt: z.number(),
  /** Share of one CPU core and memory of its handlers; null if it does not say. */
  load: z.object({ cpu: z.number(), memoryBytes: z.number() }).nullable(),
  done: z.number(),
  failed: z.number(),
  /** Whether it reads the shared folder itself. */
  sharedFolder: z.boolean(),
  /** Why it gets no tasks: another version, a clock that is wrong; null if it does. */
  trouble: messageSchema.nullable(),
});
export type TaskWorker = z.infer<typeof taskWorkerSchema>;

/** A worker as it is saved, so that one on a machine that sleeps is known after a restart. */
export const taskWorkerRecordSchema = taskWorkerSchema.omit({
  active: true,
  state: true,
  load: true,
  sharedFolder: true,
  trouble: true,
});
export type TaskWorkerRecord = z.infer<typeof taskWorkerRecordSchema>;

/** An entry of the `taskQueues` stream, by queue name. */
export const taskQueueViewSchema = z.object({
  queue: taskQueueSchema,
  counts: z.record(taskStateSchema, z.number()),
  workers: z.number(),
  /** Age of the one that waits longest, milliseconds; null if none waits. */
  oldestMs: z.number().nullable(),
});
export type TaskQueueView = z.infer<typeof taskQueueViewSchema>;

/** Something by which tasks may be lost, or cannot be worked on. */
export const taskQueueWarningSchema = z.object({
  code: z.string(),
  message: messageSchema,
  next: messageSchema,
});
export type TaskQueueWarning = z.infer<typeof taskQueueWarningSchema>;

/** One bucket of a queue's history; one in which the core was off is absent. */
export const taskDepthSchema = z.object({
  /** When it begins, milliseconds since the epoch. */
  at: z.number(),
  seconds: z.number(),
  queue: taskQueueSchema,
  waiting: z.number(),
  active: z.number(),
  /**
   * Of both together, the lowest and the highest mean of the shorter buckets behind this one; absent where it is as
   * short as those that are stored.
   */
  spread: z.tuple([z.number(), z.number()]).optional(),
});
export type TaskDepth = z.infer<typeof taskDepthSchema>;

/** The recording, video or picture of a task, or of the text that it stored. */
export const taskMediaSchema = z.object({
  contentType: contentTypeSchema,
  /** What a browser can play or show; null if there is nothing. */
  file: z
    .object({
      name: z.string(),
      sizeBytes: z.number(),
      /** Signed, relative to the server, for ten minutes; an answer that has begun may take longer. */
      address: z.string(),
    })
    .nullable(),
  /** Where it is on the web; null for a file. */
  url: z.string().nullable(),
  /** Why there is no file any more, and what to do; null if nothing is missing. */
  gone: z.object({ message: messageSchema, next: messageSchema }).nullable(),
  /** Of a picture; null if nobody looked for them. */
  faces: z
    .object({
      count: z.number(),
      /** Shares of the width and height of the upright picture; null if it is not known where they are. */
      boxes: z
        .array(
          z.object({
            left: z.number(),
            top: z.number(),
            width: z.number(),
            height: z.number(),
            score: z.number(),
          }),
        )
        .nullable(),
    })
    .nullable(),
  /** Of a picture: JPEG as base64, for what a browser cannot show. */
  thumbnail: z.string().nullable(),
});
export type TaskMedia = z.infer<typeof taskMediaSchema>;

/** A text that was ingested. */
export const ingestedTextSchema = z.object({
  taskId: z.string(),
  title: z.string(),
  contentType: contentTypeSchema,
  /** Address or file name it came from. */
  origin: z.string(),
  addedAt: z.number(),
  sizeBytes: z.number(),
  indexed: z.boolean(),
});
export type IngestedText = z.infer<typeof ingestedTextSchema>;

/** What takes space in the data folder. */
export const storageUseSchema = z.object({
  kind: z.enum([
    'index',
    'uploads',
    'results',
    'ingested',
    'tasks',
    'requests',
    'history',
    'activity',
    'models',
    'damaged',
    'other',
  ]),
  sizeBytes: z.number(),
  /** Files, rows or entries; null if that is not counted. */
  count: z.number().nullable(),
  /** null for no limit. */
  limitBytes: z.number().nullable(),
  /** Days after which it is deleted; null for never. */
  ageDays: z.number().nullable(),
  oldestAt: z.number().nullable(),
});
export type StorageUse = z.infer<typeof storageUseSchema>;
