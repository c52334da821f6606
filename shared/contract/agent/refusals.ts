/** The refusals of an agent. Codes are in `errors/agent.ts`; a reader accepts any, because a newer agent may have more. */
import * as z from 'zod/mini';
import { sentence } from './lenient.ts';

const code = z.string().check(z.maxLength(100));

/** A refusal of the versioned API. */
export const refusalSchema = z.object({
  error: z.object({
    code,
    message: sentence,
    next: z.optional(sentence),
    details: z.optional(z.record(z.string(), z.unknown())),
  }),
});

/** A refusal of the paths of existing servers: `{error: "Unauthorized", code?, message?}`. */
export const plainRefusalSchema = z.object({
  error: sentence,
  code: z.optional(code),
  message: z.optional(sentence),
  success: z.optional(z.boolean()),
});

/** `details` of IN_USE. */
export const inUseDetailsSchema = z.object({
  reasons: z.array(z.object({ message: sentence, code: z._default(code, 'IN_USE') })),
});
