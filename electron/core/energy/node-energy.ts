/** The energy a node used, the share of each purpose, and what its sleep saved. Pure. */
import { fact } from '../../../shared/models/message.ts';
import type { LeaseRecord, NodeEnergy } from '../../../shared/models/power.ts';
import type { NodeBucket } from '../../../shared/models/telemetry.ts';
import { isOn, type Span, type StateSpan } from './timeline.ts';

export type EnergyBucket = Pick<NodeBucket, 'at' | 'seconds' | 'servingSeconds' | 'powerWatts'>;

export interface EnergyFacts {
  nodeId: string;
  /** The whole range. */
  range: Span;
  /** Its states, without gaps. */
  states: readonly StateSpan[];
  buckets: readonly EnergyBucket[];
  leases: readonly LeaseRecord[];
  /** Its power while on, as entered by a person; null if not entered. */
  watts: number | null;
  /** It runs Pilotlight, so a silent server does not mean that it is asleep. */
  thisComputer: boolean;
}

/** A period with constant power. `watts` is null if unknown. */
interface Stretch extends Span {
  watts: number | null;
  measured: boolean;
}

const MS_AN_HOUR = 3_600_000;
/** The quietest quarter of the measured time gives its idle power. */
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
    how: fact('ENERGY_BASIS', { source, awakeMs, measuredMs, watts: facts.watts, saved }),
    jobs: jobEnergy(leases, range, stretches),
  };
}

/** Periods in which it was on, with their power, in order. Where its state is unknown, telemetry decides. */
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
    // Power was measured only for the part of the time in which it served.
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

/** What it would have used at idle power instead of sleeping; null if idle power or sleep is unknown. */
function savedBySleep(
  { states, watts, thisComputer }: EnergyFacts,
  stretches: readonly Stretch[],
): { asleepMs: number; idleWatts: number; wattHours: number } | null {
  if (thisComputer) return null;
  const asleepMs = lengthOf(states.filter(({ state }) => state === 'off'));
  const quiet = quietWatts(stretches.filter((one) => one.measured));
  const idle = quiet ?? watts;
  if (idle === null) return null;
  const wattHours = round((idle * asleepMs) / MS_AN_HOUR);
  return { asleepMs, idleWatts: idle, wattHours };
}

/** The highest power in the quietest quarter of the measured time, watts; null if nothing was measured. */
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

/** Leases of work; a person who only keeps it awake does not use its power. */
const workKinds: ReadonlySet<LeaseRecord['kind']> = new Set(['job', 'task', 'request']);

/** Jobs, tasks and requests that use it at the same time share its power equally. */
function jobEnergy(
  leases: readonly LeaseRecord[],
  range: Span,
  stretches: readonly Stretch[],
): NodeEnergy['jobs'] {
  const jobs = leases
    .filter((lease) => workKinds.has(lease.kind))
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
  /** How many leases each purpose has at this point. */
  const active = new Map<string, number>();
  let from = 0;
  for (const { at, purpose, change } of edges) {
    const drawn = at > from && active.size > 0 ? sumWattHours(within(stretches, { from, to: at })) : null;
    for (const name of at > from ? active.keys() : []) {
      const sum = sums.get(name) ?? { ms: 0, wattHours: null };
      sum.ms += at - from;
      if (drawn !== null) sum.wattHours = (sum.wattHours ?? 0) + drawn / active.size;
      sums.set(name, sum);
    }
    from = at;
    const count = (active.get(purpose) ?? 0) + change;
    if (count === 0) active.delete(purpose);
    else active.set(purpose, count);
  }
  return [...sums]
    .map(([purpose, { ms, wattHours }]) => ({
      purpose,
      seconds: Math.round(ms / 1000),
      wattHours: wattHours === null ? null : round(wattHours),
    }))
    .sort((one, other) => other.seconds - one.seconds);
}

/** null if the power is unknown throughout. */
function sumWattHours(stretches: readonly Stretch[]): number | null {
  let sum: number | null = null;
  for (const { watts, from, to } of stretches) {
    if (watts !== null) sum = (sum ?? 0) + (watts * (to - from)) / MS_AN_HOUR;
  }
  return sum;
}

const lengthOf = (spans: readonly Span[]) => spans.reduce((sum, { from, to }) => sum + (to - from), 0);

/** The parts of spans inside a window. The spans are in order and do not overlap. */
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

/** The parts of spans outside all holes. Both are in order and do not overlap. */
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
