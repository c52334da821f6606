/** When "tonight" ends, for "keep awake tonight". In local time. */

/** Midnight; from 10 PM to 3 AM it is four in the morning. Milliseconds since the epoch. */
export function endOfTonight(now: number): number {
  const end = new Date(now);
  const late = end.getHours() >= 22;
  const small = end.getHours() < 3;
  end.setDate(end.getDate() + (small ? 0 : 1));
  end.setHours(late || small ? 4 : 0, 0, 0, 0);
  return end.getTime();
}
