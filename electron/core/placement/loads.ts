/** Watches how long loads take. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { Clock } from '../ports/time.ts';

/** Ollama aborts a load after this long without progress, so an older load is stuck. */
export const LOAD_STALL_MS = 5 * 60_000;
/** After a load was stuck, the server gets no other load for this long. */
const RETRY_AFTER_STALL_MS = 30 * 60_000;

/**
 * The loads of Pilotlight that are in progress. If Ollama's scheduler is stuck, everything but loads is still answered,
 * so only the age of the oldest load shows it.
 */
export interface LoadWatch {
  /** Runs one load, without a deadline. */
  run(nodeId: string, model: string, load: () => Promise<void>): Promise<void>;
  /** Why a node takes no more loads; null if it does. */
  blocked(nodeId: string): Message | null;
  /** The server was restarted, or a model was loaded there: its scheduler works. */
  clear(nodeId: string): void;
}

export function createLoadWatch(deps: {
  clock: Clock;
  /** Called once for each load that is stuck. */
  onStalled: (nodeId: string, model: string, stuck: Message) => void;
}): LoadWatch {
  const { clock, onStalled } = deps;
  const stalled = new Map<string, { model: string; startedAt: number; detectedAt: number }>();

  return {
    async run(nodeId, model, load) {
      const startedAt = clock.monotonic();
      const timer = clock.timer(LOAD_STALL_MS, () => {
        stalled.set(nodeId, { model, startedAt, detectedAt: clock.monotonic() });
        onStalled(nodeId, model, fact('LOAD_STUCK', { model, ms: LOAD_STALL_MS }));
      });
      try {
        await load();
        stalled.delete(nodeId);
      } finally {
        timer.cancel();
      }
    },
    blocked(nodeId) {
      const stall = stalled.get(nodeId);
      if (!stall) return null;
      const now = clock.monotonic();
      if (now - stall.detectedAt > RETRY_AFTER_STALL_MS) {
        stalled.delete(nodeId);
        return null;
      }
      return fact('LOAD_STUCK', { model: stall.model, ms: now - stall.startedAt });
    },
    clear(nodeId) {
      stalled.delete(nodeId);
    },
  };
}
