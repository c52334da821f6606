/** What a node drew, what its jobs drew of that, and what its sleep saved. Pure. */
import type { LeaseRecord, NodeEnergy } from '../../../shared/models/power.ts';
import type { NodeBucket } from '../../../shared/models/telemetry.ts';
import { formatDuration } from '../../../shared/units.ts';
import { isOn, overlapMs, type Span, type StateSpan } from './timeline.ts';

export type EnergyBucket = Pick<NodeBucket, 'at' | 'seconds' | 'servingSeconds' | 'powerWatts'>;

export interface EnergyFacts {
  nodeId: string;
  /** The whole range. */
  range: Span;
  /** What it was, without gaps. */
  states: readonly StateSpan[];
  buckets: readonly EnergyBucket[];
  leases: readonly LeaseRecord[];
  /** What a person says that it draws when it is on; null where nobody does. */
  watts: number | null;
  /** It runs Pilotlight itself: that its server is silent does not say that it sleeps. */
  thisComputer: boolean;
}

/** A stretch in which it drew the same all along. `watts` null: not known. */
interface Stretch extends Span {
  watts: number | null;
  measured: boolean;
}

const MS_AN_HOUR = 3_600_000;
/** Of the time that was measured, the quietest quarter: what it draws when it is on and nobody needs it. */
const QUIET_SHARE = 0.25;

export function nodeEnergy(facts: EnergyFacts): NodeEnergy {
  const { nodeId, range, leases } = facts;
  const stretches = awakeStretches(facts);
  const awakeMs = lengthOf(stretches);
  const measuredMs = lengthOf(stretches.filter((one) => one.measured));
  const wattHours = sumWattHours(stretches);
  const source: NodeEnergy['source'] = measuredMs > 0 ? 'gpu' : facts.watts === null ? 'unknown' : 'told';
  const saved = savedBySleep(facts, stretches);
  return {
    nodeId,
    awakeSeconds: Math.round(awakeMs / 1000),
    wattHours: source === 'unknown' ? null : round(wattHours ?? 0),
    source,
    savedWattHours: saved?.wattHours ?? null,
    how: [drawWords({ ...facts, source, awakeMs, measuredMs }), saved?.words ?? ''].filter(Boolean).join(' '),
    jobs: jobEnergy(leases, range, stretches),
  };
}

/** When it was on, with what it drew: as it was seen, and where nobody looked as its telemetry says. */
function awakeStretches({ states, buckets, watts, thisComputer, range }: EnergyFacts): Stretch[] {
  const awake = states.filter(({ state }) => (thisComputer ? state !== 'unknown' : isOn(state)));
  const unseen = states.filter(({ state }) => state === 'unknown');
  const stretches: Stretch[] = [];
  let told = [...awake.map(({ from, to }) => ({ from, to }))];
  for (const bucket of buckets) {
    const from = Math.max(bucket.at, range.from);
    const to = Math.min(bucket.at + bucket.seconds * 1000, range.to);
    if (to <= from || bucket.servingSeconds <= 0) continue;
    const servingMs = Math.min(bucket.servingSeconds * 1000, to - from);
    const known = clip(told, { from, to });
    const knownMs = lengthOf(known);
    if (knownMs === 0) {
      const hiddenMs = Math.min(servingMs, overlapMs(unseen, { from, to }));
      if (hiddenMs > 0)
        stretches.push({
          from,
          to: from + hiddenMs,
          watts: bucket.powerWatts ?? watts,
          measured: bucket.powerWatts !== null,
        });
      continue;
    }
    if (bucket.powerWatts === null) continue;
    // It served for a part of the time that it was on: for that part it was measured.
    const share = Math.min(1, servingMs / knownMs);
    for (const span of known) {
      const middle = span.from + (span.to - span.from) * share;
      stretches.push({ from: span.from, to: middle, watts: bucket.powerWatts, measured: true });
      if (middle < span.to) stretches.push({ from: middle, to: span.to, watts, measured: false });
    }
    told = without(told, { from, to });
  }
  stretches.push(...told.map((span) => ({ ...span, watts, measured: false })));
  return stretches.sort((one, other) => one.from - other.from);
}

/** Staying on would have drawn what it draws in its quiet hours; null where that, or its sleep, is not known. */
function savedBySleep(
  { states, watts, thisComputer, range }: EnergyFacts,
  stretches: readonly Stretch[],
): { wattHours: number; words: string } | null {
  if (thisComputer) return null;
  const asleepMs = lengthOf(states.filter(({ state }) => state === 'off'));
  const quiet = quietWatts(stretches.filter((one) => one.measured));
  const idle = quiet ?? watts;
  if (idle === null) return null;
  const wattHours = round((idle * asleepMs) / MS_AN_HOUR);
  const drawn = quiet === null ? 'which it is said to draw' : 'which its GPUs drew in its quieter hours';
  return {
    wattHours,
    words: `It slept ${formatDuration(asleepMs)} of ${formatDuration(range.to - range.from)}; left on, at ${Math.round(idle)} W, ${drawn}, that would have taken ${formatWattHours(wattHours)} more.`,
  };
}

