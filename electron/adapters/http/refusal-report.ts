import type { Clock } from '../../core/ports/time.ts';

/** Connections refused, or closed to make room, since the last report. */
export interface RefusedConnections {
  count: number;
  /** Address of the last one. */
  address: string;
}

const REPORT_MS = 60_000;

/** Reports the first refusal, then at most once a minute. */
export function createRefusalReport(
  clock: Pick<Clock, 'monotonic'>,
  onRefused: (refused: RefusedConnections) => void,
): (address: string) => void {
  let count = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;
  return (address) => {
    count += 1;
    const now = clock.monotonic();
    if (now - reportedAt < REPORT_MS) return;
    reportedAt = now;
    const refused = { count, address };
    count = 0;
    onRefused(refused);
  };
}
