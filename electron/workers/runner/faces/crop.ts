/** The part of a picture around a face. Pure. */
import type { Region } from '../pictures/pictures.ts';
import type { Box } from './face.ts';

/**
 * Inside the picture, on whole pixels; null for a box that lies outside it.
 * @param margin share of the box's sides that is added on each side
 */
export function cropRegion(
  { x1, y1, x2, y2 }: Box,
  { width, height }: { width: number; height: number },
  margin: number,
): Region | null {
  const across = (x2 - x1) * margin;
  const down = (y2 - y1) * margin;
  const left = Math.max(0, Math.floor(x1 - across));
  const top = Math.max(0, Math.floor(y1 - down));
  const right = Math.min(width, Math.ceil(x2 + across));
  const bottom = Math.min(height, Math.ceil(y2 + down));
  return right > left && bottom > top ? { left, top, width: right - left, height: bottom - top } : null;
}
