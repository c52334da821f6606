/** Methods of the requests that other programs send through the gateway. */
import * as z from 'zod';
import {
  promptKeepingSchema,
  requestBucketSchema,
  requestPromptSchema,
  requestStateSchema,
  requestViewSchema,
} from '../models/requests.ts';
import { historySpanSchema } from '../models/telemetry.ts';
import { done, type MethodDefinition, nodeId, nothing } from './definition.ts';

const requestId = z.string().min(1).max(100);

export const requestMethods = {
  'requests.list': {
    summary:
      'List requests through the gateway, newest first: all in progress up to 1,000, and the newest 500 that have ended.',
    scope: 'view',
    params: z.strictObject({
      states: z.array(requestStateSchema).min(1).max(20).optional(),
      /** `llama3.2` also means `llama3.2:latest`. */
      model: z.string().trim().min(1).max(300).optional(),
      nodeId: nodeId.optional(),
      /** As programs name themselves. */
      program: z.string().min(1).max(300).optional(),
      credentialId: z.string().min(1).max(100).optional(),
      limit: z.number().int().min(1).max(1500).default(1500),
    }),
    result: z.array(requestViewSchema),
    errors: [],
  },
  'requests.cancel': {
    summary:
      'Cancel a request in progress: the machine stops working on it, and the program gets an error or a closed connection.',
    scope: 'control',
    params: z.strictObject({ id: requestId }),
    result: done,
    errors: ['NOT_FOUND'],
  },
  'requests.history': {
    summary:
      'Get what came through the gateway, by node and model, oldest first: an hour or a day in minutes, 30 days in quarters of an hour.',
    scope: 'view',
    params: z.strictObject({
      range: historySpanSchema,
      /** Neighbouring buckets are merged until there are no more than this many. */
      atMost: z.number().int().min(1).max(2880).default(2880),
    }),
    result: z.array(requestBucketSchema),
    errors: [],
  },
  'requests.prompt': {
    summary: 'Get the body of one request, if it was kept: see requests.keepPrompts.',
    scope: 'manage',
    params: z.strictObject({ id: requestId }),
    result: requestPromptSchema,
    errors: ['NOT_FOUND'],
  },
  'requests.keepPrompts': {
    summary:
      'Keep the bodies of requests in memory for an hour, or stop that and forget them. They are never written to disk.',
    scope: 'manage',
    params: z.strictObject({ on: z.boolean() }),
    result: promptKeepingSchema,
    errors: ['GATEWAY_OFF'],
  },
  'requests.promptKeeping': {
    summary: 'Get whether the bodies of requests are kept now, and until when.',
    scope: 'view',
    params: nothing,
    result: promptKeepingSchema,
    errors: [],
  },
} as const satisfies Record<string, MethodDefinition>;
