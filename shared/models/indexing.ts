import * as z from 'zod';
import { messageSchema } from './message.ts';
import { troubleSchema } from './node-state.ts';
import { placeSchema } from './places.ts';
import { runnerProviderSchema } from './runner.ts';

export { BUILTIN_DIMENSIONS, BUILTIN_EMBEDDER_ID, embedderId } from './embedder-id.ts';

/** Which embedder a source uses. A model is known by its digest, or the hash of its files; the name is for people. */
export const embedderSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('builtin') }),
  z.object({ kind: z.literal('model'), name: z.string().min(1), digest: z.string().min(1) }),
  /** A model of the ONNX runners. */
  z.object({ kind: z.literal('runner'), name: z.string().min(1), hash: z.string().min(1) }),
]);
export type Embedder = z.infer<typeof embedderSchema>;

/** A choice the person can make, with the nodes that have it. */
export const embedderChoiceSchema = z.object({
  embedder: embedderSchema,
  /** What to call it. */
  label: messageSchema,
  dimensions: z.number().nullable(),
  nodes: z.array(
    z.object({
      nodeId: z.string(),
      name: z.string(),
      awake: z.boolean(),
      hasGpu: z.boolean().nullable(),
      /** What runs it there, for a model of the runners; null if that is not known. */
      provider: runnerProviderSchema.nullable().optional(),
    }),
  ),
});
export type EmbedderChoice = z.infer<typeof embedderChoiceSchema>;

/** What to do when no node with a GPU and the model is available. */
export const whenGpuGoneSchema = z.enum(['use-cpu', 'wait']);
export type WhenGpuGone = z.infer<typeof whenGpuGoneSchema>;

/** Where vectors are searched: in this process, or in Qdrant. */
export const vectorEngineSchema = z.enum(['builtin', 'qdrant']);
export type VectorEngineName = z.infer<typeof vectorEngineSchema>;

/** A line each, as in an ignore file. */
export const ignorePatternsSchema = z.array(z.string().min(1).max(300)).max(200);

/** What an index of a folder would take. */
export const folderEstimateSchema = z.object({
  /** Text files, by a sample. */
  files: z.number(),
  /** Of all files that are not too large. */
  bytes: z.number(),
  passages: z.number(),
  /** null if nothing is known of the speed of this embedder. */
  minutes: z.number().nullable(),
  /** Whether the whole folder was seen; else there is more. */
  isComplete: z.boolean(),
});
export type FolderEstimateView = z.infer<typeof folderEstimateSchema>;

export const folderPageSchema = z.object({
  /** Canonical absolute path. */
  path: z.string(),
  /** null for a root. */
  parent: z.string().nullable(),
  /** Of the user that runs Pilotlight. */
  home: z.string(),
  folders: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      /** Where a link leads, as it is written; null for a folder. */
      target: z.string().nullable(),
      isReadable: z.boolean(),
    }),
  ),
  total: z.number(),
  /** The `after` of the next page; null if this is the last. */
  next: z.string().nullable(),
  /** The folder has more entries than are read. */
  isCut: z.boolean(),
});
export type FolderPageView = z.infer<typeof folderPageSchema>;

export const sourceRecordSchema = z.object({
  id: z.string(),
  /** `ingested`: the texts of completed tasks, in a folder of Pilotlight's own. There is one at most. */
  kind: z.enum(['folder', 'ingested']).optional(),
  name: z.string(),
  /** Canonical absolute path. */
  path: z.string(),
  embedder: embedderSchema,
  /** Wake a sleeping GPU machine that has the model. */
  wake: z.boolean(),
  whenGpuGone: whenGpuGoneSchema,
  /** Whether `.gitignore` and `.pilotlightignore` files in it are obeyed. Absent for true. */
  ignoreFiles: z.boolean().optional(),
  /** What is left out besides, in the syntax of ignore files. Absent for nothing. */
  ignorePatterns: ignorePatternsSchema.optional(),
  /** Failures that a person has seen. One that happens again after its file was read again is shown again. */
  acknowledged: z
    .object({ files: z.array(z.object({ path: z.string(), code: z.string() })), unlisted: z.number() })
    .optional(),
  addedAt: z.number(),
});
export type SourceRecord = z.infer<typeof sourceRecordSchema>;

