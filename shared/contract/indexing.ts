/** Methods of folders, index jobs and search. */
import * as z from 'zod';
import {
  documentSchema,
  embedderChoiceSchema,
  embedderSchema,
  fileTypeSchema,
  folderEstimateSchema,
  folderPageSchema,
  ignorePatternsSchema,
  indexJobSchema,
  indexWarningSchema,
  searchResultSchema,
  sourceViewSchema,
  vectorEngineSchema,
  whenGpuGoneSchema,
} from '../models/indexing.ts';
import { callableAddress, done, type MethodDefinition, name, nothing } from './definition.ts';

export const indexingMethods = {
  'index.sources': {
    summary: 'List the folders that are indexed.',
    scope: 'view',
    params: nothing,
    result: z.array(sourceViewSchema),
    errors: [],
  },
  'index.embedders': {
    summary:
      'List the embedders that you can choose: the built-in one and the embedding models of the fleet.',
    scope: 'view',
    params: nothing,
    result: z.array(embedderChoiceSchema),
    errors: [],
  },
  'index.addSource': {
    summary: 'Add a folder.',
    scope: 'manage',
    params: z.strictObject({
      path: z.string().trim().min(1).max(4096),
      name: name.optional(),
      embedder: embedderSchema.default({ kind: 'builtin' }),
      wake: z.boolean().default(true),
      whenGpuGone: whenGpuGoneSchema.default('use-cpu'),
      ignoreFiles: z.boolean().default(true),
      ignorePatterns: ignorePatternsSchema.default([]),
    }),
    result: sourceViewSchema,
    errors: [
      'FOLDER_NOT_FOUND',
      'NOT_A_FOLDER',
      'FOLDER_UNREADABLE',
      'OWN_DATA_FOLDER',
      'ALREADY_EXISTS',
      'BAD_PATTERN',
    ],
  },
  'index.updateSource': {
    summary: 'Change a folder. A new embedder takes effect with a rebuild.',
    scope: 'control',
    params: z.strictObject({
      sourceId: z.string(),
      name: name.optional(),
      embedder: embedderSchema.optional(),
      wake: z.boolean().optional(),
      whenGpuGone: whenGpuGoneSchema.optional(),
      ignoreFiles: z.boolean().optional(),
      ignorePatterns: ignorePatternsSchema.optional(),
    }),
    result: sourceViewSchema,
    errors: ['NOT_FOUND', 'JOB_RUNNING', 'BAD_PATTERN'],
  },
  'index.acknowledgeFailures': {
    summary:
      'Acknowledge the failed files of the last run of a folder. One that fails again after it was read again is shown again.',
    scope: 'control',
    params: z.strictObject({ sourceId: z.string() }),
    result: sourceViewSchema,
    errors: ['NOT_FOUND'],
  },
  'index.folders': {
    summary:
      'List the folders in a folder of the computer that runs Pilotlight, by name. Links are named and not followed.',
    scope: 'manage',
    params: z.strictObject({
      /** Absolute, or beginning with `~`. */
      path: z.string().trim().min(1).max(4096).default('~'),
      /** Whether folders whose names begin with a dot are listed. */
      hidden: z.boolean().default(false),
      /** The name after which the page begins. */
      after: z.string().min(1).max(1024).nullable().default(null),
      limit: z.number().int().min(1).max(500).default(200),
    }),
    result: folderPageSchema,
    errors: ['FOLDER_NOT_FOUND', 'NOT_A_FOLDER', 'FOLDER_UNREADABLE'],
  },
  'index.estimate': {
    summary: 'Estimate what an index of a folder would take, from a sample of its files. Nothing is indexed.',
    scope: 'manage',
    params: z.strictObject({
      path: z.string().trim().min(1).max(4096),
      embedder: embedderSchema.default({ kind: 'builtin' }),
      ignoreFiles: z.boolean().default(true),
      ignorePatterns: ignorePatternsSchema.default([]),
    }),
    result: folderEstimateSchema,
    errors: ['FOLDER_NOT_FOUND', 'NOT_A_FOLDER', 'FOLDER_UNREADABLE', 'OWN_DATA_FOLDER', 'BAD_PATTERN'],
  },
  'index.removeSource': {
    summary: 'Remove a folder and its index. Your files are not changed.',
    scope: 'control',
    params: z.strictObject({ sourceId: z.string() }),
    result: done,
    errors: ['NOT_FOUND', 'JOB_RUNNING'],
  },
  'index.moveVectors': {
    summary:
      'Move the vectors of a folder to Qdrant, or back, without embedding again. It runs in the background; the folder shows its progress.',
    scope: 'control',
    params: z.strictObject({ sourceId: z.string(), to: vectorEngineSchema }),
    result: sourceViewSchema,
    errors: ['NOT_FOUND', 'JOB_RUNNING', 'QDRANT_NOT_SET'],
  },
  'index.cancelVectorMove': {
    summary: 'Cancel moving the vectors of a folder. They stay where they are.',
    scope: 'control',
    params: z.strictObject({ sourceId: z.string() }),
    result: sourceViewSchema,
    errors: ['NOT_FOUND'],
  },
  'index.warnings': {
    summary: 'Get what is wrong with Qdrant, if a folder or the settings use it. Empty if all is well.',
    scope: 'view',
    params: nothing,
    result: z.array(indexWarningSchema),
    errors: [],
  },
  'index.start': {
    summary: 'Start an index job for some folders, or for all.',
    scope: 'tasks',
    params: z.strictObject({
      sourceIds: z.array(z.string()).min(1).nullable().default(null),
      full: z.boolean().default(false),
      rebuild: z.boolean().default(false),
      useGpu: z.boolean().default(true),
      /** A password in it is sealed, and not shown again. */
      callbackUrl: callableAddress.nullable().default(null),
    }),
    result: indexJobSchema,
    errors: ['NOT_FOUND', 'JOB_RUNNING', 'NOTHING_TO_INDEX', 'BAD_URL', 'DISK_FULL'],
  },
  'index.cancel': {
    summary: 'Cancel a job. What it has committed is kept.',
    scope: 'tasks',
    params: z.strictObject({ jobId: z.string() }),
    result: indexJobSchema,
    errors: ['NOT_FOUND'],
  },
  'index.pause': {
    summary:
      'Pause a job until it is resumed, also after a restart. What it has committed is kept, and its machines may go off.',
    scope: 'tasks',
    params: z.strictObject({ jobId: z.string() }),
    result: indexJobSchema,
    errors: ['NOT_FOUND', 'DISK_FULL'],
  },
  'index.resume': {
    summary: 'Continue a paused job.',
    scope: 'tasks',
    params: z.strictObject({ jobId: z.string() }),
    result: indexJobSchema,
    errors: ['NOT_FOUND', 'JOB_RUNNING', 'DISK_FULL'],
  },
  'index.useCpu': {
    summary: 'Continue a running job without a GPU: it no longer waits for one, and wakes no machine.',
    scope: 'tasks',
    params: z.strictObject({ jobId: z.string() }),
    result: indexJobSchema,
    errors: ['NOT_FOUND', 'DISK_FULL'],
  },
  'index.job': {
    summary: 'Get one job.',
    scope: 'view',
    params: z.strictObject({ jobId: z.string() }),
    result: indexJobSchema,
    errors: ['NOT_FOUND'],
  },
  'index.jobs': {
    summary: 'List jobs, newest first.',
    scope: 'view',
    params: z.strictObject({ limit: z.number().int().min(1).max(100).default(10) }),
    result: z.array(indexJobSchema),
    errors: [],
  },
  'index.search': {
    summary: 'Search by keywords and vectors together.',
    scope: 'view',
    params: z.strictObject({
      text: z.string().trim().min(1).max(2000),
      sourceIds: z.array(z.string()).min(1).nullable().default(null),
      /** Kinds of files; null for all. */
      types: z.array(fileTypeSchema).min(1).nullable().default(null),
      limit: z.number().int().min(1).max(100).default(10),
    }),
    result: searchResultSchema,
    errors: ['NOT_FOUND', 'NOTHING_TO_INDEX', 'INDEX_BUSY'],
  },
  'index.document': {
    summary: 'Read the text of an indexed file around a passage. Files that are not indexed are refused.',
    scope: 'view',
    params: z.strictObject({
      sourceId: z.string(),
      /** Relative to its folder, with `/`, as in a hit. */
      path: z.string().min(1).max(4096),
      /** The passage, as bytes of the file, as in a hit. */
      startByte: z.number().int().min(0).default(0),
      endByte: z.number().int().min(0).default(0),
    }),
    result: documentSchema,
    errors: [
      'NOT_FOUND',
      'FILE_CHANGED',
      'FILE_TOO_LARGE',
      'FILE_UNREADABLE',
      'FILE_BINARY',
      'FILE_EMPTY',
      'FILE_ENCODING',
      'FILE_TOO_COSTLY',
      'DOCUMENT_BROKEN',
      'DOCUMENT_ENCRYPTED',
      'DOCUMENT_UNPACKS_TOO_LARGE',
      'OUTSIDE_FOLDER',
      'OWN_DATA_FOLDER',
      'INDEX_BUSY',
    ],
  },
} as const satisfies Record<string, MethodDefinition>;
