/** How long damaged files that were set aside are kept. Pure. */
import type { DamagedFile } from '../ports/storage.ts';

export const DAMAGED_DAYS = 180;
export const DAMAGED_BYTES = 1024 * 1_048_576;
const DAY_MS = 86_400_000;

/** Those that are too old, and the oldest ones of too much. The newest one stays, however large it is. */
export function damagedToRemove(files: readonly DamagedFile[], now: number): string[] {
  const newestFirst = [...files].sort((one, other) => other.since - one.since);
  let bytes = 0;
  return newestFirst.flatMap(({ path, sizeBytes, since }, index) => {
    bytes += sizeBytes;
    const isOver = index > 0 && bytes > DAMAGED_BYTES;
    return isOver || now - since > DAMAGED_DAYS * DAY_MS ? [path] : [];
  });
}
