/** Minutes of the day as a clock on the wall shows them, where its hands may jump. Pure. */

const MINUTES_A_DAY = 1440;
const MINUTE_MS = 60_000;

const formats = new Map<string | undefined, Intl.DateTimeFormat>();

/** Minutes since local midnight at a moment. `zone` is an IANA name; left out, it is this computer's. */
export function minuteOfDay(at: number, zone?: string): number {
  const known = formats.get(zone);
  const format =
    known ??
    new Intl.DateTimeFormat('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      ...(zone === undefined ? {} : { timeZone: zone }),
    });
  if (!known) formats.set(zone, format);
  const [hour = '0', minute = '0'] = format.format(at).split(':');
  return Number(hour) * 60 + Number(minute);
}

/** Whether a minute lies in a span that may run over midnight. A span from a minute to itself is empty. */
export function isWithin(minute: number, { from, to }: { from: number; to: number }): boolean {
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/**
 * The first moment after `after` at which the clock shows that minute, once for each day. Where the hour is left
 * out in spring, it is as much later as the clock was put forward; in autumn the first of the two counts.
 */
export function nextMinuteOfDay(minute: number, after: number, zone?: string): number {
  const start = Math.floor(after / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const ahead = (minute - minuteOfDay(start, zone) + MINUTES_A_DAY) % MINUTES_A_DAY;
  const candidate = start + ahead * MINUTE_MS;
  const half = MINUTES_A_DAY / 2;
  const shown = minuteOfDay(candidate, zone);
  const off = ((shown - minute + half + MINUTES_A_DAY) % MINUTES_A_DAY) - half;
  if (off === 0) return candidate;
  const mended = candidate - off * MINUTE_MS;
  return mended > after && minuteOfDay(mended, zone) === minute ? mended : candidate;
}
