/** What a node drew, what its jobs drew of that, and what its sleep saved. Pure. */
import type { LeaseRecord, NodeEnergy } from '../../../shared/models/power.ts';
import type { NodeBucket } from '../../../shared/models/telemetry.ts';
import { formatDuration } from '../../../shared/units.ts';
import { isOn, type Span, type StateSpan } from './timeline.ts';

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

/** When it was on, with what it drew: as it was seen, and where nobody looked as its telemetry says. In order. */
function awakeStretches({ states, buckets, watts, thisComputer, range }: EnergyFacts): Stretch[] {
  const awake = states.filter(({ state }) => (thisComputer ? state !== 'unknown' : isOn(state)));
  const unseen = states.filter(({ state }) => state === 'unknown');
  const stretches: Stretch[] = [];
  const measuredIn: Span[] = [];
  for (const bucket of buckets) {
    const from = Math.max(bucket.at, range.from);
    const to = Math.min(bucket.at + bucket.seconds * 1000, range.to);
    if (to <= from || bucket.servingSeconds <= 0) continue;
    const servingMs = Math.min(bucket.servingSeconds * 1000, to - from);
    const known = within(awake, { from, to });
    const knownMs = lengthOf(known);
    const measured = bucket.powerWatts !== null;
    if (knownMs === 0) {
      const hiddenMs = Math.min(servingMs, lengthOf(within(unseen, { from, to })));
      if (hiddenMs > 0)
        stretches.push({ from, to: from + hiddenMs, watts: bucket.powerWatts ?? watts, measured });
      continue;
    }
    if (!measured) continue;
    // It served for a part of the time that it was on: for that part it was measured.
    const share = Math.min(1, servingMs / knownMs);
    for (const span of known) {
      const middle = span.from + (span.to - span.from) * share;
      stretches.push({ from: span.from, to: middle, watts: bucket.powerWatts, measured: true });
      if (middle < span.to) stretches.push({ from: middle, to: span.to, watts, measured: false });
    }
    measuredIn.push({ from, to });
  }
  for (const { from, to } of outside(awake, measuredIn)) stretches.push({ from, to, watts, measured: false });
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
  const edges = jobs
    .flatMap(({ purpose, from, to }) => [
      { at: from, purpose, change: 1 },
      { at: to, purpose, change: -1 },
    ])
    .sort((one, other) => one.at - other.at);
  const sums = new Map<string, { ms: number; wattHours: number | null }>();
  /** How many leases each job holds at the moment. */
  const there = new Map<string, number>();
  let from = 0;
  for (const { at, purpose, change } of edges) {
    const drawn = at > from && there.size > 0 ? sumWattHours(within(stretches, { from, to: at })) : null;
    for (const name of at > from ? there.keys() : []) {
      const sum = sums.get(name) ?? { ms: 0, wattHours: null };
      sum.ms += at - from;
      if (drawn !== null) sum.wattHours = (sum.wattHours ?? 0) + drawn / there.size;
      sums.set(name, sum);
    }
    from = at;
    const held = (there.get(purpose) ?? 0) + change;
    if (held === 0) there.delete(purpose);
    else there.set(purpose, held);
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

/** The parts of spans that lie in a window. The spans are in order and do not overlap. */
function within<Kind extends Span>(spans: readonly Kind[], { from, to }: Span): Kind[] {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle]?.to ?? 0) <= from) low = middle + 1;
    else high = middle;
  }
  const parts: Kind[] = [];
  for (let index = low; index < spans.length; index += 1) {
    const span = spans[index];
    if (!span || span.from >= to) break;
    parts.push({ ...span, from: Math.max(span.from, from), to: Math.min(span.to, to) });
  }
  return parts;
}

/** The parts of spans that lie in no hole. Both are in order and do not overlap. */
function outside(spans: readonly Span[], holes: readonly Span[]): Span[] {
  const parts: Span[] = [];
  for (const span of spans) {
    let { from } = span;
    for (const hole of within(holes, span)) {
      if (hole.from > from) parts.push({ from, to: hole.from });
      from = hole.to;
    }
    if (span.to > from) parts.push({ from, to: span.to });
  }
  return parts;
}

const round = (value: number) => Math.round(value * 10) / 10;

function formatWattHours(wattHours: number): string {
  return wattHours >= 1000 ? `${(wattHours / 1000).toFixed(1)} kWh` : `${Math.round(wattHours)} Wh`;
}
