import { formatDuration } from '../../../shared/units.ts';
import type { Clock } from '../ports/time.ts';

/** Ollama gives a load up after this long without progress; one that is older than that is stuck. */
export const LOAD_STALL_MS = 5 * 60_000;
/** After a stuck load was given up, the server is tried again by itself only after this long. */
const RETRY_AFTER_STALL_MS = 30 * 60_000;

/**
 * The loads that Pilotlight has under way. A wedged scheduler keeps answering everything but loads, so the
 * age of the oldest load is what gives it away.
 */
export interface LoadWatch {
  /** Runs one load without a deadline of its own. */
  run(nodeId: string, model: string, load: () => Promise<void>): Promise<void>;
  /** Why no further load may be sent to a node, as a sentence; null when it may. */
  blocked(nodeId: string): string | null;
  /** The node was started again, or a model appeared on it: its scheduler works. */
  clear(nodeId: string): void;
}

export function createLoadWatch(deps: {
  clock: Clock;
  /** Called once for each load that is stuck. */
  onStalled: (nodeId: string, model: string, message: string) => void;
}): LoadWatch {
  const { clock, onStalled } = deps;
  const stalled = new Map<string, { model: string; startedAt: number; detectedAt: number }>();

  const sentence = (model: string, ageMs: number) =>
    `A load of ${model} has been waiting for ${formatDuration(ageMs)}: Ollama's scheduler seems to be stuck, though it still answers everything else. No further load is sent there.`;

  return {
    async run(nodeId, model, load) {
      const startedAt = clock.monotonic();
      const timer = clock.timer(LOAD_STALL_MS, () => {
        stalled.set(nodeId, { model, startedAt, detectedAt: clock.monotonic() });
        onStalled(nodeId, model, sentence(model, LOAD_STALL_MS));
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
      return sentence(stall.model, now - stall.startedAt);
    },
    clear(nodeId) {
      stalled.delete(nodeId);
    },
  };
}
