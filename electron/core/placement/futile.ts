/** Whether a load for the GPU would end on the CPU again. Pure. */
import type { GpuLost } from '../../../shared/models/fleet.ts';

/** How long no move to the GPU is tried after one that ended on the CPU, unless the server is restarted. */
export const GPU_NOT_USED_WINDOW_MS = 6 * 60 * 60_000;

/** A restart may have brought a lost GPU back, and after a long time it is tried again. */
export function isFutile({ restarted, shownBy, since }: GpuLost, now: number): boolean {
  if (restarted) return false;
  return shownBy !== 'load' || now - since < GPU_NOT_USED_WINDOW_MS;
}
