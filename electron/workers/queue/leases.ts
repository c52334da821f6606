/**
 * When leases end. Their ends are kept in memory on the clock that never jumps: a computer that slept, or a clock that
 * was set, ends no lease. A process that starts gives every active task its whole lease again, because no worker could
 * renew it meanwhile.
 */
import type { Clock, Timer } from '../../core/ports/time.ts';
import type { Lease } from './turn.ts';

export interface Leases {
  hold(lease: Lease): void;
  drop(id: string): void;
  get(id: string): Lease | undefined;
  /** Starts the whole lease again. */
  renew(lease: Lease, leaseMs: number): void;
  /** Whether it ended and has not been renewed since. */
  hasEnded(id: string): boolean;
  /** Those that were there when this process started: a claim that is repeated may be one of them. */
  inherited(token: string): boolean;
  clear(): void;
  stop(): void;
}

interface Held {
  lease: Lease;
  endsAt: number;
  hasEnded: boolean;
}

/** If an end could not be written, it is tried again after this time, milliseconds. */
const AGAIN_MS = 1000;

/** @param onEnded called with those that ended; they are held until they are dropped */
export function createLeases(
  clock: Pick<Clock, 'monotonic' | 'timer'>,
  present: readonly Lease[],
  onEnded: (ended: readonly Lease[]) => void,
): Leases {
  const held = new Map<string, Held>();
  const inherited = new Set(present.map(({ token }) => token));
  let timer: Timer | null = null;
  let wakesAt = Number.POSITIVE_INFINITY;

  function wakeAt(at: number): void {
    if (at >= wakesAt) return;
    timer?.cancel();
    wakesAt = at;
    timer = clock.timer(Math.max(1, at - clock.monotonic()), check);
  }

  function check(): void {
    const now = clock.monotonic();
    wakesAt = Number.POSITIVE_INFINITY;
    const ended: Lease[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const entry of held.values()) {
      if (entry.endsAt <= now) {
        ended.push(entry.lease);
        entry.hasEnded = true;
        entry.endsAt = now + AGAIN_MS;
      }
      next = Math.min(next, entry.endsAt);
    }
    if (next !== Number.POSITIVE_INFINITY) wakeAt(next);
    if (ended.length > 0) onEnded(ended);
  }

  function hold(lease: Lease): void {
    const endsAt = clock.monotonic() + lease.leaseMs;
    held.set(lease.id, { lease, endsAt, hasEnded: false });
    wakeAt(endsAt);
  }

  for (const lease of present) hold(lease);

  return {
    hold,
    drop: (id) => void held.delete(id),
    get: (id) => held.get(id)?.lease,
    renew: (lease, leaseMs) => hold({ ...lease, leaseMs }),
    hasEnded: (id) => held.get(id)?.hasEnded ?? false,
    inherited: (token) => inherited.has(token),
    clear: () => held.clear(),
    stop() {
      timer?.cancel();
      held.clear();
      wakesAt = Number.NEGATIVE_INFINITY;
    },
  };
}
