/** Counts this core's requests in flight by node and model, because inference servers do not report them. */
import { canonicalName } from '../fleet/model-placement.ts';
import type { Clock } from '../ports/time.ts';

export interface InFlight {
  count(nodeId: string, model: string): number;
  /** Those among them that came through the gateway, which can hold its requests back. */
  fromGateway(nodeId: string, model: string): number;
  /** Since when there has been one without a pause, monotonic; null if there is none. */
  busySince(nodeId: string, model: string): number | null;
  /** All requests to a node, including those without a model. */
  onNode(nodeId: string): number;
  /** A request has begun; dispose when it has ended, which is idempotent. */
  begin(nodeId: string, model: string | null, by?: 'gateway'): Disposable;
  /**
   * Resolves with true once none of the models has a request left, or false after `deadlineMs`; rejects with the
   * signal's reason.
   */
  drain(nodeId: string, models: readonly string[], deadlineMs: number, signal: AbortSignal): Promise<boolean>;
  /** The same for all requests to a node. */
  drainNode(nodeId: string, deadlineMs: number, signal: AbortSignal): Promise<boolean>;
}

export function createInFlight({
  clock,
  onUse,
}: {
  clock: Pick<Clock, 'timer' | 'monotonic'>;
  /** A request for the model has begun or ended. */
  onUse?(nodeId: string, model: string): void;
}): InFlight {
  /** Node → model, or '' for none → requests. */
  const counts = new Map<string, Map<string, number>>();
  const ofGateway = new Map<string, Map<string, number>>();
  const since = new Map<string, Map<string, number>>();
  const waiting = new Set<() => void>();
  const keyOf = (model: string | null) => (model === null ? '' : canonicalName(model));
  const count = (nodeId: string, model: string) => counts.get(nodeId)?.get(keyOf(model)) ?? 0;

  function add(nodeId: string, key: string, change: 1 | -1): void {
    const left = addTo(counts, nodeId, key, change);
    const begins = since.get(nodeId) ?? new Map<string, number>();
    if (left === 0) begins.delete(key);
    else if (!begins.has(key)) begins.set(key, clock.monotonic());
    if (begins.size > 0) since.set(nodeId, begins);
    else since.delete(nodeId);
    if (key !== '') onUse?.(nodeId, key);
  }

  const onNode = (nodeId: string) =>
    [...(counts.get(nodeId)?.values() ?? [])].reduce((sum, one) => sum + one, 0);

  function drained(idle: () => boolean, deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    if (idle()) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        timer.cancel();
        waiting.delete(check);
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const onAbort = () => end(() => reject(signal.reason));
      const check = () => {
        if (idle()) end(() => resolve(true));
      };
      const timer = clock.timer(deadlineMs, () => end(() => resolve(false)));
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(check);
    });
  }

  return {
    count,
    busySince: (nodeId, model) => since.get(nodeId)?.get(keyOf(model)) ?? null,
    fromGateway: (nodeId, model) => ofGateway.get(nodeId)?.get(keyOf(model)) ?? 0,
    onNode,
    begin(nodeId, model, by) {
      const key = keyOf(model);
      if (by === 'gateway') addTo(ofGateway, nodeId, key, 1);
      add(nodeId, key, 1);
      let ended = false;
      return {
        [Symbol.dispose]() {
          if (ended) return;
          ended = true;
          if (by === 'gateway') addTo(ofGateway, nodeId, key, -1);
          add(nodeId, key, -1);
          for (const check of [...waiting]) check();
        },
      };
    },
    drain: (nodeId, models, deadlineMs, signal) =>
      drained(() => models.every((model) => count(nodeId, model) === 0), deadlineMs, signal),
    drainNode: (nodeId, deadlineMs, signal) => drained(() => onNode(nodeId) === 0, deadlineMs, signal),
  };
}

/** Returns the new count. */
function addTo(
  counts: Map<string, Map<string, number>>,
  nodeId: string,
  key: string,
  change: 1 | -1,
): number {
  const models = counts.get(nodeId) ?? new Map<string, number>();
  const left = (models.get(key) ?? 0) + change;
  if (left > 0) models.set(key, left);
  else models.delete(key);
  if (models.size > 0) counts.set(nodeId, models);
  else counts.delete(nodeId);
  return left;
}
