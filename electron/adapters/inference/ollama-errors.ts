/** Maps a server's errors to codes. Ollama has no error codes, only messages. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import { fact } from '../../../shared/models/message.ts';
import { readDoor } from '../../../shared/network/door.ts';
import { isOlderVersion, OLLAMA_SINCE } from '../../../shared/ollama-version.ts';
import type { HttpReply } from '../../core/ports/network.ts';
import { errorText } from './ollama-schemas.ts';

/**
 * Messages of a load that found too little memory. 0.24 sends the first two; since 0.30 llama-server's own messages are
 * passed through. A runner that merely died (`process has terminated` without mention of memory) is not one.
 */
const OUT_OF_MEMORY = [
  /requires more system memory/i,
  /memory layout cannot be allocated/i,
  /out[- ]of[- ]memory/i,
  /insufficient memory/i,
  /failed to allocate/i,
  /unable to allocate/i,
  /cudaMalloc failed/i,
  /not enough (gpu |system |video )?memory/i,
];

const MODEL_MISSING = /^model ['"].*['"] not found/i;

/**
 * The connection between Ollama and its runner broke, because the runner died. Ollama answers 400 for it, as if the input
 * were the cause: `do embedding request: Post "http://127.0.0.1:40123/v1/embeddings": EOF`.
 */
const RUNNER_DIED = [
  /^do \w+ request: /i,
  /\b(?:Post|Get) "?https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+\/[^\s"]*"?: /,
  /error was encountered while running the model: .*\bEOF\b/i,
  /connection reset by peer|connection refused|broken pipe|forcibly closed by the remote host/i,
];

const TOO_LONG =
  /input (?:length )?exceeds (?:the )?(?:maximum )?context|exceeds the available context size/i;
const CANNOT_EMBED = /does not support embed/i;

/** Maximum length of a server message that is kept. */
const MAX_MESSAGE = 500;
/** Characters of it that are searched: patterns on megabytes would hold the thread. */
const MOST_SEARCHED = 4000;

/** Something answers, but it is not an inference server. `path` is the requested one. */
export function notAnInferenceServer(reply: HttpReply, path: string): PilotlightError {
  return new PilotlightError('NOT_AN_INFERENCE_SERVER', {
    details: { phase: 'answer', path, status: reply.status, answer: reply.text.slice(0, 200) },
  });
}

/** What stands before the server and answers in its place; null if the answer may be its own. */
export function toDoorError(reply: HttpReply, url: string, path: string): PilotlightError | null {
  const door = readDoor(reply, url + path);
  if (door === null) return null;
  const said = errorText(parseAnswer(reply.text));
  const details = {
    phase: 'answer',
    path,
    status: reply.status,
    ...(said === null ? {} : { server: said.slice(0, MAX_MESSAGE) }),
  };
  if (door.kind === 'login') return new PilotlightError('SERVER_LOCKED', { details });
  const { to } = door;
  return new PilotlightError('SERVER_REDIRECTS', {
    ...(to === null ? {} : { message: fact('SENDS_ELSEWHERE', { to }) }),
    details: { ...details, to },
  });
}

/** A response outside 2xx as an error. */
export function toServerError(reply: HttpReply, path: string): PilotlightError {
  const said = errorText(parseAnswer(reply.text));
  if (said !== null) return serverError(reply.status, said);
  // A failing server (or a proxy in front of it) is trouble; a missing page means another program.
  if (reply.status < 500) return notAnInferenceServer(reply, path);
  return serverError(reply.status, reply.text.includes('<') ? '' : reply.text.trim());
}

/** Whether Ollama has no such path: it is too old, or something in front of it does not pass it. */
export function lacksPath({ status, text }: HttpReply): boolean {
  return (status === 404 || status === 405) && errorText(parseAnswer(text)) === null;
}

/** The first versions with these paths. */
const SINCE = {
  '/api/ps': { version: OLLAMA_SINCE.ps, message: 'OLLAMA_TOO_OLD_FOR_PS' },
  '/api/embed': { version: OLLAMA_SINCE.embed, message: 'OLLAMA_TOO_OLD_FOR_EMBED' },
} as const;

/** `version`: what the server says of itself, although it lacks the path. */
export function lacksPathError(version: string, path: string): PilotlightError {
  const details = { phase: 'answer', path, version };
  const since = Object.hasOwn(SINCE, path) ? SINCE[path as keyof typeof SINCE] : null;
  if (since !== null && isOlderVersion(version, since.version))
    return new PilotlightError('SERVER_TOO_OLD', { message: fact(since.message, { version }), details });
  return new PilotlightError('SERVER_TOO_OLD', {
    message: fact('OLLAMA_LACKS_PATH', { version, path }),
    next: fact('CHECK_PROXY_OR_UPDATE'),
    details,
  });
}

/** `done` is missing: the answer was cut off, though its status says that all went well. */
export function incompleteAnswer(path: string): PilotlightError {
  return new PilotlightError('ANSWER_INCOMPLETE', { details: { phase: 'answer', path } });
}

/** Ollama's message as one of our codes. The message stays in `details.server`. */
export function serverError(status: number, message: string): PilotlightError {
  const details = { phase: 'answer', status, server: message.slice(0, MAX_MESSAGE) };
  const start = message.slice(0, MOST_SEARCHED);
  const has = (patterns: readonly RegExp[]) => patterns.some((pattern) => pattern.test(start));
  if (status === 503) return new PilotlightError('SERVER_BUSY', { details });
  if (status === 404 && MODEL_MISSING.test(start)) return new PilotlightError('MODEL_NOT_FOUND', { details });
  if (has(OUT_OF_MEMORY)) return new PilotlightError('OUT_OF_MEMORY', { details });
  if (status === 501 && CANNOT_EMBED.test(start))
    return new PilotlightError('MODEL_CANNOT_EMBED', { details });
  if (TOO_LONG.test(start)) return new PilotlightError('INPUT_TOO_LONG', { details });
  if (has(RUNNER_DIED)) return new PilotlightError('RUNNER_DIED', { details });
  return new PilotlightError('SERVER_ERROR', {
    message:
      message === ''
        ? `The server answered with an error (HTTP ${status}).`
        : `The server says: ${details.server}`,
    details,
  });
}
