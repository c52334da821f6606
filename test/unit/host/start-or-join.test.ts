import { describe, expect, it } from 'vitest';
import { startOrJoin } from '../../../electron/host/start-or-join.ts';
import { type ErrorCode, PilotlightError } from '../../../shared/contract/errors.ts';
import { createFakeClock } from '../../fakes/clock.ts';

/** Answers one after the other; the last one stays. */
function world(answers: { start: ('own' | ErrorCode)[]; join: ('joined' | null | ErrorCode)[] }) {
  const clock = createFakeClock();
  const calls = { start: 0, join: 0, waits: 0 };
  const nextOf = <Answer>(list: Answer[], index: number) => list[Math.min(index, list.length - 1)] as Answer;
  const done = startOrJoin({
    async start() {
      const answer = nextOf(answers.start, calls.start++);
      if (answer === 'own') return answer;
      throw new PilotlightError(answer);
    },
    async join() {
      const answer = nextOf(answers.join, calls.join++);
      if (answer === 'joined' || answer === null) return answer;
      throw new PilotlightError(answer);
    },
    clock,
    waitMs: 1000,
    onWait: () => {
      calls.waits += 1;
    },
  });
  done.catch(() => {});
  return { clock, calls, done };
}

describe('start or join', () => {
  it('starts where nothing runs', async () => {
    const { done, calls } = world({ start: ['own'], join: [null] });
    expect(await done).toEqual({ own: 'own' });
    expect(calls).toEqual({ start: 1, join: 0, waits: 0 });
  });

  it('joins what runs at once', async () => {
    const { done, calls } = world({ start: ['ALREADY_RUNNING'], join: ['joined'] });
    expect(await done).toEqual({ joined: 'joined' });
    expect(calls.waits).toBe(0);
  });

  it('waits for one that is starting, and says so once', async () => {
    const { clock, done, calls } = world({ start: ['ALREADY_RUNNING'], join: [null, null, 'joined'] });
    await clock.advance(1000);
    expect(await done).toEqual({ joined: 'joined' });
    expect(calls).toEqual({ start: 3, join: 3, waits: 1 });
  });

  it('takes over when the other one ends', async () => {
    const { clock, done } = world({ start: ['ALREADY_RUNNING', 'ALREADY_RUNNING', 'own'], join: [null] });
    await clock.advance(1000);
    expect(await done).toEqual({ own: 'own' });
  });

  it.each(['NOT_RUNNING', 'STOPPING', 'UNAUTHORIZED', 'SERVER_BUSY'] as const)(
    'asks again when the other one answers %s',
    async (code) => {
      const { clock, done } = world({ start: ['ALREADY_RUNNING', 'own'], join: [code] });
      await clock.advance(1000);
      expect(await done).toEqual({ own: 'own' });
    },
  );

  it('gives up when neither comes in time', async () => {
    const { clock, done } = world({ start: ['ALREADY_RUNNING'], join: [null] });
    await clock.advance(2000);
    await expect(done).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    expect(clock.pending()).toBe(0);
  });

  it.each([
    ['start', { start: ['PORT_IN_USE' as const], join: [null] }, 'PORT_IN_USE'],
    ['join', { start: ['ALREADY_RUNNING' as const], join: ['INTERNAL' as const] }, 'INTERNAL'],
  ])('passes on what else %s rejects with', async (_name, answers, code) => {
    await expect(world(answers).done).rejects.toMatchObject({ code });
  });
});
