/** Texts of the Node page. */
import type { NodeBucket } from '../../../shared/models/telemetry.ts';
import { formatAgo, formatAwake, plural } from '../../../shared/units.ts';

/** `a few seconds`, `12 min`, `3 days`. */
export function lasting(ms: number): string {
  return ms < 5000 ? 'a few seconds' : formatAgo(ms).replace(/ ago$/, '');
}

/** The models that used VRAM in these buckets, largest first. */
export function modelsIn(buckets: readonly NodeBucket[]): string[] {
  const totals = new Map<string, number>();
  for (const { vramByModel, seconds } of buckets) {
    for (const [model, bytes] of Object.entries(vramByModel)) {
      if (bytes > 0) totals.set(model, (totals.get(model) ?? 0) + bytes * seconds);
    }
  }
  return [...totals].toSorted((a, b) => b[1] - a[1]).map(([model]) => model);
}

/** The timeline in a sentence. */
export function timelineText(on: readonly { from: number; to: number }[]): string {
  if (on.length === 0) return 'Not seen awake in the last 24 hours.';
  const seconds = on.reduce((sum, span) => sum + (span.to - span.from), 0) / 1000;
  return `Awake for ${formatAwake(seconds)} of the last 24 hours${on.length > 1 ? `, in ${plural(on.length, 'period')}` : ''}.`;
}
