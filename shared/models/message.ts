/** Messages are facts: a code and its params. `shared/text` has the English. */
import * as z from 'zod';
import type { AnyMessage, Message, MessageCode, MessageOf, ParamsOf } from '../text/index.ts';

export type { Message, MessageCode } from '../text/index.ts';

/** Only the shape is checked: a message from another version or an old record may have an unknown code. */
export const messageSchema = z.object({
  code: z.string(),
  params: z.record(z.string(), z.unknown()),
}) as unknown as z.ZodType<Message>;

/** `fact('NODE_WOKE', { node: 'gpu-tower', tookMs: 4200 })` */
export function fact<Code extends MessageCode>(
  code: Code,
  ...params: ParamsOf<Code> extends Record<string, never> ? [] : [ParamsOf<Code>]
): MessageOf<Code> {
  return { code, params: params[0] ?? {} } as unknown as MessageOf<Code>;
}

/** Whether it is the message with this code: then its params are known. */
export const isFact = <Code extends MessageCode>(
  message: AnyMessage,
  code: Code,
): message is MessageOf<Code> => message.code === code;

/** Text from elsewhere: a person, another program, an older version. */
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

/** The message of an error without its next step. */
export const errorMessage = (error: { message: string; said?: AnyMessage | null }): Message =>
  (error.said as Message | null | undefined) ?? plainText(error.message);

/** Each of them once, in order. */
export function distinct(messages: readonly Message[]): Message[] {
  return [...new Map(messages.map((message) => [JSON.stringify(message), message])).values()];
}
