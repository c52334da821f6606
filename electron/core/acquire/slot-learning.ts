/**
 * How many requests a server works on at once, learned from its own answers. Pure; the gateway's process imports it.
 *
 * A server that queues shows it: it needs longer than its parts add up to, waits to load a model that is loaded, or
 * answers that it is busy. Until then it has no limit.
 */

export interface Answered {
  /** Requests in flight there when it was sent, with itself. */
  atOnce: number;
  /** How long it waited at the server, milliseconds; null if its answer doesn't say. */
  queuedMs: number | null;
  durationMs: number;
  /** The server refused it because it is busy. */
  busy: boolean;
}

export interface LearnedSlots {
  slots: number;
  /** `queued`: it let requests wait; `busy`: it refused them. */
  why: 'queued' | 'busy';
}

export interface SlotLearner {
  observe(nodeId: string, answered: Answered): void;
  /** null while it has not been seen to queue. */
  of(nodeId: string): LearnedSlots | null;
  /** Its server was restarted: it may have other settings. */
  forget(nodeId: string): void;
}

/** A shorter wait is no queue: a busy computer needs that to switch between programs. Milliseconds. */
const LEAST_WAIT_MS = 200;
const LEAST_WAIT_SHARE = 0.2;

export function createSlotLearner(): SlotLearner {
  const nodes = new Map<string, { good: number; limit: LearnedSlots | null }>();

  return {
    observe(nodeId, { atOnce, queuedMs, durationMs, busy }) {
      const known = nodes.get(nodeId) ?? { good: 1, limit: null };
      nodes.set(nodeId, known);
      const queued = queuedMs !== null && queuedMs >= Math.max(LEAST_WAIT_MS, durationMs * LEAST_WAIT_SHARE);
      if (!busy && !queued) {
        if (queuedMs === null) return;
        known.good = Math.max(known.good, atOnce);
        // What it has just done at once, it can do.
        if (known.limit !== null && known.limit.slots < known.good) {
          known.limit = { ...known.limit, slots: known.good };
        }
        return;
      }
      // Alone it does not queue for others of ours: another program uses the server, and that says nothing here.
      if (atOnce < 2 && !busy) return;
      // It works on fewer than were there, so what was seen to be good earlier is not any more.
      known.good = Math.max(1, Math.min(known.good, atOnce - 1));
      const slots = Math.min(known.limit?.slots ?? Number.POSITIVE_INFINITY, Math.max(1, atOnce - 1));
      known.limit = { slots, why: busy ? 'busy' : 'queued' };
    },
    of: (nodeId) => nodes.get(nodeId)?.limit ?? null,
    forget: (nodeId) => void nodes.delete(nodeId),
  };
}

/** Of an answer, milliseconds; each null if it doesn't say. */
export interface ServerTimes {
  totalMs: number | null;
  loadMs: number | null;
  promptMs: number | null;
  outputMs: number | null;
}

/** How long it waited at the server; null if that is unknown. @param wasLoaded its load time then counts as waiting */
export function queuedAt(
  { totalMs, loadMs, promptMs, outputMs }: ServerTimes,
  wasLoaded: boolean,
): number | null {
  // A load that its answer doesn't mention looks like a wait.
  if (totalMs === null || (loadMs === null && !wasLoaded)) return null;
  const waitedToLoad = wasLoaded ? (loadMs ?? 0) : 0;
  // Without the time for its output an answer doesn't say what its work took.
  if (outputMs === null) return wasLoaded ? waitedToLoad : null;
  const rest = totalMs - (loadMs ?? 0) - (promptMs ?? 0) - outputMs;
  return Math.max(0, rest) + waitedToLoad;
}
