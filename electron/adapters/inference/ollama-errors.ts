/** Maps a server's errors to codes. Ollama has no error codes, only messages. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { HttpReply } from '../../core/ports/network.ts';
import { errorBodySchema } from './ollama-schemas.ts';

/**
 * Messages of a load that found too little memory. 0.24 sends the first two; since 0.30 llama-server's own messages are
 * passed through. A runner that merely died (`process has terminated` without mention of memory) is not one.
 */
const OUT_OF_MEMORY = [
  /requires more system memory/i,
  /memory layout cannot be allocated/i,
  /out[- ]of[- ]memory/i,
  /failed to allocate/i,
  /unable to allocate/i,
  /cudaMalloc failed/i,
  /not enough (gpu |system |video )?memory/i,
];

const MODEL_MISSING = /^model ['"].*['"] not found/i;

/** Maximum length of a server message that is kept. */
const MAX_MESSAGE = 500;

/** Something answers, but it is not an inference server. `path` is the requested one. */
export function notAnInferenceServer(reply: HttpReply, path: string): PilotlightError {
  return new PilotlightError('NOT_AN_INFERENCE_SERVER', {
    details: { phase: 'answer', path, status: reply.status, answer: reply.text.slice(0, 200) },
  });
}

/** A response outside 2xx as an error. */
export function toServerError(reply: HttpReply, path: string): PilotlightError {
  const body = errorBodySchema.safeParse(parseJson(reply.text));
  if (!body.success) {
    // A failing server (or a proxy in front of it) is trouble; a missing page means another program.
    if (reply.status < 500) return notAnInferenceServer(reply, path);
    const server = reply.text.includes('<') ? '' : reply.text.trim();
    return serverError(reply.status, server);
  }
  return serverError(reply.status, body.data.error);
}

/** Ollama's message as one of our codes. The message stays in `details.server`. */
export function serverError(status: number, message: string): PilotlightError {
  const details = { phase: 'answer', status, server: message.slice(0, MAX_MESSAGE) };
  if (status === 503) return new PilotlightError('SERVER_BUSY', { details });
  if (status === 404 && MODEL_MISSING.test(message))
    return new PilotlightError('MODEL_NOT_FOUND', { details });
  if (OUT_OF_MEMORY.some((pattern) => pattern.test(message)))
    return new PilotlightError('OUT_OF_MEMORY', { details });
  return new PilotlightError('SERVER_ERROR', {
    message:
      message === ''
        ? `The server answered with an error (HTTP ${status}).`
        : `The server says: ${details.server}`,
    details,
  });
}
