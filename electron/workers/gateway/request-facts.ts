/** What is reported of a request, and the steps that it takes. */
import { printable } from '../../../shared/printable.ts';
import type { LiveRequest, RequestFacts, StepTaken } from '../../core/gateway/model.ts';
import type { Exchange } from './exchange.ts';

/** Of a path or a name in a report, characters. */
const MOST_SHOWN = 200;

/** What is known of it now. */
export function factsOf(exchange: Exchange): RequestFacts {
  const { model, request, target, endpoint, caller } = exchange;
  return {
    id: exchange.id,
    at: exchange.at,
    dialect: endpoint.dialect,
    method: request.method ?? '',
    path: target.path.slice(0, MOST_SHOWN),
    model: model === null ? null : printable(model).slice(0, MOST_SHOWN),
    nodeId: exchange.nodeId,
    credentialId: caller.credential?.id ?? null,
    why: exchange.why,
    fallback: exchange.fallback,
    retries: exchange.retries,
    program: exchange.program,
    priority: exchange.priority,
    heldMs: exchange.heldMs,
    contextLength: exchange.contextLength,
    firstByteMs: exchange.firstByteMs,
    steps: exchange.steps,
    hasPrompt: exchange.hasPrompt,
  };
}

/** A machine that never answers and always fails must not fill the memory. */
const MOST_STEPS = 50;

const stateAfter: Readonly<Record<StepTaken['kind'], LiveRequest['state'] | null>> = {
  waking: 'waking',
  queued: 'queued',
  sent: 'sent',
  split: 'sent',
  tried: null,
};

/** Something happened to it. */
export function takeStep(
  exchange: Exchange,
  kind: StepTaken['kind'],
  nodeId: string | null = null,
  code: string | null = null,
): void {
  if (exchange.isGone || exchange.finished) return;
  if (exchange.steps.length < MOST_STEPS) {
    const step: StepTaken = { afterMs: Math.round(exchange.elapsed() * 10) / 10, kind, nodeId, code };
    // Most requests take one step: a list that grows would keep room for many.
    exchange.steps = exchange.steps.length === 0 ? [step] : [...exchange.steps, step];
  }
  exchange.state = stateAfter[kind] ?? exchange.state;
  exchange.changed = true;
}
