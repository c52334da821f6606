/** Minutes of the day as the text of a time field. Pure. */

/** Minutes since midnight in the format of a time field: `07:05`. */
export function clockOf(minuteOfDay: number): string {
  const two = (value: number) => value.toString().padStart(2, '0');
  return `${two(Math.floor(minuteOfDay / 60))}:${two(minuteOfDay % 60)}`;
}

/** The reverse; null if the text is not a time of day. */
export function minuteOf(clock: string): number | null {
  const match = /^(\d{1,2}):(\d{2})/.exec(clock);
  if (!match) return null;
  const minute = Number(match[1]) * 60 + Number(match[2]);
  return minute < 1440 && Number(match[2]) < 60 ? minute : null;
}
