/** How far a load is, from what is known about it. Pure. */

/** It is never shown as finished: only the server says that. */
const MOST = 0.97;

/** 0 to 1 by its bytes if its GPU reports them, else by the time of earlier loads; null if neither is known. */
export function loadShare({
  tookMs,
  usualMs,
  takenBytes,
  neededBytes,
}: {
  tookMs: number;
  usualMs: number | null;
  takenBytes: number | null;
  neededBytes: number | null;
}): number | null {
  if (takenBytes !== null && neededBytes !== null && neededBytes > 0 && takenBytes > 0)
    return Math.min(MOST, takenBytes / neededBytes);
  return usualMs === null || usualMs <= 0 ? null : Math.min(MOST, tookMs / usualMs);
}