/** One entry of the `sources` part of the `index` stream. */
export const sourceViewSchema = sourceRecordSchema.extend({
  files: z.number(),
  chunks: z.number(),
  lastRun: z
    .object({
      jobId: z.string(),
      status: z.string(),
      at: z.number(),
      indexed: z.number(),
      failed: z.number(),
      /** Of the failed ones, those that nobody has acknowledged. */
      unseen: z.number(),
    })
    .nullable(),
  /** Why searches do not find everything in it, and what to do: INDEX_INCOMPLETE, INDEX_NEWER. Absent if all is well. */
  trouble: troubleSchema.optional(),
  /** Where its vectors are. Absent while that is not known. */
  vectors: z
    .object({
      engine: vectorEngineSchema,
      /** Vectors that are not there yet; searches still find the newest of them. */
      unsent: z.number(),
      /** They are on their way to the other engine. */
      moving: z.object({ to: vectorEngineSchema, done: z.number(), total: z.number() }).optional(),
      /** Why the last move ended. */
      trouble: troubleSchema.optional(),
    })
    .optional(),
});
export type SourceView = z.infer<typeof sourceViewSchema>;

/** Something that indexes rely on cannot be used. */
export const indexWarningSchema = z.object({
  code: z.string(),
  message: z.string(),
  next: z.string(),
  /** The names of the folders that are affected now. */
  folders: z.array(z.string()),
});
export type IndexWarning = z.infer<typeof indexWarningSchema>;

/** Offsets are bytes into the file as it is on disk. */
export const chunkSchema = z.object({
  /** 0-based position inside the file. */
  ordinal: z.number(),
  text: z.string(),
  startByte: z.number(),
  endByte: z.number(),
  /** The headings above it, outermost first, joined by ` › `; empty if there are none. */
  heading: z.string(),
});
export type Chunk = z.infer<typeof chunkSchema>;

export const jobStatusSchema = z.enum([
  'pending',
  'running',
  /** By a person, until a person resumes it, also after a restart. */
  'paused',
  'completed',
  'failed',
  'cancelled',
]);
export type JobStatus = z.infer<typeof jobStatusSchema>;

/** What a running job is doing; `detail` has more, such as what it is waiting for. */
export const jobPhaseSchema = z.enum([
  'queued',
  'waking',
  'placing',
  'scanning',
  'embedding',
  'waiting',
  'finishing',
  'done',
]);
export type JobPhase = z.infer<typeof jobPhaseSchema>;

export const jobFailureSchema = z.object({
  path: z.string(),
  code: z.string(),
  reason: messageSchema,
});
export type JobFailure = z.infer<typeof jobFailureSchema>;

/** Something that happened while the job ran: it fell back to the CPU, it waited, a node came back. */
export const jobEventSchema = z.object({
  at: z.number(),
  kind: z.enum(['woke', 'placed', 'fell-back', 'recovered', 'waiting', 'paused', 'resumed', 'note']),
  nodeId: z.string().nullable(),
  message: messageSchema,
});
export type JobEvent = z.infer<typeof jobEventSchema>;

export const jobNodeShareSchema = z.object({
  nodeId: z.string(),
  name: z.string(),
  placement: z.enum(['gpu', 'partial', 'cpu', 'builtin']),
  vectors: z.number(),
  /** Over the last few seconds. */
  vectorsPerSecond: z.number(),
});
export type JobNodeShare = z.infer<typeof jobNodeShareSchema>;

export const indexJobSchema = z.object({
  id: z.string(),
  sourceIds: z.array(z.string()),
  /** What to call it: the names of its folders (TEXT for a single one), or ALL_FOLDERS. */
  label: messageSchema,
  full: z.boolean(),
  rebuild: z.boolean(),
  useGpu: z.boolean(),
  callbackUrl: z.string().nullable(),
  status: jobStatusSchema,
  phase: jobPhaseSchema,
  /** What it is doing or waiting for, or how it ended. */
  detail: messageSchema,
  /** When its phase began. */
  phaseSince: z.number().optional(),
  /** The machine that it wakes, or loads the model on. Absent in other phases. */
  phaseNodeId: z.string().optional(),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  files: z.object({
    total: z.number(),
    done: z.number(),
    unchanged: z.number(),
    removed: z.number(),
    failed: z.number(),
    skipped: z.number(),
    /** Files and folders that ignore files leave out; a folder counts once. Absent for none. Not part of `total`. */
    ignored: z.number().optional(),
  }),
  vectors: z.number(),
  /** Vectors computed on a CPU because the GPU was unreachable. */
  fallbackVectors: z.number(),
  etaMs: z.number().nullable(),
  /** What limits its speed, over the last minute or, when it has ended, as a whole; null if that is not known. */
  limitedBy: messageSchema.nullable().default(null),
  currentFile: z.string(),
  nodes: z.array(jobNodeShareSchema),
  events: z.array(jobEventSchema),
  /** The first 200; `files.failed` counts them all. */
  failures: z.array(jobFailureSchema),
  /** Files that cannot be indexed as they are, and why: the first 200; `files.skipped` counts them all. */
  leftOut: z.array(jobFailureSchema).default([]),
  error: z.object({ code: z.string(), message: z.string(), next: z.string() }).nullable(),
  /** True if the job was resumed after the process had ended. */
  resumed: z.boolean(),
  /**
   * By source id: what was decided when the job started it, so that a resumed job neither
   * empties the index a second time nor counts its own files as unchanged.
   */
  checkpoints: z
    .record(z.string(), z.object({ reset: z.boolean(), unchanged: z.number(), removed: z.number() }))
    .optional(),
});
export type IndexJob = z.infer<typeof indexJobSchema>;

