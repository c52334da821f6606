/** How long models take to load on each node, as earlier loads showed, and when a load counts as stuck. */
import type { MoveRecord } from '../../../shared/models/placement.ts';
import { canonicalName } from '../fleet/model-placement.ts';

export interface LoadTimes {
  /** A load has succeeded. */
  learn(nodeId: string, model: string, durationMs: number): void;
  /** null if it was never loaded there. */
  of(nodeId: string, model: string): LoadTime | null;
  forget(nodeId: string): void;
}

export interface LoadTime {
  /** Median of the last loads, milliseconds. */
  usualMs: number;
  longestMs: number;
  /** How many loads these are. */
  loads: number;
}

const REMEMBERED = 5;

export function createLoadTimes(): LoadTimes {
  const times = new Map<string, Map<string, number[]>>();
  return {
    learn(nodeId, model, durationMs) {
      const models = times.get(nodeId) ?? new Map<string, number[]>();
      times.set(nodeId, models);
      const key = canonicalName(model);
      models.set(key, [...(models.get(key) ?? []), durationMs].slice(-REMEMBERED));
    },
    of: (nodeId, model) => timeOf(times.get(nodeId)?.get(canonicalName(model)) ?? []),
    forget: (nodeId) => void times.delete(nodeId),
  };
}

/** What the moves before this start show. @param moves newest first */
export function learnFromMoves(times: LoadTimes, moves: readonly MoveRecord[]): void {
  for (const { nodeId, model, outcome, durationMs } of moves.toReversed()) {
    if (outcome === 'moved') times.learn(nodeId, model, durationMs);
  }
}

function timeOf(durations: readonly number[]): LoadTime | null {
  const sorted = durations.toSorted((one, other) => one - other);
  const usualMs = sorted[Math.floor(sorted.length / 2)];
  const longestMs = sorted.at(-1);
  if (usualMs === undefined || longestMs === undefined) return null;
  return { usualMs, longestMs, loads: sorted.length };
}

/** Ollama aborts a load after this long without progress, so an older load of which nothing is known is stuck. */
export const LOAD_STALL_MS = 5 * 60_000;
/** No load counts as stuck before this. */
export const LEAST_LIMIT_MS = 60_000;
/** A load that takes this many times as long as the longest so far is stuck. */
const LONGER_THAN_EVER = 4;
/** A slow disk still reads this much, bytes a second. */
const SLOWEST_BYTES_PER_SECOND = 50e6;
/** An answer that another load waits for may take this long, since it is never interrupted. */
const BUSY_LIMIT_MS = 15 * 60_000;

/**
 * Age from which a load counts as stuck, milliseconds. `isBusy`: another loaded model there has answered without a pause
 * since the load began; the load may wait for the end of that.
 */
export function loadLimitMs({
  time,
  sizeBytes,
  isBusy,
}: {
  time: LoadTime | null;
  /** On disk; null if unknown. */
  sizeBytes: number | null;
  isBusy: boolean;
}): number {
  const bySize = sizeBytes === null ? LOAD_STALL_MS : (sizeBytes / SLOWEST_BYTES_PER_SECOND) * 1000;
  const learned = time === null ? LOAD_STALL_MS : time.longestMs * LONGER_THAN_EVER;
  return Math.max(LEAST_LIMIT_MS, isBusy ? BUSY_LIMIT_MS : 0, Math.min(learned, LOAD_STALL_MS), bySize);
}
