/** Requests that a person ends. */
import { linger } from '../../adapters/http/linger.ts';
import type { Clock } from '../../core/ports/time.ts';
import { lateRefusal } from './early-answer.ts';
import type { Exchange, WritableExchange } from './exchange.ts';
import { Refusal } from './refusal.ts';
import { sendRefusal } from './send-refusal.ts';

/** Ends it for a person. Does nothing if it has ended. */
export function cancelExchange(exchange: Exchange): void {
  if (exchange.finished || exchange.isGone) return;
  const cancelled = exchange as WritableExchange;
  cancelled.cancelled = true;
  cancelled.isGone = true;
  const act = exchange.onGone;
  exchange.onGone = null;
  act?.();
  exchange.finish('cancelled');
}

/** With an error as long as that is possible, else by closing the connection. */
export function answerCancelled(exchange: Exchange, clock: Pick<Clock, 'timer'>): void {
  const { response, request, endpoint, early, cors } = exchange;
  if (response.writableEnded || response.destroyed) return;
  const refusal = new Refusal('REQUEST_CANCELLED');
  if (early !== null && exchange.bytesOut === 0) response.end(lateRefusal(early, endpoint.dialect, refusal));
  else sendRefusal(response, endpoint.dialect, refusal, cors);
  linger(request, clock);
}
