/**
 * The protocol between a worker and the core, over HTTP: JSON bodies posted to `/api/v1/worker/*` with
 * `Authorization: Bearer KEY`, a key with the right `tasks`. Errors are `{error, code, next}`.
 */
import * as z from 'zod';
import {
  contentTypeSchema,
  taskFailureSchema,
  taskQueueSchema,
  taskResultSchema,
  taskSpecSchema,
  workerTypeSchema,
} from '../models/tasks.ts';

/** Raised when a worker and a core of different versions would misunderstand each other. */
export const WORKER_PROTOCOL = 1;
/** The oldest version that this one still speaks. */
export const OLDEST_WORKER_PROTOCOL = 1;

/** File that the core puts into the shared folder, with random content: whoever can tell it has the same folder. */
export const SHARED_PROOF_FILE = '.pilotlight-shared';

const id = z.string().min(1).max(100);
const proof = { id, token: z.string().min(1).max(200) };

/**
 * What handlers may use for media. Servers of the fleet are reached through the gateway, at its port of the host where
 * Pilotlight is. Secrets stay in memory: they are never in an argument or a log.
 */
export const taskMeansSchema = z.object({
  /** What turns speech into text; null for nothing. */
  speech: z
    .object({
      /** Address of the server, without a path; null for the gateway. */
      url: z.string().nullable(),
      /** null for none; that of the gateway is below. */
      key: z.string().nullable(),
      model: z.string(),
      /** As ISO 639 names it; null if the server finds out. */
      language: z.string().nullable(),
    })
    .nullable(),
  /** What describes pictures, through the gateway; null for nothing. */
  vision: z.object({ model: z.string() }).nullable(),
  /** null while it does not listen. */
  gateway: z
    .object({
      port: z.number().int().min(1).max(65_535),
      /** Opens the gateway for the models above, as long as this worker reports. */
      key: z.string(),
      open: z.enum(['loopback', 'network']),
    })
    .nullable(),
  /**
   * Signed address that finds the faces of a picture (`workerFacesPath`), relative to the server; null if a person does
   * not want that. An older core has none.
   */
  faces: z.string().nullable().optional(),
});
export type TaskMeans = z.infer<typeof taskMeansSchema>;

/** A task as a worker gets it. */
export const workerTaskSchema = z.object({
  ...proof,
  spec: taskSpecSchema,
  queue: taskQueueSchema,
  /** 1 for the first. */
  attempt: z.number(),
  /** Signed address of the input, relative to the server, for 10 minutes; null for one without a file. */
  download: z.string().nullable(),
  /** Path in the shared folder; null if the worker does not have it. */
  sharedPath: z.string().nullable(),
  /** Absolute path of the input, for the worker of this computer only. */
  localPath: z.string().optional(),
  /** Hosts of own networks that it may fetch from, in lower case. Absent for none. */
  allowedHosts: z.array(z.string()).optional(),
  /** For kinds of content that need them. */
  means: taskMeansSchema.optional(),
});
export type WorkerTask = z.infer<typeof workerTaskSchema>;

