/** Replaces a value in a body that is kept in chunks. Pure; the chunks are not copied. */
import type { Span } from './json-bytes.ts';

/** @param spans in order and without overlap */
export function splice(chunks: readonly Buffer[], spans: readonly Span[], value: Buffer): Buffer[] {
  const result: Buffer[] = [];
  let base = 0;
  let next = 0;
  for (const chunk of chunks) {
    const end = base + chunk.length;
    let at = base;
    for (let span = spans[next]; span !== undefined && span.start < end; span = spans[next]) {
      if (span.start >= base) {
        if (span.start > at) result.push(chunk.subarray(at - base, span.start - base));
        result.push(value);
      }
      at = Math.min(span.end, end);
      if (span.end > end) break;
      next += 1;
    }
    if (at < end) result.push(chunk.subarray(at - base));
    base = end;
  }
  return result;
}

export function lengthOf(chunks: readonly Buffer[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}
