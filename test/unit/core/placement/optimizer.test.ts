/** When the optimizer checks, on a clock that a test holds in its hand. */
import { afterEach, describe, expect, it } from 'vitest';
import { NO_HISTORY } from '../../../../electron/core/placement/move-history.ts';
import { createOptimizer, type Optimizer } from '../../../../electron/core/placement/optimizer.ts';
import type { PlanInput } from '../../../../electron/core/placement/plan.ts';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import { plainText } from '../../../../shared/models/message.ts';
import { defaultSettings, type Settings } from '../../../../shared/models/settings.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { noStreams } from '../../../fakes/http.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { aLoaded, aMoveOf, aNode, planInput } from './support.ts';

const second = 1000;
const minute = 60 * second;
const optimizers: Optimizer[] = [];

afterEach(async () => {
  for (const optimizer of optimizers.splice(0)) await optimizer.stop();
});

/** One node with one priority model on its CPU; `plan` says what is known of it at a time. */
function createWorld(plan: (now: number) => Partial<PlanInput>) {
  const clock = createFakeClock();
  const began = clock.now();
  let settings: Settings = {
    ...defaultSettings,
    optimizer: { ...defaultSettings.optimizer, on: true, intervalMs: minute },
  };
  const listeners = new Set<(now: Settings, before: Settings) => void>();
  const node = aNode({ loaded: [aLoaded()] });
  const checks: number[] = [];
  const moves: number[] = [];
  const optimizer = createOptimizer({
    clock,
    random: () => 0.5,
    log: silentLog,
    http: { ...noStreams, request: () => Promise.reject(new Error('Nothing is posted here.')) },
    streams: createStreams({ clock, epoch: 'test' }),
    settings: {
      current: () => settings,
      secret: () => null,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    activity: { record: (entry) => ({ why: '', nodeId: null, notify: false, ...entry, at: 0, id: 1 }) },
    fleet: { list: () => [node], onChange: () => () => {} },
    placement: {
      planInput(of) {
        const now = clock.now();
        return planInput(of, { now, ...plan(now - began) });
      },
      async place() {
        moves.push(clock.now() - began);
        return [aMoveOf({ at: clock.now() })];
      },
      history: () => [],
      onMove: () => () => {},
    },
  });
  optimizers.push(optimizer);
  return {
    clock,
    optimizer,
    /** When it moved the model, since the start. */
    moves,
    /** Moves time on; returns when checks began until now, since the start. */
    async checksWithin(ms: number): Promise<number[]> {
      for (let waited = 0; waited < ms; waited += second) {
        await clock.advance(second);
        const last = optimizer.status().lastLookAt;
        if (last !== null && last - began !== checks.at(-1)) checks.push(last - began);
      }
      return [...checks];
    },
    at: (time: number | null) => (time === null ? null : time - began),
    set(change: Partial<Settings['optimizer']>) {
      const before = settings;
      settings = { ...settings, optimizer: { ...settings.optimizer, ...change } };
      for (const listener of listeners) listener(settings, before);
    },
  };
}

/** A model that was first seen at 0 where it is now. */
const seenFor =
  (settleMs: number, began = createFakeClock().now()) =>
  () => ({ settleMs, placedSince: () => began });

describe('a model that has not been in its place for long enough', () => {
  it('is checked again as soon as it has, not after a whole interval', async () => {
    const world = createWorld(seenFor(30 * second));
    world.optimizer.start();
    expect(await world.checksWithin(25 * second)).toEqual([20 * second]);
    expect(world.at(world.optimizer.status().nextLookAt)).toBe(30 * second);
    await world.checksWithin(10 * second);
    expect(world.moves).toEqual([30 * second]);
    expect(world.at(world.optimizer.status().nextLookAt)).toBe(90 * second);
  });

  it('waits for the regular check where that comes first, and for no other', async () => {
    const world = createWorld(seenFor(5 * minute));
    world.optimizer.start();
    await world.checksWithin(25 * second);
    expect(world.at(world.optimizer.status().nextLookAt)).toBe(80 * second);
    // The regular check moves away: what is shown as the next check is the next one.
    world.set({ intervalMs: 20 * minute });
    const shown = world.at(world.optimizer.status().nextLookAt);
    expect(shown).toBe(25 * second + 20 * minute);
    expect(await world.checksWithin(20 * minute - second)).toEqual([20 * second]);
    expect(world.moves).toEqual([]);
    await world.checksWithin(2 * second);
    expect(world.moves).toEqual([shown]);
  });

  it('is not checked early while the optimizer is paused, though a person had it check', async () => {
    const world = createWorld(seenFor(30 * second));
    world.optimizer.start();
    await world.optimizer.pause();
    await world.optimizer.run(new AbortController().signal);
    expect(world.optimizer.status()).toMatchObject({ on: true, nextLookAt: null });
    await world.clock.advance(10 * minute);
    expect(world.moves).toEqual([]);
    world.optimizer.resume();
    await world.clock.advance(minute);
    expect(world.moves).toHaveLength(1);
  });
});

it('a model that backs off is not checked early', async () => {
  const retryAt = createFakeClock().now() + 30 * second;
  const world = createWorld(() => ({
    history: () => ({ ...NO_HISTORY, failures: 1, retryAt, lastReason: plainText('No.') }),
  }));
  world.optimizer.start();
  await world.checksWithin(25 * second);
  expect(world.optimizer.status().explanations).toMatchObject([{ code: 'BACKING_OFF' }]);
  expect(world.at(world.optimizer.status().nextLookAt)).toBe(80 * second);
});
