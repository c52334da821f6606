/** For how long a job leaves a machine alone. */
import { describe, expect, it } from 'vitest';
import { createNodeMemory } from '../../../../electron/core/indexing/node-memory.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const second = 1000;
const minute = 60 * second;

function createWorld() {
  const clock = createFakeClock();
  const memory = createNodeMemory({ clock });
  return { clock, memory, standing: () => memory.standing().get('tower') };
}

/** Has something happen again and again; returns the waits after it in seconds. */
async function waitsAfter(
  { clock, memory }: ReturnType<typeof createWorld>,
  times: number,
  happen: () => void,
): Promise<number[]> {
  const waits: number[] = [];
  for (let index = 0; index < times; index += 1) {
    happen();
    const wait = memory.nextRetryMs() ?? 0;
    waits.push(wait / second);
    await clock.advance(wait);
  }
  return waits;
}

describe('a machine that', () => {
  it('drops out is left alone for 5 seconds, then twice as long each time, up to a minute', async () => {
    const world = createWorld();
    const waits = await waitsAfter(world, 6, () => world.memory.lost('tower'));
    expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
  });

  it('embedded something counts its next failure as its first', async () => {
    const world = createWorld();
    await waitsAfter(world, 3, () => world.memory.lost('tower'));
    world.memory.succeeded('tower');
    expect(await waitsAfter(world, 2, () => world.memory.lost('tower'))).toEqual([5, 10]);
  });

  it('puts the model on its CPU is asked again after a minute, then twice as long, up to ten', async () => {
    const world = createWorld();
    const waits = await waitsAfter(world, 6, () => world.memory.gpuRefused('tower'));
    expect(waits).toEqual([60, 120, 240, 480, 600, 600]);
  });

  it('is left alone for that time and no longer', async () => {
    const { clock, memory, standing } = createWorld();
    memory.lost('tower');
    await clock.advance(5 * second - 1);
    expect(standing()).toMatchObject({ excluded: true, lost: true });
    await clock.advance(1);
    expect(standing()).toMatchObject({ excluded: false, lost: true });
    expect(memory.nextRetryMs()).toBeNull();
  });

  it('did not wake is not woken for five minutes, and for one where its policy refused', async () => {
    const { clock, memory, standing } = createWorld();
    memory.wakeRefused('tower');
    await clock.advance(5 * minute - 1);
    expect(standing()?.wakeRefused).toBe(true);
    await clock.advance(1);
    expect(standing()?.wakeRefused).toBe(false);
    memory.wakeNotAllowed('tower');
    expect(memory.nextRetryMs()).toBe(minute);
  });

  it('has just come up is as good as new', async () => {
    const { memory, standing } = createWorld();
    memory.lost('tower');
    memory.gpuRefused('tower');
    memory.wakeRefused('tower');
    memory.forgive('tower');
    expect(memory.nextRetryMs()).toBeNull();
    expect(standing()).toMatchObject({ excluded: false, gpuRefused: false, wakeRefused: false });
  });
});
