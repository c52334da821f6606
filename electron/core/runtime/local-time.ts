/** Minutes of the local day, across changes to and from daylight saving time. Pure. */

const MINUTES_A_DAY = 1440;
const MINUTE_MS = 60_000;

const formats = new Map<string | undefined, Intl.DateTimeFormat>();

/** Minutes since local midnight. `zone` is an IANA name; default: this computer's. */
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

/**
 * The next time after `after` at which the local clock shows that minute, once a day. If that time is skipped in spring,
 * it is later by the shift; if it occurs twice in autumn, the first counts.
 */
export function nextMinuteOfDay(minute: number, after: number, zone?: string): number {
  const start = Math.floor(after / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const ahead = (minute - minuteOfDay(start, zone) + MINUTES_A_DAY) % MINUTES_A_DAY;
  const candidate = start + ahead * MINUTE_MS;
  const half = MINUTES_A_DAY / 2;
  const shown = minuteOfDay(candidate, zone);
  const off = ((shown - minute + half + MINUTES_A_DAY) % MINUTES_A_DAY) - half;
  if (off === 0) return candidate;
  const corrected = candidate - off * MINUTE_MS;
  return corrected > after && minuteOfDay(corrected, zone) === minute ? corrected : candidate;
}
