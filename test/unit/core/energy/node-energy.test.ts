import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EnergyFacts, nodeEnergy } from '../../../../electron/core/energy/node-energy.ts';
import type { StateSpan } from '../../../../electron/core/energy/timeline.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { LeaseRecord } from '../../../../shared/models/power.ts';

const minute = 60_000;
const hour = 60 * minute;
const range = { from: 0, to: 24 * hour };
const states = (...spans: [StateSpan['state'], number, number][]): StateSpan[] =>
  spans.map(([state, from, to]) => ({ state, from: from * hour, to: to * hour }));
/** Quarters of an hour of serving at that power. */
const quarters = (fromHour: number, toHour: number, powerWatts: number | null, servingSeconds = 900) =>
  Array.from({ length: (toHour - fromHour) * 4 }, (_, index) => ({
    at: fromHour * hour + index * 15 * minute,
    seconds: 900,
    servingSeconds,
    powerWatts,
  }));
const job = (purpose: string, from: number, to: number | null): LeaseRecord => ({
  id: `${purpose}-${from}`,
  nodeId: 'tower',
  kind: 'job',
  holder: 'Pilotlight on laptop',
  purpose,
  createdAt: from * hour,
  until: null,
  endedAt: to === null ? null : to * hour,
});
const energy = (facts: Partial<EnergyFacts>) =>
  nodeEnergy({
    nodeId: 'tower',
    range,
    states: states(['off', 0, 20], ['serving', 20, 24]),
    buckets: [],
    leases: [],
    watts: null,
    thisComputer: false,
    ...facts,
  });

describe('what a node drew', () => {
  it.each<
    [
      string,
      Partial<EnergyFacts>,
      { awakeHours: number; wattHours: number | null; source: string; saved: number | null },
    ]
  >([
    ['power unknown', {}, { awakeHours: 4, wattHours: null, source: 'unknown', saved: null }],
    ['entered by a person', { watts: 90 }, { awakeHours: 4, wattHours: 360, source: 'told', saved: 1800 }],
    [
      'its GPUs measured',
      { buckets: quarters(20, 24, 50) },
      { awakeHours: 4, wattHours: 200, source: 'gpu', saved: 1000 },
    ],
    [
      'measured takes precedence over entered, which fills the rest',
      { buckets: quarters(20, 22, 50), watts: 90 },
      { awakeHours: 4, wattHours: 280, source: 'gpu', saved: 1000 },
    ],
    [
      'half of each quarter was measured',
      { buckets: quarters(20, 24, 50, 450) },
      { awakeHours: 4, wattHours: 100, source: 'gpu', saved: 1000 },
    ],
    [
      'left on, it would idle',
      { buckets: [...quarters(20, 22, 30), ...quarters(22, 24, 300)] },
      { awakeHours: 4, wattHours: 660, source: 'gpu', saved: 600 },
    ],
    [
      'all its states',
      {
        watts: 100,
        states: states(
          ['off', 0, 18],
          ['waking', 18, 19],
          ['booting', 19, 20],
          ['gpu-verified', 20, 22],
          ['trouble', 22, 24],
        ),
      },
      { awakeHours: 5, wattHours: 500, source: 'told', saved: 1800 },
    ],
    [
      'unobserved time is neither awake nor asleep',
      { watts: 100, states: states(['unknown', 0, 12], ['off', 12, 24]) },
      { awakeHours: 0, wattHours: 0, source: 'told', saved: 1200 },
    ],
    [
      'from before states were written down, its telemetry tells',
      { states: states(['unknown', 0, 24]), buckets: quarters(2, 4, 60) },
      { awakeHours: 2, wattHours: 120, source: 'gpu', saved: 0 },
    ],
    [
      'this computer does not sleep when its server is silent',
      { watts: 10, thisComputer: true },
      { awakeHours: 24, wattHours: 240, source: 'told', saved: null },
    ],
    [
      'a quarter at the edge counts in part',
      { states: states(['serving', 0, 24]), range: { from: 0, to: hour / 8 }, buckets: quarters(0, 1, 80) },
      { awakeHours: 0.125, wattHours: 10, source: 'gpu', saved: 0 },
    ],
  ])('%s', (_, facts, wanted) => {
    const clipped = facts.range
      ? {
          states: (facts.states ?? []).map((one) => ({
            ...one,
            to: Math.min(one.to, facts.range?.to ?? one.to),
          })),
        }
      : {};
    const report = energy({ ...facts, ...clipped });
    expect({
      awakeHours: report.awakeSeconds / 3600,
      wattHours: report.wattHours,
      source: report.source,
      saved: report.savedWattHours,
    }).toEqual(wanted);
  });

  it('says how it was computed', () => {
    expect(energy({ watts: 90 }).how).toEqual(
      fact('ENERGY_BASIS', {
        source: 'told',
        awakeMs: 4 * 3_600_000,
        measuredMs: 0,
        watts: 90,
        saved: { asleepMs: 20 * 3_600_000, idleWatts: 90, wattHours: 1800 },
      }),
    );
    expect(energy({ buckets: quarters(20, 22, 50) }).how.params).toMatchObject({
      source: 'gpu',
      awakeMs: 4 * 3_600_000,
      measuredMs: 2 * 3_600_000,
      watts: null,
    });
    expect(energy({}).how.params).toMatchObject({ source: 'unknown', saved: null });
  });
});

