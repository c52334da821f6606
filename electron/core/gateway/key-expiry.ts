/** Notices that a key has expired, which changes nothing by itself. */
import type { KnownKey } from '../access/credential-view.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { keyEnds } from './table.ts';

/** The longest time that a timer is set for: those of the system end at 24 days. */
const DAY_MS = 86_400_000;

export interface KeyExpiry {
  /** The keys have changed. */
  update(): void;
  stop(): void;
}

export function createKeyExpiry({
  clock,
  known,
  onExpired,
}: {
  clock: Pick<Clock, 'now' | 'timer'>;
  known(): readonly KnownKey[];
  onExpired(): void;
}): KeyExpiry {
  let timer: Timer | null = null;

  function update(): void {
    timer?.cancel();
    const now = clock.now();
    const ends = keyEnds(known(), now);
    timer = ends === null ? null : clock.timer(Math.min(ends - now, DAY_MS), expire);
  }

  function expire(): void {
    onExpired();
    update();
  }

  return { update, stop: () => timer?.cancel() };
}
