/** Messages are facts: a code and what is known. `shared/text` has the English. */
import * as z from 'zod';
import type { Message, MessageCode, ParamsOf } from '../text/index.ts';

export type { Message, MessageCode } from '../text/index.ts';

/** Only its shape is checked: a message of another version, or in an old record, may have a code that is unknown here. */
export const messageSchema = z.object({
  code: z.string(),
  params: z.record(z.string(), z.unknown()),
}) as unknown as z.ZodType<Message>;

/** `fact('NODE_WOKE', { node: 'gpu-tower', tookMs: 4200 })` */
export function fact<Code extends MessageCode>(
  code: Code,
  ...params: ParamsOf<Code> extends Record<string, never> ? [] : [ParamsOf<Code>]
): Extract<Message, { code: Code }> {
  return { code, params: params[0] ?? {} } as unknown as Extract<Message, { code: Code }>;
}

/** Text that somebody else wrote: a person, another program, an older version. */
export const plainText = (text: string): Message => fact('TEXT', { text });

/** A coded error as a message. */
export const errorFact = ({
  code,
  message,
  next,
}: {
  code: string;
  message: string;
  next: string;
}): Message => fact('ERROR', { code, message, next });
