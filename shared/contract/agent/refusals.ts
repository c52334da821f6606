/** The refusals of an agent. Codes are in `errors/agent.ts`; a reader accepts any, because a newer agent may have more. */
import * as z from 'zod/mini';
import { listOf, orDefault, orLeftOut, sentence } from './lenient.ts';

const code = z.string().check(z.maxLength(100));

/** A refusal of the versioned API. */
export const refusalSchema = z.object({
  error: z.object({
    code,
    message: sentence,
    next: orLeftOut(sentence),
    details: orLeftOut(z.record(z.string(), z.unknown())),
  }),
});

/** A refusal of the paths of existing servers: `{error: "Unauthorized", code?, message?}`. */
export const plainRefusalSchema = z.object({
  error: sentence,
  code: orLeftOut(code),
  message: orLeftOut(sentence),
  success: orLeftOut(z.boolean()),
});

/** `details` of IN_USE. */
export const inUseDetailsSchema = z.object({
  reasons: listOf(z.object({ message: sentence, code: orDefault(code, 'IN_USE') }), 1000),
});