/** Files that need no more work, of all that the job covers, and percent with one decimal. The same in panel, tray and CLI. */
export function jobProgress(job: Pick<IndexJob, 'files' | 'status'>): {
  processed: number;
  total: number;
  percent: number;
} {
  const { done, unchanged, failed, skipped, total } = job.files;
  const processed = Math.min(total, done + unchanged + failed + skipped);
  if (job.status === 'completed') return { processed, total, percent: 100 };
  return { processed, total, percent: total === 0 ? 0 : Math.floor((processed / total) * 1000) / 10 };
}

/**
 * Kinds of files that a search can be limited to. `code` includes data such as JSON and YAML; `document` is PDF, Word,
 * Excel, PowerPoint and EPUB.
 */
export const fileTypeSchema = z.enum(['markdown', 'page', 'code', 'text', 'document']);
export type FileType = z.infer<typeof fileTypeSchema>;

export const searchHitSchema = z.object({
  sourceId: z.string(),
  sourceName: z.string(),
  path: z.string(),
  absolutePath: z.string(),
  type: fileTypeSchema,
  heading: z.string(),
  snippet: z.string(),
  /** Character ranges inside `snippet` that match a word of the query: [start, end). */
  highlights: z.array(z.tuple([z.number(), z.number()])),
  /** Byte range of the snippet in the file. */
  startByte: z.number(),
  endByte: z.number(),
  score: z.number(),
  words: z.object({ rank: z.number(), score: z.number() }).nullable(),
  vectors: z.object({ rank: z.number(), similarity: z.number() }).nullable(),
  /** Found by no word, and hardly nearer than nonsense would be. Absent for false. Weak matches come last. */
  weak: z.literal(true).optional(),
  /** The text of a task: what it is called, and the address or file that it came from. Absent for a file of a folder. */
  ingested: z.object({ taskId: z.string(), title: z.string(), origin: z.string() }).optional(),
  /** The page, sheet, slide, chapter or time where most of its matches are. Absent if it has none. */
  place: placeSchema.optional(),
});
export type SearchHit = z.infer<typeof searchHitSchema>;

export const searchResultSchema = z.object({
  query: z.string(),
  hits: z.array(searchHitSchema),
  tookMs: z.number(),
  /** What was left out and why, for example because the machine with the model is asleep. */
  notices: z.array(messageSchema),
  /** Ids of folders whose index was damaged, so that matches may be missing. Absent for none. */
  incomplete: z.array(z.string()).optional(),
});
export type SearchResult = z.infer<typeof searchResultSchema>;

/** A file of a folder as a person reads it. A long one is cut to what is around the passage. */
export const documentSchema = z.object({
  sourceId: z.string(),
  sourceName: z.string(),
  path: z.string(),
  absolutePath: z.string(),
  /** How to show `text`: a web page gives its text, a notebook gives Markdown. */
  format: z.enum(['markdown', 'code', 'text']),
  language: z.string(),
  /** Whole lines, separated by line feeds. */
  text: z.string(),
  /** The number of the first line of `text`, from 1. */
  firstLine: z.number(),
  /** Where `text` begins in the file, bytes. */
  startByte: z.number(),
  /** Of a recording: the second at which the text from each place on is heard. `at` counts UTF-16 units of `text`. */
  times: z.array(z.object({ at: z.number(), seconds: z.number() })).optional(),
  /** Lines of the passage, both included, counted like `firstLine`. */
  passage: z.object({ firstLine: z.number(), lastLine: z.number() }),
  /** Whether the file has more before or after `text`. */
  more: z.object({ before: z.boolean(), after: z.boolean() }),
  /** The file was changed after it was indexed, so the passage may be elsewhere by now. */
  changed: z.boolean(),
  ingested: searchHitSchema.shape.ingested,
});
export type DocumentView = z.infer<typeof documentSchema>;
