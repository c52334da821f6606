/** How long a node usually takes to come up. Pure. */

/** Boots that count; older ones were perhaps on another disk. */
export const BOOTS_REMEMBERED = 5;

/** The median: one boot with a file system check must not spoil the progress bar. null for none. */
export function usualBootMs(recent: readonly number[]): number | null {
  const sorted = recent.slice(0, BOOTS_REMEMBERED).sort((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : Math.round((upper + lower) / 2);
}
