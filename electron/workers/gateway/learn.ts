/** What the answer to one request says about the limits of its node and the contexts that programs ask for. */
import { queuedAt } from '../../core/acquire/slot-learning.ts';
import type { Exchange } from './exchange.ts';
import type { RelayEnd } from './relay.ts';
import type { GatewayState } from './state.ts';

export interface Sent {
  nodeId: string;
  /** Canonical. */
  model: string;
  /** Requests in flight there when it was sent, with itself. */
  atOnce: number;
  /** The node had answered for this model before, and was sent no other since. */
  wasLoaded: boolean;
  /** Monotonic milliseconds. */
  sentAt: number;
  /** `num_ctx` as it was sent; null if unset. */
  contextLength: number | null;
}

/** Loading a model takes longer than this, milliseconds; finding it loaded does not. */
const LEAST_LOAD_MS = 100;

export function learn(state: GatewayState, exchange: Exchange, sent: Sent, end: RelayEnd): void {
  const { nodeId, model, atOnce, wasLoaded } = sent;
  const durationMs = state.clock.monotonic() - sent.sentAt;
  const busy = isBusy(end);
  if (busy) {
    state.desk.answered(nodeId, model, { atOnce, queuedMs: null, durationMs, busy });
    return;
  }
  // A server that ends breaks its connections.
  if (end.kind !== 'gone' && end.failure === 'connection') state.desk.restarted(nodeId);
  if (end.kind !== 'answered' || !end.ok) return;
  const { times } = exchange;
  const queuedMs = times === null ? null : queuedAt(times, wasLoaded);
  state.desk.answered(nodeId, model, { atOnce, queuedMs, durationMs, busy });
  if (exchange.endpoint.capability !== null) watchContext(state, exchange, sent);
}

export const isBusy = (end: RelayEnd): boolean =>
  end.kind === 'unanswered'
    ? end.refusal.code === 'SERVER_BUSY'
    : end.kind === 'answered' && end.failure === 'busy';

function watchContext(state: GatewayState, { caller, program, times }: Exchange, sent: Sent): void {
  const credentialId = caller.credential?.id ?? null;
  const { nodeId, model, contextLength } = sent;
  const loadMs = times?.loadMs ?? null;
  const thrash = state.thrash.answered(nodeId, model, {
    contextLength,
    who: JSON.stringify([credentialId, program]),
    at: state.clock.monotonic(),
    // A server whose answer doesn't say may have loaded it.
    loaded: loadMs === null || loadMs >= LEAST_LOAD_MS,
  });
  if (thrash === null) return;
  const [culpritKey, culprit] = JSON.parse(thrash.who) as [string | null, string | null];
  state.notify({
    kind: 'context-thrash',
    nodeId,
    model,
    program: culprit,
    credentialId: culpritKey,
    contextLength: thrash.contextLength,
    otherContextLength: thrash.otherContextLength,
    reloads: thrash.reloads,
  });
}
