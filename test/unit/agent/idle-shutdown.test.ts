import { describe, expect, it } from 'vitest';
import { createIdleShutdown } from '../../../electron/agent/power/idle-shutdown.ts';
import type { FinishPolicy, Reason } from '../../../electron/agent/power/policy.ts';
import type { KeptPolicy, PolicyBook, Woken } from '../../../electron/agent/power/policy-book.ts';
import type { Power, PowerRequest } from '../../../electron/agent/power/power.ts';
import { createFakeClock } from '../../fakes/clock.ts';

const policy: FinishPolicy = {
  finishAlone: true,
  onlyIfWoken: true,
  idleMinutes: 5,
  action: 'shutdown',
  respectUsers: true,
  countdownSeconds: 60,
};

function createWorld() {
  const clock = createFakeClock();
  const said: string[] = [];
  const state = {
    policies: [{ panel: 'one', policy, helloUrl: null, updatedAt: 0 }] as KeptPolicy[],
    woken: { bootId: 'boot', by: 'one', at: 0 } as Woken | null,
    keptOn: false,
    diskFull: false,
    sleptSeconds: 0,
  };
  const write = () => {
    if (state.diskFull) throw new Error('no space');
  };
  const book: PolicyBook = {
    policies: () => state.policies,
    put: () => {},
    remove: () => {},
    woken: () => state.woken,
    setWoken(woken) {
      state.woken = woken;
      write();
    },
    keptOn: () => state.keptOn,
    setKeptOn(kept) {
      state.keptOn = kept;
      write();
    },
  };
  const questions: PromiseWithResolvers<Reason[]>[] = [];
  const asked: PowerRequest[] = [];
  const power: Pick<Power, 'ask' | 'automatic' | 'drop'> = {
    async ask(request) {
      asked.push(request);
      return { phase: 'countdown', current: null, last: null };
    },
    automatic: () => null,
    drop: () => {},
  };
  const idleShutdown = createIdleShutdown({
    clock,
    host: { uptimeSeconds: () => clock.monotonic() / 1000 + state.sleptSeconds },
    bootId: 'boot',
    book,
    leaseReasons: () => [],
    reasons() {
      const question = Promise.withResolvers<Reason[]>();
      questions.push(question);
      return question.promise;
    },
    isIdle: () => true,
    slept: () => {},
    power,
    log: (line) => said.push(line),
  });
  return { clock, state, questions, asked, idleShutdown, said };
}

describe('a check of the idle shutdown', () => {
  it('runs once at a time, shared by concurrent callers', async () => {
    const { clock, questions, asked, idleShutdown } = createWorld();
    const first = idleShutdown.check();
    const second = idleShutdown.check();
    // Its own checks come in this time as well.
    await clock.advance(6 * 60_000);
    expect(questions).toHaveLength(1);
    questions[0]?.resolve([]);
    await Promise.all([first, second]);
    expect(asked).toHaveLength(1);
    idleShutdown.stop();
  });

  it('requests nothing with reasons that were read for another policy', async () => {
    const { clock, state, questions, asked, idleShutdown } = createWorld();
    state.policies = [
      { panel: 'one', policy: { ...policy, respectUsers: false }, helloUrl: null, updatedAt: 0 },
    ];
    const checked = idleShutdown.check();
    await clock.advance(6 * 60_000);
    // Users count from now on, and no check has read who is logged in.
    state.policies = [{ panel: 'one', policy, helloUrl: null, updatedAt: 1 }];
    questions[0]?.resolve([]);
    await checked;
    expect(asked).toEqual([]);
    idleShutdown.stop();
  });

  it('counts a sleep even if the disk is full', async () => {
    const { clock, state, idleShutdown, said } = createWorld();
    state.diskFull = true;
    state.sleptSeconds = 3600;
    await clock.advance(5000);
    expect(idleShutdown.decision().decision).toEqual({ do: 'stay', why: 'not-woken' });
    expect(said.join('\n')).toContain('no space');
    idleShutdown.stop();
  });

  it('stays on after a cancellation even if the disk is full', () => {
    const { state, idleShutdown } = createWorld();
    state.diskFull = true;
    const request = { action: 'shutdown' as const, countdownSeconds: 60, force: false, by: 'Ann' };
    idleShutdown.outcome({
      ...request,
      outcome: 'cancelled',
      at: 0,
      reason: 'by Ann',
      code: null,
      next: null,
    });
    expect(idleShutdown.decision().decision).toEqual({ do: 'stay', why: 'kept-on' });
    idleShutdown.stop();
  });
});