export const workerCalls = {
  hello: {
    path: '/api/v1/worker/hello',
    /** Repeated after a break; the same id continues. */
    request: z.object({
      id,
      name: z.string().trim().min(1).max(100),
      type: workerTypeSchema,
      queues: z.array(taskQueueSchema).min(1),
      slots: z.number().int().min(1).max(256),
      version: z.string().max(50),
      protocol: z.number().int(),
      /** The oldest version that it speaks as well; without it, only `protocol`. */
      oldestProtocol: z.number().int().optional(),
      contentTypes: z.array(contentTypeSchema),
      /** Id of the agent of its machine; null if it is not run by one. */
      agentId: z.string().max(100).nullable(),
      /** Its clock, milliseconds since the epoch. */
      now: z.number(),
      /** Content of `SHARED_PROOF_FILE`, as the worker reads it, without white space around it; null without one. */
      sharedFolderProof: z.string().max(200).nullable(),
      /** It checks itself: it is not listed, and gets only tasks that are meant for it. */
      checkOnly: z.boolean().optional(),
      /** Tasks that it still has from before a break. */
      tasks: z.array(z.object(proof)).max(256),
    }),
    answer: z.object({
      leaseMs: z.number(),
      /** How often to beat. */
      beatMs: z.number(),
      /** Memory of one handler, MiB; without it, the worker's own limit applies. */
      memoryLimitMb: z.number().optional(),
      now: z.number(),
      sharedFolder: z.boolean(),
      drain: z.boolean(),
      /** Why it gets no tasks: WORKER_VERSION, CLOCK_WRONG; null if it does. */
      refused: z.object({ code: z.string(), error: z.string(), next: z.string() }).nullable(),
      tasks: z.array(z.object({ id, state: z.enum(['held', 'lost', 'cancelled']) })),
      /** What tasks would get now; absent while it gets none. */
      means: taskMeansSchema.optional(),
    }),
  },
  claim: {
    path: '/api/v1/worker/claim',
    request: z.object({
      workerId: id,
      count: z.number().int().min(1).max(64),
      /** How long the core may wait for a task before it answers with none, milliseconds. */
      waitMs: z.number().int().min(0).max(30_000),
    }),
    answer: z.object({ tasks: z.array(workerTaskSchema), drain: z.boolean() }),
  },
  beat: {
    path: '/api/v1/worker/beat',
    request: z.object({
      workerId: id,
      load: z.object({ cpu: z.number(), memoryBytes: z.number() }).nullable(),
      tasks: z
        .array(
          z.object({
            ...proof,
            progress: z.number().min(0).max(1).nullable(),
            progressText: z.string().max(500).nullable(),
            log: z.string().max(65_536),
          }),
        )
        .max(256),
    }),
    answer: z.object({
      tasks: z.array(z.object({ id, state: z.enum(['held', 'lost', 'cancelled']) })),
      drain: z.boolean(),
    }),
  },
  complete: {
    path: '/api/v1/worker/complete',
    request: z.object({ workerId: id, ...proof, result: taskResultSchema, claimNext: z.boolean() }),
    answer: z.object({ accepted: z.boolean(), next: workerTaskSchema.nullable(), drain: z.boolean() }),
  },
  fail: {
    path: '/api/v1/worker/fail',
    request: z.object({
      workerId: id,
      ...proof,
      failure: taskFailureSchema,
      /** false: another attempt would fail the same way. */
      retry: z.boolean(),
    }),
    answer: z.object({ state: z.string().nullable() }),
  },
  release: {
    path: '/api/v1/worker/release',
    request: z.object({ workerId: id, tasks: z.array(z.object(proof)).max(256) }),
    answer: z.object({ ok: z.literal(true) }),
  },
  bye: {
    path: '/api/v1/worker/bye',
    request: z.object({ workerId: id }),
    answer: z.object({ ok: z.literal(true) }),
  },
} as const;
export type WorkerCall = keyof typeof workerCalls;
export type WorkerRequest<Call extends WorkerCall> = z.output<(typeof workerCalls)[Call]['request']>;
export type WorkerAnswer<Call extends WorkerCall> = z.output<(typeof workerCalls)[Call]['answer']>;

/**
 * `download`: `GET` with `Range`, without a key, because the address is signed.
 *
 * `upload`: `PUT` with the headers of `uploadHeaders`; the answer is `{fileId}`. After a break, `HEAD` with the same
 * headers answers with `upload-offset`, how many bytes have arrived, and the next `PUT` sends the rest with
 * `content-range: bytes FROM-LAST/SIZE`.
 */
export const workerFilePaths = {
  download: '/api/v1/files/signed',
  upload: '/api/v1/worker/result',
} as const;

/**
 * `POST` with a picture as the body, at most `MOST_PICTURE_BYTES`, without a key, because the address is signed. It is
 * valid as long as the worker has the task; without a task, for 10 minutes. The picture goes to a runner and is not kept.
 */
export const workerFacesPath = '/api/v1/worker/faces';
export const workerFacesAnswer = z.object({
  faces: z.array(
    z.object({
      /** Left, top, right, bottom: pixels of the upright picture. */
      box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
      /** 0 to 1. */
      score: z.number(),
    }),
  ),
});
export type WorkerFacesAnswer = z.infer<typeof workerFacesAnswer>;

export const uploadHeaders = {
  /** Of the whole content, hexadecimal. */
  sha256: 'x-content-sha256',
  /** The task that it belongs to, and the token of its lease. */
  task: 'x-task-id',
  token: 'x-task-token',
} as const;
