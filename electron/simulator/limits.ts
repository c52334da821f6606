import type { Server } from 'node:http';
import {
  type GuardOptions,
  guardListener,
  type ListenerLimits,
  type RefusalReason,
  refusalStatus,
  usualLimits,
} from '../adapters/http/listener.ts';

/** Ollama has no tokens: a client keeps an idle connection until another one needs the room. */
export const ollamaLimits: ListenerLimits = {
  ...usualLimits,
  perAddress: 256,
  idleMs: 65_000,
  requestMs: 300_000,
  headerBytes: 16 * 1024,
};
const words: Readonly<Record<RefusalReason, string>> = {
  busy: 'server busy, please try again. maximum connections exceeded',
  'too-slow': 'request timeout',
  'headers-too-large': 'request header fields too large',
  malformed: 'bad request',
};

export function guardOllama(server: Server, clock: GuardOptions['clock']): void {
  const guard = guardListener(server, {
    limits: ollamaLimits,
    clock,
    refusal: (reason) => ({ status: refusalStatus[reason], body: { error: words[reason] } }),
    onRefused: () => {},
  });
  server.on('clientError', guard.clientError);
}
