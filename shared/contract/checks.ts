/** Methods of diagnosis and rehearsal. */
import * as z from 'zod';
import { checkSchema } from '../models/checks.ts';
import { type MethodDefinition, nodeId } from './definition.ts';

export const checkMethods = {
  'checks.diagnose': {
    summary:
      'Diagnose a node step by step, from its name to its GPU. Answers when it is done. Changes nothing there.',
    scope: 'control',
    params: z.strictObject({ nodeId }),
    result: checkSchema,
    errors: ['NOT_FOUND', 'CHECK_RUNNING'],
  },
  'checks.rehearse': {
    summary:
      'Rehearse a wake: put a node to sleep, wake it, wait until it serves, and learn its boot time. Answers when it is done.',
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
