/** Programs that retry in a loop are kept back, by key and model, and named. */
import { fact } from '../../../shared/models/message.ts';
import { printable } from '../../../shared/printable.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';
import type { GatewayState } from './state.ts';

const whoOf = ({ caller, program, request }: Exchange, model: string) =>
  JSON.stringify([
    caller.credential?.id ?? request.socket.remoteAddress ?? '',
    program,
    canonicalName(model),
  ]);

/** Throws TOO_MANY_RETRIES. */
export function checkRetries(exchange: Exchange, model: string, { loops, notify }: GatewayState): void {
  if (loops.isEmpty) return;
  const { retryAfter, isNew, requests } = loops.arrived(whoOf(exchange, model));
  if (retryAfter === 0) return;
  const { program, caller } = exchange;
  const shown = printable(model).slice(0, 200);
  if (isNew) {
    const credentialId = caller.credential?.id ?? null;
    notify({ kind: 'retry-loop', model: shown, program, credentialId, requests });
  }
  const name = caller.credential?.name ?? program;
  throw new Refusal('TOO_MANY_RETRIES', {
    message: fact('GATEWAY_RETRY_LOOP_REFUSED', { program: name, model: shown, requests }),
    retryAfter,
  });
}

/** The request is over: refused for now, or served. */
export function noteEnd(
  exchange: Exchange,
  model: string,
  refusal: Refusal | null,
  state: GatewayState,
): void {
  const { loops } = state;
  if (refusal === null) {
    if (!loops.isEmpty) loops.served(whoOf(exchange, model));
  } else if (refusal.retryAfter !== null && refusal.code !== 'TOO_MANY_RETRIES') {
    loops.refused(whoOf(exchange, model), refusal.retryAfter);
  }
}
