/** What earlier moves say about the next one. Pure: records in, history out. */
import type { Message } from '../../../shared/models/message.ts';
import type { MoveRecord } from '../../../shared/models/placement.ts';

const MINUTE = 60_000;
export const COOL_DOWN_MS = 10 * MINUTE;
/** A move is not reversed within this time, except by a person. */
export const REVERSAL_WINDOW_MS = 60 * MINUTE;
/** A repeated move of a model within this time counts as a relapse, and doubles the cool-down. */
const RELAPSE_WINDOW_MS = 24 * 60 * MINUTE;
const FIRST_BACKOFF_MS = 5 * MINUTE;
const LONGEST_WAIT_MS = 6 * 60 * MINUTE;

/** What is known about one model on one node. Times in milliseconds since the epoch. */
export interface ModelHistory {
  /** Failures since the last success. */
  failures: number;
  /** Not before this time; 0 for no wait. */
  retryAt: number;
  /** Why the last one failed; null if none did. */
  lastReason: Message | null;
  movedAt: number | null;
  movedTo: 'gpu' | 'cpu' | null;
  movedBy: MoveRecord['by'] | null;
  /** Moves to the same side that had to be repeated. */
  relapses: number;
  /** When the server accepted a load for the GPU and put it on the CPU; null if it did not. */
  gpuNotUsedAt: number | null;
  /** An explicit number of layers ran out of memory: next time the server chooses. */
  explicitFailed: boolean;
}

export const NO_HISTORY: ModelHistory = {
  failures: 0,
  retryAt: 0,
  lastReason: null,
  movedAt: null,
  movedTo: null,
  movedBy: null,
  relapses: 0,
  gpuNotUsedAt: null,
  explicitFailed: false,
};

/** The history after a move. Any failure counts, but a refusal counts only if the optimizer requested the move. */
export function remember(history: ModelHistory, record: Omit<MoveRecord, 'id'>): ModelHistory {
  if (record.outcome === 'already-right') return history;
  if (record.outcome === 'moved') {
    const repeated =
      history.movedTo === record.wanted &&
      history.movedAt !== null &&
      record.at - history.movedAt < RELAPSE_WINDOW_MS;
    return {
      ...NO_HISTORY,
      movedAt: record.at,
      movedTo: record.wanted,
      movedBy: record.by,
      relapses: repeated ? history.relapses + 1 : 0,
      explicitFailed: history.explicitFailed,
    };
  }
  if (record.code === 'CANCELLED') return history;
  if (record.outcome === 'refused' && record.by !== 'optimizer') return history;
  const failures = history.failures + 1;
  return {
    ...history,
    failures,
    retryAt: record.at + Math.min(LONGEST_WAIT_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 16)),
    lastReason: record.reason,
    gpuNotUsedAt: record.code === 'GPU_NOT_USED' ? record.at : history.gpuNotUsedAt,
    explicitFailed: history.explicitFailed || record.code === 'OUT_OF_MEMORY',
  };
}

/** The server was restarted: what failed before may work now. Moves are still known. */
export function afterRestart(history: ModelHistory): ModelHistory {
  return { ...history, failures: 0, retryAt: 0, lastReason: null, gpuNotUsedAt: null, explicitFailed: false };
}

/** Until when the optimizer does not move a model again, and why; null if it was not moved. */
export function quietUntil(
  history: ModelHistory,
  wanted: 'gpu' | 'cpu',
): { at: number; why: 'reversal' | 'cool-down' } | null {
  if (history.movedAt === null || history.movedTo === null) return null;
  if (history.movedTo !== wanted) return { at: history.movedAt + REVERSAL_WINDOW_MS, why: 'reversal' };
  const wait = Math.min(LONGEST_WAIT_MS, COOL_DOWN_MS * 2 ** Math.min(history.relapses, 16));
  return { at: history.movedAt + wait, why: 'cool-down' };
}
