import { canonicalName } from '../fleet/model-placement.ts';
import type { Clock } from '../ports/time.ts';

/** Pilotlight's own requests in flight, by node and model: Ollama's API does not count them. */
export interface InFlightLedger {
  count(nodeId: string, model: string): number;
  /** One request has begun; dispose when it has ended. Disposing twice counts once. */
  begin(nodeId: string, model: string): Disposable;
  /** Resolves true when none of the models has a request left, false when `deadlineMs` passed first. */
  drain(nodeId: string, models: readonly string[], deadlineMs: number, signal: AbortSignal): Promise<boolean>;
}

export function createInFlightLedger({ clock }: { clock: Clock }): InFlightLedger {
  const counts = new Map<string, number>();
  const waiting = new Set<() => void>();
  const keyOf = (nodeId: string, model: string) => `${nodeId}\n${canonicalName(model)}`;
  const count = (nodeId: string, model: string) => counts.get(keyOf(nodeId, model)) ?? 0;

  return {
    count,
    begin(nodeId, model) {
      const key = keyOf(nodeId, model);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      let ended = false;
      return {
        [Symbol.dispose]() {
          if (ended) return;
          ended = true;
          const left = (counts.get(key) ?? 1) - 1;
          if (left > 0) counts.set(key, left);
          else counts.delete(key);
          for (const wake of [...waiting]) wake();
        },
      };
    },
    drain(nodeId, models, deadlineMs, signal) {
      const idle = () => models.every((model) => count(nodeId, model) === 0);
      if (idle()) return Promise.resolve(true);
      return new Promise((resolve, reject) => {
        const end = (act: () => void) => {
          timer.cancel();
          waiting.delete(look);
          signal.removeEventListener('abort', onAbort);
          act();
        };
        const onAbort = () => end(() => reject(signal.reason));
        const look = () => {
          if (idle()) end(() => resolve(true));
        };
        const timer = clock.timer(deadlineMs, () => end(() => resolve(false)));
        if (signal.aborted) return onAbort();
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.add(look);
      });
    },
  };
}
