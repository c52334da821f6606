import type { MoveRecord } from '../../shared/models/placement.ts';
import { createStreamStore, type KeyedState } from './keyed.ts';

export const movesStore = createStreamStore('moves');
export const useMoves = movesStore.use;

/** Newest first. */
export function selectMoves(state: KeyedState<MoveRecord>): MoveRecord[] {
  return Object.values(state.entries).toSorted((a, b) => b.id - a.id);
}
