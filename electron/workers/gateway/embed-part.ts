/** One part of a batch of texts at one node, and at another one if that fails. */
import type { FailureKind } from '../../core/acquire/failure.ts';
import type { RankedChoice } from '../../core/acquire/route-request.ts';
import { queuedAt } from '../../core/acquire/slot-learning.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import { type Collected, type Collecting, collect } from './collect.ts';
import type { Exchange } from './exchange.ts';
import { headersToServer } from './headers.ts';
import { judgeFailure } from './judge.ts';
import { cutOff, unreachable } from './node-refusals.ts';
import type { KeptBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import { takeStep } from './request-facts.ts';
import { readServerTimes } from './server-times.ts';
import type { GatewayState } from './state.ts';
import { endOf } from './tokens.ts';
import { isFull, waitForTurn } from './turns.ts';

export interface SplitOptions {
  exchange: Exchange;
  body: KeptBody;
  state: GatewayState;
  /** All that could serve it, for a part that fails. */
  choices: readonly RankedChoice[];
}

/** Sends a part to its node, and once more to another one if that fails. */
export async function sendPart(
  options: SplitOptions,
  choice: RankedChoice,
  body: Buffer,
  running: Set<Collecting>,
  failed: Set<string>,
): Promise<Collected> {
  const { exchange, choices } = options;
  const first = await tryPart(options, choice, body, running);
  if (!('failure' in first)) return first;
  failed.add(choice.nodeId);
  takeStep(exchange, 'tried', choice.nodeId, first.refusal.code);
  const others = choices.filter(({ nodeId, digest }) => !failed.has(nodeId) && digest === choice.digest);
  if (exchange.isGone || others.length === 0) throw first.refusal;
  exchange.retries += 1;
  const second = await tryOther(options, others, body, running);
  if ('failure' in second) throw second.refusal;
  return second;
}

/** At one of the others: one that has room, else the first that gets it. */
function tryOther(
  options: SplitOptions,
  others: readonly RankedChoice[],
  body: Buffer,
  running: Set<Collecting>,
): Promise<Collected | FailedPart> {
  const { exchange, state } = options;
  const table = state.table() ?? exchange.table;
  const nodes = others.flatMap(({ nodeId }) => table.nodes.find(({ id }) => id === nodeId) ?? []);
  const hasPlace = (choice: RankedChoice) =>
    nodes.some((node) => node.id === choice.nodeId && !isFull(state, node));
  const free = others.find(hasPlace) ?? (table.holding === undefined ? others[0] : undefined);
  if (free !== undefined) return tryPart(options, free, body, running);
  const { promise, resolve, reject } = Promise.withResolvers<Collected | FailedPart>();
  const waiting = waitForTurn(
    exchange,
    state,
    { model: exchange.model ?? '', nodes, priority: exchange.priority ?? 'batch' },
    {
      begin(nodeId) {
        running.delete(leaving);
        const choice = others.find((one) => one.nodeId === nodeId) as RankedChoice;
        tryPart(options, choice, body, running).then(resolve, reject);
      },
      refuse: reject,
    },
  );
  const leaving: Collecting = {
    result: new Promise(() => {}),
    abort() {
      waiting[Symbol.dispose]();
      reject(new Error('The request has ended.'));
    },
  };
  running.add(leaving);
  return promise.finally(() => running.delete(leaving));
}

interface FailedPart {
  failure: FailureKind;
  refusal: Refusal;
}

async function tryPart(
  { exchange, state }: SplitOptions,
  { nodeId, node }: RankedChoice,
  body: Buffer,
  running: Set<Collecting>,
): Promise<Collected | FailedPart> {
  const dispatcher = state.upstreams.pool(nodeId);
  if (dispatcher === null) return { failure: 'unavailable', refusal: unreachable(node) };
  const { target, request } = exchange;
  const { desk, clock } = state;
  const key = canonicalName(exchange.model ?? '');
  const atOnce = state.traffic.onNode(nodeId) + 1;
  const wasLoaded = desk.hasServed(nodeId, key);
  const sentAt = clock.monotonic();
  const slot = state.traffic.begin(nodeId, exchange.model);
  desk.began(nodeId, key);
  takeStep(exchange, 'split', nodeId);
  const headers = headersToServer(request.rawHeaders, body.length);
  const collecting = collect(dispatcher, { path: target.path + target.query, headers, body }, state.budget);
  running.add(collecting);
  try {
    const collected = await collecting.result;
    const durationMs = clock.monotonic() - sentAt;
    if (collected.status < 500) {
      state.health.succeeded(nodeId);
      const times = exchange.endpoint.dialect === 'ollama' ? readServerTimes(endOf(collected.body)) : null;
      const queuedMs = times === null ? null : queuedAt(times, wasLoaded);
      if (collected.status < 400) desk.answered(nodeId, key, { atOnce, queuedMs, durationMs, busy: false });
      return collected;
    }
    if (collected.status === 503)
      desk.answered(nodeId, key, { atOnce, queuedMs: null, durationMs, busy: true });
    collected.drop();
    return fail('server', cutOff(node));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return fail('connection', unreachable(node));
  } finally {
    running.delete(collecting);
    slot[Symbol.dispose]();
  }

  function fail(failure: FailureKind, refusal: Refusal): FailedPart {
    if (!exchange.isGone) judgeFailure(state, nodeId, failure);
    return { failure, refusal };
  }
}
