import type * as z from 'zod';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';

/** Throws BAD_REQUEST with the field at fault. */
export function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') || 'body';
  throw new PilotlightError('BAD_REQUEST', {
    message: fact('RUNNER_BAD_FIELD', { field }),
    details: { field },
  });
}
