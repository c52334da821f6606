import type { MoveRecord } from './models/placement.ts';

/** How many of the listed moves moved a model since the local midnight of whoever reads it. */
export function movesToday(moves: readonly Pick<MoveRecord, 'at' | 'outcome'>[], now: number): number {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  return moves.filter(({ at, outcome }) => outcome === 'moved' && at >= midnight).length;
}