/** The watts that it drew at most in the quietest quarter of the time; null where nothing was measured. */
function quietWatts(measured: readonly Stretch[]): number | null {
  const sorted = measured
    .flatMap(({ watts, from, to }) => (watts === null ? [] : [{ watts, ms: to - from }]))
    .sort((one, other) => one.watts - other.watts);
  let left = sorted.reduce((sum, { ms }) => sum + ms, 0) * QUIET_SHARE;
  for (const { watts, ms } of sorted) {
    left -= ms;
    if (left <= 0) return watts;
  }
  return sorted.at(-1)?.watts ?? null;
}

/** Jobs that need it at the same time share what it draws. */
function jobEnergy(
  leases: readonly LeaseRecord[],
  range: Span,
  stretches: readonly Stretch[],
): NodeEnergy['jobs'] {
  const jobs = leases
    .filter((lease) => lease.kind === 'job')
    .map((lease) => ({
      purpose: lease.purpose,
      from: Math.max(range.from, lease.createdAt),
      to: Math.min(range.to, lease.endedAt ?? range.to),
    }))
    .filter(({ from, to }) => to > from);
  const sums = new Map<string, { ms: number; wattHours: number | null }>();
  const edges = [...new Set(jobs.flatMap(({ from, to }) => [from, to]))].sort((one, other) => one - other);
  for (const [index, from] of edges.entries()) {
    const to = edges[index + 1];
    if (to === undefined) break;
    const there = new Set(
      jobs.filter((job) => job.from <= from && job.to >= to).map(({ purpose }) => purpose),
    );
    const drawn = sumWattHours(clip(stretches, { from, to }));
    for (const purpose of there) {
      const sum = sums.get(purpose) ?? { ms: 0, wattHours: null };
      sum.ms += to - from;
      if (drawn !== null) sum.wattHours = (sum.wattHours ?? 0) + drawn / there.size;
      sums.set(purpose, sum);
    }
  }
  return [...sums]
    .map(([purpose, { ms, wattHours }]) => ({
      purpose,
      seconds: Math.round(ms / 1000),
      wattHours: wattHours === null ? null : round(wattHours),
    }))
    .sort((one, other) => other.seconds - one.seconds);
}

function drawWords({
  source,
  watts,
  awakeMs,
  measuredMs,
}: Pick<EnergyFacts, 'watts'> & {
  source: NodeEnergy['source'];
  awakeMs: number;
  measuredMs: number;
}): string {
  if (source === 'told') return `${formatDuration(awakeMs)} awake at ${watts} W, as a person said.`;
  if (source === 'unknown') return 'Nobody measures what it draws: give its wattage in its power policy.';
  const whole = measuredMs >= awakeMs * 0.99;
  const part = whole
    ? 'while it was awake'
    : `in ${formatDuration(measuredMs)} of ${formatDuration(awakeMs)} awake`;
  const rest = whole
    ? ''
    : watts === null
      ? '; the rest is not counted'
      : `; the rest at ${watts} W, as a person said`;
  return `What its GPUs measured ${part}${rest}. The machine around them is not in it.`;
}

/** null where nothing of it is known. */
function sumWattHours(stretches: readonly Stretch[]): number | null {
  let sum: number | null = null;
  for (const { watts, from, to } of stretches) {
    if (watts !== null) sum = (sum ?? 0) + (watts * (to - from)) / MS_AN_HOUR;
  }
  return sum;
}

const lengthOf = (spans: readonly Span[]) => spans.reduce((sum, { from, to }) => sum + (to - from), 0);

function clip<Kind extends Span>(spans: readonly Kind[], { from, to }: Span): Kind[] {
  return spans
    .map((span) => ({ ...span, from: Math.max(span.from, from), to: Math.min(span.to, to) }))
    .filter((span) => span.to > span.from);
}

function without(spans: readonly Span[], hole: Span): Span[] {
  return spans.flatMap((span) => [
    ...clip([span], { from: Number.NEGATIVE_INFINITY, to: hole.from }),
    ...clip([span], { from: hole.to, to: Number.POSITIVE_INFINITY }),
  ]);
}

const round = (value: number) => Math.round(value * 10) / 10;

export function formatWattHours(wattHours: number): string {
  return wattHours >= 1000 ? `${(wattHours / 1000).toFixed(1)} kWh` : `${Math.round(wattHours)} Wh`;
}
