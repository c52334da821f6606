/** Methods of waking. */
import * as z from 'zod';
import { nodeViewSchema } from '../models/fleet.ts';
import { wakeProgressSchema } from '../models/wake.ts';
import { type MethodDefinition, nodeId, nothing } from './definition.ts';

export const wakeMethods = {
  'power.wake': {
    summary:
      'Wake a node by its wake methods, trying the next one when one fails. Answers when the first that works has started.',
    scope: 'wake',
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
    summary: 'List the wakes in progress, and those that have just ended, with their progress.',
    scope: 'view',
    params: nothing,
    result: z.array(wakeProgressSchema),
    errors: [],
  },
  'power.cancelWake': {
    summary: 'Stop waiting for a node that is waking.',
    scope: 'wake',
    params: z.strictObject({ nodeId }),
    result: nodeViewSchema,
    errors: ['NOT_FOUND'],
  },
} as const satisfies Record<string, MethodDefinition>;
