import { describe, expect, it } from 'vitest';
import { movesToday } from '../../../shared/moves-today.ts';

describe('moves today', () => {
  const midnight = new Date(2026, 2, 29).getTime();
  const hour = 3_600_000;
  const moved = (at: number) => ({ at, outcome: 'moved' as const });

  it('count from the reader’s midnight, and only those that moved', () => {
    const moves = [
      moved(midnight + 9 * hour),
      { at: midnight + 8 * hour, outcome: 'failed' as const },
      { at: midnight + 7 * hour, outcome: 'refused' as const },
      { at: midnight + 6 * hour, outcome: 'already-right' as const },
      moved(midnight),
      moved(midnight - 1),
    ];
    expect(movesToday(moves, midnight + 10 * hour)).toBe(2);
    // The next day begins without any.
    expect(movesToday(moves, new Date(2026, 2, 30).getTime())).toBe(0);
    expect(movesToday([], midnight)).toBe(0);
  });
});
