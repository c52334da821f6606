/** A picture in words, by a model of the fleet that can see. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { ModelServer } from '../tasks/means.ts';
import { errorTextOf, type SendModelCall, sendPatiently } from './model-call.ts';

export interface Vision {
  /** Rejects with VISION_FAILED, HOST_UNREACHABLE, HOST_TIMEOUT, or the signal's reason. */
  describe(jpeg: Uint8Array, signal: AbortSignal): Promise<string>;
}

const QUESTION =
  'Describe this picture in two or three plain sentences for a search index: what is shown, where, and who or what is in it. Quote any text that can be read. Answer with the description only.';
const MOST_TOKENS = 400;
const DEADLINE_MS = 15 * 60_000;
const LONGEST = 4000;

export function createVision({
  server,
  clock,
  send,
}: {
  server: ModelServer;
  clock: Pick<Clock, 'timer' | 'sleep'>;
  send?: SendModelCall;
}): Vision {
  return {
    async describe(jpeg, signal) {
      const url = `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
      const request = {
        model: server.model,
        stream: false,
        temperature: 0,
        max_tokens: MOST_TOKENS,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: QUESTION },
              { type: 'image_url', image_url: { url } },
            ],
          },
        ],
      };
      const reply = await sendPatiently(
        {
          server,
          path: '/v1/chat/completions',
          contentType: 'application/json',
          body: [Buffer.from(JSON.stringify(request))],
          clock,
          deadlineMs: DEADLINE_MS,
          signal,
        },
        send,
      );
      const text = reply.status === 200 ? answerOf(reply.text) : null;
      if (text === null) {
        throw new PilotlightError('VISION_FAILED', {
          message: fact('VISION_SERVER_SAID', { status: reply.status, said: errorTextOf(reply) }),
        });
      }
      return text;
    },
  };
}

/** null if there is none. What a model thinks before it answers is no part of it. */
function answerOf(body: string): string | null {
  const { choices } = Object(parseJson(body)) as { choices?: unknown };
  const [first] = Array.isArray(choices) ? (choices as unknown[]) : [];
  const { message } = Object(first) as { message?: unknown };
  const { content } = Object(message) as { content?: unknown };
  if (typeof content !== 'string') return null;
  const text = content
    .replace(/<think>[\s\S]*?<\/think>/g, '')
    .trim()
    .slice(0, LONGEST);
  return text === '' ? null : text;
}
