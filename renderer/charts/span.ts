/** The time of one thing that has a beginning and an end, such as a run, and a shorter time in it. Pure. */
import { fieldsIn, hashWith, pagePart } from '../components/hash.ts';
import type { Axis } from './period.ts';

/** Less cannot be told apart. */
export const leastSpanMs = 2000;

/** The part of it that is shown; null for all of it. */
export interface SpanZoom {
  zoom: Axis | null;
}

export function readZoom(hash: string): SpanZoom {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(fieldsIn(hash).get('zoom') ?? '') ?? [];
  const [first, last] = [Number(from), Number(to)];
  return { zoom: last - first >= leastSpanMs ? { first, last } : null };
}

export const zoomHash = ({ zoom }: SpanZoom, page: string): string =>
  hashWith(pagePart(page), { zoom: zoom === null ? null : `${zoom.first}-${zoom.last}` });

/** A part of it that is long enough; null where that is all of it, or where it lies outside. */
export function zoomWithin(part: Axis, whole: Axis): Axis | null {
  const width = Math.max(leastSpanMs, part.last - part.first);
  if (width >= whole.last - whole.first || part.last < whole.first || part.first > whole.last) return null;
  const first = Math.round(Math.min(Math.max(part.first, whole.first), whole.last - width));
  return { first, last: Math.round(first + width) };
}
