/** Hours of the local day, in minutes since midnight. Pure. */

/** Whether a minute lies in a span that may cross midnight. A span from a minute to itself is empty. */
export function isWithin(minute: number, { from, to }: { from: number; to: number }): boolean {
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** Whether a moment lies in these hours of this computer's day. */
export function isQuiet(hours: { from: number; to: number } | null, at: number): boolean {
  const local = new Date(at);
  return hours !== null && isWithin(local.getHours() * 60 + local.getMinutes(), hours);
}
