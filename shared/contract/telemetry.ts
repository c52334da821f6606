/** The methods of readings that are kept. */
import * as z from 'zod';
import {
  historyRangeSchema,
  nodeBucketSchema,
  telemetrySampleSchema,
  workBucketSchema,
  workSampleSchema,
} from '../models/telemetry.ts';
import { type MethodDefinition, nodeId, nothing } from './definition.ts';

/** Neighbours are joined until no more than this many buckets are left. */
const atMost = z.number().int().min(1).max(2880).default(2880);

export const telemetryMethods = {
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
} as const satisfies Record<string, MethodDefinition>;