describe('what its jobs drew', () => {
  const awake = { states: states(['serving', 0, 24]), watts: 60 };

  it('each for its time; those at the same time share', () => {
    const leases = [job('index "Notes"', 1, 3), job('index "Code"', 2, 4), job('index "Notes"', 10, 11)];
    expect(energy({ ...awake, leases }).jobs).toEqual([
      { purpose: 'index "Notes"', seconds: 3 * 3600, wattHours: 150 },
      { purpose: 'index "Code"', seconds: 2 * 3600, wattHours: 90 },
    ]);
  });

  it('two leases of one job count once, one that lives counts until now', () => {
    const leases = [job('index "Notes"', 22, 23), job('index "Notes"', 22, null)];
    expect(energy({ ...awake, leases }).jobs).toEqual([
      { purpose: 'index "Notes"', seconds: 2 * 3600, wattHours: 120 },
    ]);
  });

  it('tasks and requests count like jobs', () => {
    const leases = [
      job('indexing "Notes"', 1, 2),
      { ...job('a task', 1, 2), kind: 'task' as const },
      { ...job('a request', 3, 4), kind: 'request' as const },
    ];
    expect(energy({ ...awake, leases }).jobs).toEqual([
      { purpose: 'indexing "Notes"', seconds: 3600, wattHours: 30 },
      { purpose: 'a task', seconds: 3600, wattHours: 30 },
      { purpose: 'a request', seconds: 3600, wattHours: 60 },
    ]);
  });

  it('not known is null, and people are no jobs', () => {
    const leases = [job('index "Notes"', 21, 22), { ...job('a game', 21, 22), kind: 'person' as const }];
    expect(energy({ leases }).jobs).toEqual([{ purpose: 'index "Notes"', seconds: 3600, wattHours: null }]);
  });
});

describe('whatever happened', () => {
  const anyStates = fc
    .array(
      fc.tuple(fc.constantFrom('off', 'serving', 'unknown', 'trouble'), fc.integer({ min: 1, max: 400 })),
    )
    .map((parts) => {
      let at = 0;
      return parts.map(([state, minutes]) => {
        const from = at;
        at += minutes * minute;
        return { state: state as StateSpan['state'], from, to: at };
      });
    });
  const anyBuckets = fc.array(
    fc.record({
      quarter: fc.integer({ min: 0, max: 95 }),
      servingSeconds: fc.integer({ min: 0, max: 900 }),
      powerWatts: fc.option(fc.integer({ min: 1, max: 500 })),
    }),
  );

  it('it is never awake or asleep for longer than there was time, and its jobs draw no more than it did', () => {
    fc.assert(
      fc.property(
        anyStates,
        anyBuckets,
        fc.array(fc.integer({ min: 0, max: 23 }), { maxLength: 5 }),
        (spans, parts, starts) => {
          const end = Math.max(24 * hour, spans.at(-1)?.to ?? 0);
          const whole = [
            ...spans,
            { state: 'unknown' as const, from: spans.at(-1)?.to ?? 0, to: end },
          ].filter((one) => one.to > one.from);
          const buckets = [...new Map(parts.map((one) => [one.quarter, one])).values()]
            .sort((one, other) => one.quarter - other.quarter)
            .map(({ quarter, ...rest }) => ({ at: quarter * 15 * minute, seconds: 900, ...rest }));
          const leases = starts.map((start, index) => job(`job ${index}`, start, start + 1));
          const report = energy({ range: { from: 0, to: end }, states: whole, buckets, leases, watts: 100 });
          const known = whole.filter(({ state }) => state === 'serving' || state === 'trouble');
          const least = known.reduce((sum, { from, to }) => sum + to - from, 0) / 1000;
          expect(report.awakeSeconds).toBeGreaterThanOrEqual(Math.round(least) - 1);
          const asleep =
            whole.filter(({ state }) => state === 'off').reduce((sum, { from, to }) => sum + to - from, 0) /
            1000;
          expect(report.awakeSeconds + asleep).toBeLessThanOrEqual(end / 1000 + 1);
          expect(report.savedWattHours).toBeGreaterThanOrEqual(0);
          const byJobs = report.jobs.reduce((sum, one) => sum + (one.wattHours ?? 0), 0);
          // Each is rounded by itself.
          expect(byJobs).toBeLessThanOrEqual((report.wattHours ?? 0) + 0.1 * (report.jobs.length + 1));
        },
      ),
    );
  });
});
