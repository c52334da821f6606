/** When a machine served, from its buckets: spans with honest edges. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/node-words.ts';
import type { NodeBucket } from '../../../shared/models/telemetry.ts';

export interface Span {
  from: number;
  to: number;
  /** `gpu`: it served, and a model sat in its VRAM. `awake`: it served. */
  kind: 'gpu' | 'awake' | 'waking' | 'trouble';
}

/** A bucket that served so much of its time counts as whole. */
const whole = 0.97;

/**
 * Spans, oldest first, cut to `[from, now]`. A bucket that served only in part leans on the neighbour that served
 * as well, so a span begins and ends within seconds of the truth.
 */
export function awakeSpans(buckets: readonly NodeBucket[], from: number, now: number): Span[] {
  const served = buckets.filter((bucket) => bucket.servingSeconds > 0 && bucket.at <= now);
  const starts = new Set(served.map((bucket) => bucket.at));
  const spans: Span[] = [];
  for (const bucket of served) {
    const width = bucket.seconds * 1000;
    const end = Math.min(now, bucket.at + width);
    const lasted = Math.min(end - bucket.at, bucket.servingSeconds * 1000);
    const before = starts.has(bucket.at - width);
    const after = starts.has(bucket.at + width) || bucket.at + width > now;
    const isWhole = lasted >= whole * (end - bucket.at) || (before && after);
    const span: Span = {
      from: isWhole || before ? bucket.at : end - lasted,
      to: isWhole || !before ? end : bucket.at + lasted,
      kind: Object.values(bucket.vramByModel).some((bytes) => bytes > 0) ? 'gpu' : 'awake',
    };
    span.from = Math.max(from, span.from);
    if (span.to <= span.from) continue;
    const last = spans.at(-1);
    if (last && last.kind === span.kind && last.to >= span.from) last.to = span.to;
    else spans.push(span);
  }
  return spans;
}

/** What is seen now, after the last bucket: it serves since a known moment. */
export function withPresent(
  spans: readonly Span[],
  node: Pick<NodeView, 'state' | 'since'>,
  from: number,
  now: number,
): Span[] {
  const known = spans.at(-1)?.to ?? from;
  const since = Math.max(from, known, node.since);
  if (!isServing(node.state) || since >= now) return [...spans];
  return [...spans, { from: since, to: now, kind: node.state === 'gpu-verified' ? 'gpu' : 'awake' }];
}

/** Neighbouring spans as one, whatever the GPU did: when it was on. */
export function onSpans(spans: readonly Span[]): { from: number; to: number }[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of spans) {
    const last = joined.at(-1);
    if (last && last.to >= from) last.to = to;
    else joined.push({ from, to });
  }
  return joined;
}
