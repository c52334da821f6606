import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalName, matchesPriority } from '../../../../electron/core/fleet/model-placement.ts';
import {
  COOL_DOWN_MS,
  type ModelHistory,
  NO_HISTORY,
  quietUntil,
  REVERSAL_WINDOW_MS,
  remember,
} from '../../../../electron/core/placement/move-history.ts';
import { planNode } from '../../../../electron/core/placement/plan.ts';
import { aLoaded, aMoveOf, aNode, GB, NOW, planInput } from './support.ts';

const MINUTE = 60_000;
const names = ['llama3.1:8b', 'llama3.1:70b', 'mxbai-embed-large:latest', 'qwen:14b', 'gemma:7b', 'phi:3b'];

const aModel = fc.record({
  name: fc.constantFrom(...names),
  gigabytes: fc.integer({ min: 1, max: 30 }),
  share: fc.constantFrom(0, 0, 0.4, 1),
  minutes: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }),
});
const aWorld = fc.record({
  models: fc.uniqueArray(aModel, { selector: (model) => model.name, minLength: 1, maxLength: 6 }),
  pinned: fc.subarray(names),
  busy: fc.subarray(names),
  hasGpu: fc.constantFrom(true, false, null),
  totalGigabytes: fc.option(fc.integer({ min: 2, max: 48 }), { nil: null }),
  priorityModels: fc.subarray(['llama3.1', 'mxbai-embed-large', 'qwen:14b', '*'], { minLength: 1 }),
});

describe('the planner, whatever the world', () => {
  it('never moves what is pinned, right, busy, no priority or without a GPU, and never evicts what is protected', () => {
    let moves = 0;
    fc.assert(
      fc.property(aWorld, (world) => {
        const pinned = new Set(world.pinned.map(canonicalName));
        const node = aNode({
          loaded: world.models.map((model) =>
            aLoaded({
              name: model.name,
              sizeBytes: model.gigabytes * GB,
              vramBytes: model.gigabytes * GB * model.share,
              expiresAt: model.minutes === null ? null : NOW + model.minutes * MINUTE,
            }),
          ),
          pinned,
          priorityModels: world.priorityModels,
          hasGpu: world.hasGpu,
          vram: {
            totalBytes: world.totalGigabytes === null ? null : world.totalGigabytes * GB,
            source: world.totalGigabytes === null ? 'unknown' : 'person',
          },
        });
        const input = planInput(node, {
          pinned,
          priorityModels: world.priorityModels,
          inFlight: (name) => (world.busy.includes(name) ? 1 : 0),
        });
        const isProtected = (name: string) =>
          pinned.has(canonicalName(name)) || matchesPriority(name, world.priorityModels);
        for (const { move, explanation } of planNode(input)) {
          expect(explanation.reason).not.toBe('');
          if (!move) continue;
          moves += 1;
          expect(world.hasGpu).not.toBe(false);
          expect(explanation.placement).not.toBe('gpu');
          expect(pinned.has(canonicalName(explanation.model))).toBe(false);
          expect(matchesPriority(explanation.model, world.priorityModels)).toBe(true);
          expect(world.busy).not.toContain(explanation.model);
          for (const victim of explanation.evicts) {
            expect(isProtected(victim)).toBe(false);
            expect(world.busy).not.toContain(victim);
          }
        }
      }),
      { numRuns: 1000 },
    );
    expect(moves).toBeGreaterThan(20);
  });
});

/** What happens to one model between two checks. */
const anEvent = fc.constantFrom(
  'nothing',
  'nothing',
  'reloaded-on-cpu',
  'person-to-cpu',
  'person-to-gpu',
  'move-fails',
);

