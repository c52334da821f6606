/** The recorded states of a day, and its leases in rows. Pure. */
import type { PowerTimeline } from '../../../shared/models/power.ts';
import type { Span } from './timeline.ts';

const kinds: Partial<Record<PowerTimeline['states'][number]['state'], Span['kind']>> = {
  waking: 'waking',
  booting: 'waking',
  serving: 'awake',
  'gpu-verified': 'gpu',
  trouble: 'trouble',
  off: 'off',
};

/** The states within `[from, now]`, as spans. What is not known is left empty. */
export function stateSpans(states: PowerTimeline['states'], from: number, now: number): Span[] {
  const spans: Span[] = [];
  for (const one of states) {
    const kind = kinds[one.state];
    const span = { from: Math.max(from, one.from), to: Math.min(now, one.to) };
    if (kind === undefined || span.to <= span.from) continue;
    const last = spans.at(-1);
    if (last && last.kind === kind && last.to >= span.from) last.to = Math.max(last.to, span.to);
    else spans.push({ ...span, kind });
  }
  return spans;
}

export interface LeaseBar {
  from: number;
  to: number;
  /** Still held. */
  open: boolean;
  purpose: string;
  holder: string;
  kind: PowerTimeline['leases'][number]['kind'];
}

/** Leases in as few rows as possible without overlap, oldest first; those without a row are counted. */
export function leaseRows(
  leases: PowerTimeline['leases'],
  from: number,
  now: number,
  most = 4,
): { rows: LeaseBar[][]; more: number } {
  const rows: LeaseBar[][] = [];
  let more = 0;
  // A small gap separates bars that touch.
  const gap = (now - from) / 400;
  const shown = leases
    .map((lease) => ({
      ...lease,
      open: lease.to === null,
      from: Math.max(from, lease.from),
      to: Math.min(now, lease.to ?? now),
    }))
    .filter((bar) => bar.to >= bar.from && bar.to >= from)
    .toSorted((a, b) => a.from - b.from);
  for (const bar of shown) {
    const row = rows.find((one) => (one.at(-1)?.to ?? 0) + gap <= bar.from);
    if (row) row.push(bar);
    else if (rows.length < most) rows.push([bar]);
    else more += 1;
  }
  return { rows, more };
}
