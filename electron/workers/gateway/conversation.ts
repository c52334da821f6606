/** By what a conversation is recognised. Pure. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { BodyFields } from './body-fields.ts';

/** Headers in which programs name their session, the first that is set counts. */
const sessionHeaders = ['x-openwebui-chat-id', 'x-session-id', 'x-litellm-session-id'];

/**
 * A session that the program names, else the beginnings of the conversation with the longest last.
 * @param model canonical: another model knows nothing of what this one has read
 */
export function conversationKeys(
  headers: IncomingHttpHeaders,
  { promptCacheKey, conversation }: Pick<BodyFields, 'promptCacheKey' | 'conversation'>,
  model: string,
): readonly string[] {
  const session = sessionHeaders
    .map((name) => headers[name])
    .find((value) => typeof value === 'string' && value !== '');
  const named = session ?? promptCacheKey;
  if (named != null) return [`${model} ${createHash('sha256').update(String(named)).digest('base64url')}`];
  return conversation.map((key) => `${model} ${key}`);
}
