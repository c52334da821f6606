/** Methods of the core itself: its version, its offers and its notices. */
import * as z from 'zod';
import { done, type MethodDefinition, nothing } from './definition.ts';
import { coreStatusSchema } from './streams.ts';

export const statusMethods = {
  'core.status': {
    summary: 'Get the version, the servers that can be added as nodes, and notices.',
    scope: 'view',
    params: nothing,
    result: coreStatusSchema,
    errors: [],
  },
  'core.dismissNotice': {
    summary: 'Dismiss a notice.',
    scope: 'control',
    params: z.strictObject({ id: z.string() }),
    result: done,
    errors: ['NOT_FOUND'],
  },
} as const satisfies Record<string, MethodDefinition>;
