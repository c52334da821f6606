/** An index on another server, which Pilotlight starts and follows but does not do itself. */
import * as z from 'zod';
import { messageSchema } from './message.ts';
import { troubleSchema } from './node-state.ts';

/**
 * `silent`: it has no answer now, so how the run is doing is not known; `cancelling`: it was asked to stop and has not
 * stopped yet.
 */
export const remotePhaseSchema = z.enum(['waking', 'starting', 'running', 'cancelling', 'silent']);
export type RemotePhase = z.infer<typeof remotePhaseSchema>;

export const remoteRunSchema = z.object({
  full: z.boolean(),
  rebuild: z.boolean(),
  startedAt: z.number(),
  phase: remotePhaseSchema,
  /** Its job there; null until the server has given it one. */
  jobId: z.string().nullable(),
  /** The jobs that the server had before it was asked for this one; null until it is asked. */
  knownJobs: z.array(z.string()).nullable(),
  /** It ran there already, so another program has started it. */
  found: z.boolean(),
  cancelRequested: z.boolean(),
  processed: z.number(),
  total: z.number(),
  percent: z.number(),
  etaMs: z.number().nullable(),
  currentFile: z.string(),
  /** When the server answered last; null if it has not yet. */
  answeredAt: z.number().nullable(),
  /** Why it is silent. */
  trouble: troubleSchema.nullable(),
});
export type RemoteRun = z.infer<typeof remoteRunSchema>;

/** `unknown`: a person stopped following it while the server was silent. */
export const remoteEndSchema = z.object({
  status: z.enum(['completed', 'failed', 'cancelled', 'unknown']),
  startedAt: z.number(),
  endedAt: z.number(),
  /** Files; null if the server did not say. */
  indexed: z.number().nullable(),
  trouble: troubleSchema.nullable(),
});
export type RemoteEnd = z.infer<typeof remoteEndSchema>;

export const remoteIndexRecordSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** Without a slash at its end, and without `/index`. */
  url: z.string(),
  /** What the server calls one of its folders; `all` for all of them. */
  vault: z.string(),
  /** Machines that are awake while it works: the one that it runs on, or whose GPU it uses. */
  nodeIds: z.array(z.string()),
  useGpu: z.boolean(),
  addedAt: z.number(),
  run: remoteRunSchema.nullable(),
  lastRun: remoteEndSchema.nullable(),
});
export type RemoteIndexRecord = z.infer<typeof remoteIndexRecordSchema>;

/** One entry of the `remoteIndexes` stream. */
export const remoteIndexViewSchema = remoteIndexRecordSchema.extend({
  run: remoteRunSchema
    .omit({ knownJobs: true })
    .extend({
      /** What it is doing or waiting for. */
      detail: messageSchema,
    })
    .nullable(),
  hasKey: z.boolean(),
});
export type RemoteIndexView = z.infer<typeof remoteIndexViewSchema>;

/** What a server answered to a test. */
export const remoteTestSchema = z.object({
  /** The address that would be saved. */
  url: z.string(),
  running: z.boolean(),
  /** Runs that it remembers, at most 100. */
  jobs: z.number(),
  tookMs: z.number(),
});
export type RemoteTest = z.infer<typeof remoteTestSchema>;