describe('many checks with any history', () => {
  it('never reverse a move within the window, nor repeat one within the cool-down', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ event: anEvent, minutes: fc.integer({ min: 1, max: 30 }) }), {
          minLength: 20,
          maxLength: 120,
        }),
        (steps) => {
          let history: ModelHistory = NO_HISTORY;
          let placement: 'cpu' | 'gpu' = 'cpu';
          let now = NOW;
          let lastTo: { at: number; to: 'cpu' | 'gpu' } | null = null;
          let failing = false;
          let waits: number[] = [];
          for (const { event, minutes } of steps) {
            now += minutes * MINUTE;
            failing = event === 'move-fails';
            if (event === 'reloaded-on-cpu') placement = 'cpu';
            if (event === 'person-to-cpu' || event === 'person-to-gpu') {
              placement = event === 'person-to-cpu' ? 'cpu' : 'gpu';
              history = remember(
                history,
                aMoveOf({ at: now, by: 'person', wanted: placement, to: placement }),
              );
              lastTo = { at: now, to: placement };
            }
            const loaded = [aLoaded({ vramBytes: placement === 'gpu' ? 6 * GB : 0 })];
            const input = planInput(aNode({ loaded }), {
              now,
              history: () => history,
              placedSince: () => now - MINUTE,
            });
            const decision = planNode(input)[0];
            if (!decision?.move) continue;
            if (lastTo?.to === 'cpu') expect(now - lastTo.at).toBeGreaterThanOrEqual(REVERSAL_WINDOW_MS);
            if (lastTo?.to === 'gpu') expect(now - lastTo.at).toBeGreaterThanOrEqual(COOL_DOWN_MS);
            if (failing) {
              const before = history.failures;
              history = remember(
                history,
                aMoveOf({ at: now, outcome: 'failed', code: 'SERVER_ERROR', to: 'cpu' }),
              );
              waits = before === 0 ? [] : waits;
              waits.push(history.retryAt - now);
              for (let index = 1; index < waits.length; index += 1) {
                expect(waits[index]).toBeGreaterThanOrEqual(waits[index - 1] ?? 0);
              }
            } else {
              placement = 'gpu';
              history = remember(history, aMoveOf({ at: now }));
              lastTo = { at: now, to: 'gpu' };
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('moves less and less often what falls back each time', () => {
    let history: ModelHistory = NO_HISTORY;
    const moves: number[] = [];
    for (let now = NOW; now < NOW + 24 * 60 * MINUTE; now += 5 * MINUTE) {
      const input = planInput(aNode({ loaded: [aLoaded()] }), { now, history: () => history });
      if (!planNode(input)[0]?.move) continue;
      history = remember(history, aMoveOf({ at: now }));
      moves.push(now);
    }
    const gaps = moves.slice(1).map((at, index) => at - (moves[index] ?? 0));
    expect(gaps.slice(0, 5)).toEqual([10, 20, 40, 80, 160].map((minutes) => minutes * MINUTE));
    expect(moves.length).toBeLessThan(12);
  });
});

describe('what moves say', () => {
  it('backs off twice as long after each failure, up to six hours, and forgets after a success', () => {
    let history = NO_HISTORY;
    const waits: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      history = remember(history, aMoveOf({ outcome: 'failed', code: 'OUT_OF_MEMORY', to: 'cpu' }));
      waits.push((history.retryAt - NOW) / MINUTE);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 360, 360]);
    expect(history.explicitFailed).toBe(true);
    expect(remember(history, aMoveOf())).toMatchObject({ failures: 0, retryAt: 0, explicitFailed: true });
  });

  it('learns nothing from a refusal to a person or a cancelled move', () => {
    expect(remember(NO_HISTORY, aMoveOf({ outcome: 'refused', by: 'person', code: 'PINNED' }))).toEqual(
      NO_HISTORY,
    );
    expect(remember(NO_HISTORY, aMoveOf({ outcome: 'failed', code: 'CANCELLED' }))).toEqual(NO_HISTORY);
    expect(remember(NO_HISTORY, aMoveOf({ outcome: 'already-right' }))).toEqual(NO_HISTORY);
  });

  it('has nothing to wait for without a move', () => {
    expect(quietUntil(NO_HISTORY, 'gpu')).toBeNull();
  });
});
