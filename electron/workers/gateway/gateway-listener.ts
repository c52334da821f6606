/** Where clients connect: the limits of the listener, and who a client is. */
import type { Attempts } from '../../adapters/http/attempts.ts';
import type { ListenerLimits } from '../../adapters/http/limits.ts';
import { createListener, type Listener } from '../../adapters/http/listener.ts';
import { wireRefusal } from '../../adapters/http/wire-refusals.ts';
import type { DoorReason, FinishedRequest, GatewayTable } from '../../core/gateway/model.ts';
import type { Log } from '../../core/ports/log.ts';
import { type Caller, identify, isLoopback, secretOf } from './callers.ts';
import { createDoor } from './door.ts';
import type { KeyLimits } from './key-limits.ts';
import type { GatewayState } from './state.ts';
import { readTarget } from './target.ts';

/** A stream may last for hours; what is idle for long gives its place to others. */
export const usualLimits: ListenerLimits = {
  connections: 4096,
  perAddress: 2048,
  firstMs: 15_000,
  idleMs: 75_000,
  // Longer than the pools of clients keep theirs.
  keepAliveMs: 75_000,
  requestMs: 0,
  headerBytes: 32 * 1024,
};

export interface GatewayListenerOptions {
  state: GatewayState;
  limits: ListenerLimits;
  keyLimits: KeyLimits;
  attempts: Attempts;
  /** null before the first one came. */
  table(): GatewayTable | null;
  onFinish(request: FinishedRequest): void;
  onUsed(credentialId: string): void;
  onTurnedAway(reason: DoorReason): void;
  log: Log;
}

export function createGatewayListener(options: GatewayListenerOptions): Listener<Caller> {
  const { state, limits, keyLimits, attempts, table, onFinish, onUsed, onTurnedAway, log } = options;
  const { clock } = state;
  const door = createDoor({
    state,
    limits: keyLimits,
    table,
    listener: () => listener,
    onFinish,
    onUsed,
    onTurnedAway,
    onDefect: (error) =>
      log.error('A request through the gateway failed.', {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  });
  const listener = createListener<Caller>({
    limits,
    handle: door,
    // The door decides about Host and Origin, because a key allows more.
    source: () => true,
    attempts,
    clock,
    answer: wireRefusal,
    authenticate(request) {
      const known = table();
      if (known === null) return { principal: { credential: null } };
      const secret = secretOf(request, readTarget(request.url ?? '')?.key ?? null);
      return identify(known, secret, {
        now: clock.now(),
        local: isLoopback(request.socket.remoteAddress),
        origin: request.headers.origin ?? null,
      });
    },
    onRefused: (refused) => log.warn('The gateway refused connections.', { ...refused }),
  });
  return listener;
}
