/** How long a node usually takes to come up. Pure. */

/** How many boots count; older ones may be from before a hardware change. */
export const BOOTS_REMEMBERED = 5;

/** The median, so that one slow boot (a file system check) does not distort the progress bar. null without boots. */
export function usualBootMs(recent: readonly number[]): number | null {
  const sorted = recent.slice(0, BOOTS_REMEMBERED).sort((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : Math.round((upper + lower) / 2);
}
