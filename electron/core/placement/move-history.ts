/** What earlier moves teach about the next one. Pure: records in, memory out. */
import type { MoveRecord } from '../../../shared/models/placement.ts';

const MINUTE = 60_000;
export const COOL_DOWN_MS = 10 * MINUTE;
/** A move is not turned back within this time, unless a person says so. */
export const REVERSAL_WINDOW_MS = 60 * MINUTE;
/** Moves of one model within this time count as relapses, and each doubles the cool-down. */
const RELAPSE_WINDOW_MS = 24 * 60 * MINUTE;
const FIRST_BACKOFF_MS = 5 * MINUTE;
const LONGEST_WAIT_MS = 6 * 60 * MINUTE;

/** What is remembered of one model on one node. Times in milliseconds since the epoch. */
export interface ModelHistory {
  /** Failures since the last success. */
  failures: number;
  /** Not before this time; 0 for no wait. */
  retryAt: number;
  lastReason: string;
  movedAt: number | null;
  movedTo: 'gpu' | 'cpu' | null;
  movedBy: MoveRecord['by'] | null;
  /** Moves to the same side that did not last. */
  relapses: number;
  /** The server accepted a load for the GPU and put it on the CPU. */
  gpuNotUsedAt: number | null;
  /** An explicit number of layers ran out of memory: next time the server chooses. */
  explicitFailed: boolean;
}

export const NO_HISTORY: ModelHistory = {
  failures: 0,
  retryAt: 0,
  lastReason: '',
  movedAt: null,
  movedTo: null,
  movedBy: null,
  relapses: 0,
  gpuNotUsedAt: null,
  explicitFailed: false,
};

/** A refusal to a person teaches nothing; a failure of anybody's, and a refusal to the optimizer, does. */
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

/** The server was started again: what failed before may work now. What was moved stays known. */
export function afterRestart(history: ModelHistory): ModelHistory {
  return { ...history, failures: 0, retryAt: 0, lastReason: '', gpuNotUsedAt: null, explicitFailed: false };
}

/** Until when the optimizer leaves a model alone after a move, and why; null when it need not wait. */
export function quietUntil(
  history: ModelHistory,
  wanted: 'gpu' | 'cpu',
): { at: number; why: 'reversal' | 'cool-down' } | null {
  if (history.movedAt === null || history.movedTo === null) return null;
  if (history.movedTo !== wanted) return { at: history.movedAt + REVERSAL_WINDOW_MS, why: 'reversal' };
  const wait = Math.min(LONGEST_WAIT_MS, COOL_DOWN_MS * 2 ** Math.min(history.relapses, 16));
  return { at: history.movedAt + wait, why: 'cool-down' };
}
