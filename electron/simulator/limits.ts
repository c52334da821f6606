import type { RequestListener } from 'node:http';
import type { ConnectionClock } from '../adapters/http/connections.ts';
import { type ListenerLimits, usualLimits } from '../adapters/http/limits.ts';
import { createListener, type Listener } from '../adapters/http/listener.ts';
import { type ConnectionRefusal, refusalStatus } from '../adapters/http/refusals.ts';
import { anySource } from '../adapters/http/source.ts';

/** Ollama has no tokens: a client keeps an idle connection until another one needs the room. */
const limits: ListenerLimits = {
  ...usualLimits,
  perAddress: 256,
  idleMs: 65_000,
  requestMs: 300_000,
  headerBytes: 16 * 1024,
};
const messages: Readonly<Record<ConnectionRefusal, string>> = {
  busy: 'server busy, please try again. maximum connections exceeded',
  'too-slow': 'request timeout',
  'headers-too-large': 'request header fields too large',
  malformed: 'bad request',
};

/** `handle` checks Host, by Ollama's own rules. */
export function createOllamaListener(
  handle: RequestListener,
  clock: ConnectionClock | undefined,
): Listener<never> {
  return createListener({
    limits,
    clock,
    handle,
    source: anySource,
    answer: (refusal) => ({ status: refusalStatus[refusal], body: { error: messages[refusal] } }),
  });
}
