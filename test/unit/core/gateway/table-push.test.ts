import { describe, expect, it } from 'vitest';
import type { GatewayTable } from '../../../../electron/core/gateway/model.ts';
import { buildTable } from '../../../../electron/core/gateway/table.ts';
import { createTablePush } from '../../../../electron/core/gateway/table-push.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';

function start() {
  const clock = createFakeClock();
  const empty = buildTable({ nodes: [], credentials: [], settings: defaultSettings.gateway });
  const world = {
    beta: 0,
    sent: [] as { at: number; beta: number; version: number }[],
    answer: (): Promise<void> => Promise.resolve(),
  };
  const push = createTablePush({
    clock,
    log: silentLog,
    build: () => ({ ...empty, settings: { ...empty.settings, beta: world.beta } }),
    send(table: GatewayTable) {
      world.sent.push({ at: clock.monotonic(), beta: table.settings.beta, version: table.version });
      return world.answer();
    },
    onApplied() {},
  });
  const change = (how: 'soon' | 'now') => {
    world.beta += 1;
    push[how]();
  };
  const betas = () => world.sent.map(({ beta }) => beta);
  return { clock, world, push, change, betas };
}

describe('the table', () => {
  it('is sent to a process that starts, and not before', async () => {
    const { clock, push, change, betas } = start();
    change('now');
    await clock.advance(1000);
    expect(betas()).toEqual([]);
    expect(push.version).toBeNull();
    push.begin(0);
    await clock.flush();
    expect(betas()).toEqual([1]);
    expect(push.version).toBe(clock.now());
  });

  it('is sent four times a second at most, with the newest of what changed', async () => {
    const { clock, world, push, change } = start();
    push.begin(0);
    for (let step = 0; step < 100; step += 1) {
      change('soon');
      await clock.advance(10);
    }
    await clock.advance(250);
    expect(world.sent.length).toBeLessThanOrEqual(6);
    expect(world.sent.at(-1)?.beta).toBe(100);
    for (const [index, one] of world.sent.slice(1).entries())
      expect(one.at - (world.sent[index]?.at ?? 0)).toBeGreaterThanOrEqual(250);
  });

  it('is sent at once for what must not wait', async () => {
    const { clock, push, change, betas } = start();
    push.begin(0);
    await clock.flush();
    change('now');
    change('now');
    await clock.flush();
    expect(betas()).toEqual([0, 1, 2]);
  });

  it('is not sent again if it is the same', async () => {
    const { clock, push, betas } = start();
    push.begin(0);
    await clock.flush();
    push.now();
    await push.applied();
    expect(betas()).toEqual([0]);
  });

  it('is sent again, whatever it is, to the next process', async () => {
    const { clock, push, betas } = start();
    push.begin(0);
    await clock.flush();
    push.end();
    expect(push.version).toBeNull();
    push.begin(0);
    await clock.flush();
    expect(betas()).toEqual([0, 0]);
  });

  it('has a version beyond that of an earlier core, also if the clock was set back', async () => {
    const { clock, world, push } = start();
    push.begin(clock.now() + 1_000_000);
    await clock.flush();
    expect(world.sent[0]?.version).toBe(clock.now() + 1_000_001);
  });

  it('rises with each change, also within a millisecond', async () => {
    const { clock, world, push, change } = start();
    push.begin(0);
    await clock.flush();
    change('now');
    await clock.flush();
    const [first, second] = world.sent;
    expect(second?.version).toBeGreaterThan(first?.version ?? 0);
  });

  it('is sent one at a time; who waits for it gets what had changed by then', async () => {
    const { clock, world, push, change, betas } = start();
    const answers: (() => void)[] = [];
    world.answer = () => new Promise((resolve) => answers.push(resolve));
    push.begin(0);
    await clock.flush();
    change('now');
    let applied = false;
    void push.applied().then(() => {
      applied = true;
    });
    await clock.flush();
    expect(betas()).toEqual([0]);
    answers.shift()?.();
    await clock.flush();
    expect([betas(), applied]).toEqual([[0, 1], false]);
    answers.shift()?.();
    await clock.flush();
    expect(applied).toBe(true);
  });

  it('is tried again if it was refused, and nobody waits for a process that has ended', async () => {
    const { clock, world, push, betas } = start();
    world.answer = () => Promise.reject(new Error('busy'));
    push.begin(0);
    const applied = push.applied();
    await clock.flush();
    world.answer = () => Promise.resolve();
    await clock.advance(1000);
    await applied;
    expect(betas()).toEqual([0, 0]);

    world.answer = () => new Promise(() => {});
    world.beta = 9;
    push.now();
    const waiting = push.applied();
    push.end();
    await waiting;
    await push.applied();
  });
});
