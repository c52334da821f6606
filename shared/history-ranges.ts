import type { HistoryRange } from './models/telemetry.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** How long each range of history is, milliseconds; the shortest first. */
export const historyMs: Readonly<Record<HistoryRange, number>> = {
  'fifteen-minutes': 15 * minute,
  hour: 60 * minute,
  'six-hours': 6 * 60 * minute,
  day,
  week: 7 * day,
  month: 30 * day,
};
