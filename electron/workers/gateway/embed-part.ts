/** One part of a batch of texts at one node, and at another one if that fails. */
import type { FailureKind } from '../../core/acquire/failure.ts';
import type { RankedChoice } from '../../core/acquire/route-request.ts';
import { type Collected, type Collecting, collect } from './collect.ts';
import type { Exchange } from './exchange.ts';
import { headersToServer } from './headers.ts';
import { judgeFailure } from './judge.ts';
import { cutOff, unreachable } from './node-refusals.ts';
import type { KeptBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import { takeStep } from './request-facts.ts';
import type { GatewayState } from './state.ts';

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
  const { exchange, choices, state } = options;
  const first = await tryPart(options, choice, body, running);
  if (!('failure' in first)) return first;
  failed.add(choice.nodeId);
  takeStep(exchange, 'tried', choice.nodeId, first.refusal.code);
  const other = choices.find(({ nodeId, digest }) => !failed.has(nodeId) && digest === choice.digest);
  if (exchange.isGone || other === undefined || state.upstreams.pool(other.nodeId) === null)
    throw first.refusal;
  exchange.retries += 1;
  const second = await tryPart(options, other, body, running);
  if ('failure' in second) throw second.refusal;
  return second;
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
  const slot = state.traffic.begin(nodeId, exchange.model);
  takeStep(exchange, 'split', nodeId);
  const headers = headersToServer(request.rawHeaders, body.length);
  const collecting = collect(dispatcher, { path: target.path + target.query, headers, body }, state.budget);
  running.add(collecting);
  try {
    const collected = await collecting.result;
    if (collected.status < 500) {
      state.health.succeeded(nodeId);
      return collected;
    }
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
