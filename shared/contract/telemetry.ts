/** Methods of readings and their history. */
import * as z from 'zod';
import { queueSampleSchema } from '../models/requests.ts';
import {
  historySpanSchema,
  nodeBucketSchema,
  queueBucketSchema,
  telemetrySampleSchema,
  workBucketSchema,
  workSampleSchema,
} from '../models/telemetry.ts';
import { type MethodDefinition, nodeId, nothing } from './definition.ts';

/** Neighbouring buckets are merged until there are no more than this many. */
const atMost = z.number().int().min(1).max(2880).default(2880);

export const telemetryMethods = {
  'telemetry.latest': {
    summary:
      'Get the newest readings of one node, or of all nodes that are measured now: GPUs, host, VRAM by model.',
    scope: 'view',
    params: z.strictObject({ nodeId: nodeId.optional() }),
    result: z.array(telemetrySampleSchema),
    errors: ['NOT_FOUND'],
  },
  'telemetry.history': {
    summary: 'Get the samples of one node for the last hour, oldest first.',
    scope: 'view',
    params: z.strictObject({ nodeId }),
    result: z.array(telemetrySampleSchema),
    errors: ['NOT_FOUND'],
  },
  'telemetry.work': {
    summary: 'Get the throughput of the last hour, oldest first.',
    scope: 'view',
    params: nothing,
    result: z.array(workSampleSchema),
    errors: [],
  },
  'telemetry.queues': {
    summary:
      'Get how much waited in the last hour, oldest first: passages for their vectors, and requests at the gateway.',
    scope: 'view',
    params: nothing,
    result: z.array(queueSampleSchema),
    errors: [],
  },
  'telemetry.buckets': {
    summary:
      'Get the history of one node, or of all nodes together, oldest first: in minutes for the last day, else in quarters of an hour.',
    scope: 'view',
    params: z.strictObject({ nodeId: nodeId.optional(), range: historySpanSchema, atMost }),
    result: z.array(nodeBucketSchema),
    errors: ['NOT_FOUND'],
  },
  'telemetry.workBuckets': {
    summary:
      'Get the history of throughput, oldest first: in minutes for the last day, else in quarters of an hour.',
    scope: 'view',
    params: z.strictObject({ range: historySpanSchema, atMost }),
    result: z.array(workBucketSchema),
    errors: [],
  },
  'telemetry.queueBuckets': {
    summary:
      'Get the history of what waited, oldest first: in minutes for the last day, else in quarters of an hour.',
    scope: 'view',
    params: z.strictObject({ range: historySpanSchema, atMost }),
    result: z.array(queueBucketSchema),
    errors: [],
  },
} as const satisfies Record<string, MethodDefinition>;
