/** When a machine was serving, from its buckets. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { NodeBucket } from '../../../shared/models/telemetry.ts';

export interface Span {
  from: number;
  to: number;
  /** `gpu`: serving, with a model in VRAM. `awake`: serving. `off` only where it was recorded. */
  kind: 'gpu' | 'awake' | 'waking' | 'trouble' | 'off';
}

/** A bucket that served this share of its time counts as whole. */
const whole = 0.97;

/**
 * Spans, oldest first, clipped to `[from, now]`. The served part of a partial bucket is placed next to a neighbour that
 * served too, so that a span starts and ends within seconds of the actual time.
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

/** Adds the present, after the last bucket: it has been serving since a known moment. */
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

/** Merges neighbouring spans, whatever the GPU did: when the machine was on. */
export function onSpans(spans: readonly Span[]): { from: number; to: number }[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of spans) {
    const last = joined.at(-1);
    if (last && last.to >= from) last.to = to;
    else joined.push({ from, to });
  }
  return joined;
}
