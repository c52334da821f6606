/** The methods of diagnosis and rehearsal. */
import * as z from 'zod';
import { checkSchema } from '../models/checks.ts';
import { type MethodDefinition, nodeId } from './definition.ts';

export const checkMethods = {
  'checks.diagnose': {
    summary:
      'Test a node step by step, from its name to its GPU; answers when it is done. Changes nothing there.',
    scope: 'control',
    params: z.strictObject({ nodeId }),
    result: checkSchema,
    errors: ['NOT_FOUND', 'CHECK_RUNNING'],
  },
  'checks.rehearse': {
    summary:
      'Put a node to sleep, wake it, wait until it serves, and learn its boot time; answers when it is done.',
    scope: 'control',
    params: z.strictObject({ nodeId }),
    result: checkSchema,
    errors: ['NOT_FOUND', 'CHECK_RUNNING'],
  },
  'checks.cancel': {
    summary: 'Stop a diagnosis or a rehearsal.',
    scope: 'control',
    params: z.strictObject({ checkId: z.string().max(200) }),
    result: checkSchema,
    errors: ['NOT_FOUND'],
  },
} as const satisfies Record<string, MethodDefinition>;
