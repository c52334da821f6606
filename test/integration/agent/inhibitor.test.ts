/** Processes that hold a lock: held is what they have proved, not that they were started. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  createInhibitor,
  type LockCommand,
  lockCommands,
} from '../../../electron/adapters/agent-host/inhibitor.ts';
import { createFakeClock } from '../../fakes/clock.ts';

const lock = (what: LockCommand['what'], code: string): LockCommand => ({
  what,
  command: [process.execPath, '-e', code],
  proof: 'prints',
});
const holds = "console.log('held'); process.stdin.resume()";

function watched(locks: readonly LockCommand[]) {
  const clock = createFakeClock();
  const changes = new EventTarget();
  const inhibitor = createInhibitor({
    clock,
    locks,
    changed: () => changes.dispatchEvent(new Event('change')),
  });
  return {
    clock,
    ...inhibitor,
    async until(predicate: (state: ReturnType<typeof inhibitor.state>) => boolean) {
      while (!predicate(inhibitor.state())) await once(changes, 'change');
      return inhibitor.state();
    },
  };
}

describe('the lock against sleep', () => {
  it('is one process for each kind on Linux, each of which says when it has it', () => {
    expect(lockCommands('linux', 1).map(({ what, proof }) => [what, proof])).toEqual([
      ['sleep', 'prints'],
      ['idle', 'prints'],
    ]);
    for (const { command } of lockCommands('linux', 1))
      expect(command.filter((word) => word.startsWith('--what='))).toEqual([
        expect.stringMatching(/^--what=\w+$/),
      ]);
  });

  it('is held when every kind has said so, and not before', async () => {
    const both = watched([lock('sleep', holds), lock('idle', holds)]);
    both.hold();
    expect(both.state()).toMatchObject({ held: false, problem: null });
    expect(await both.until(({ held }) => held)).toMatchObject({
      problem: null,
      locks: [
        { what: 'sleep', held: true },
        { what: 'idle', held: true },
      ],
    });
    await both.release();
    expect(both.state()).toMatchObject({ held: false, problem: null });
  });

  it('is not held where one kind is refused, which is named', async () => {
    const both = watched([
      lock('sleep', holds),
      lock('idle', "console.error('Failed to inhibit: Access denied'); process.exit(1)"),
    ]);
    both.hold();
    const state = await both.until(({ problem, locks }) => problem !== null && locks[0]?.held === true);
    expect(state.held).toBe(false);
    expect(state.problem).toContain('Access denied');
    expect(state.locks.map(({ what, held }) => [what, held])).toEqual([
      ['sleep', true],
      ['idle', false],
    ]);
    await both.release();
    expect(both.state().problem).toBeNull();
  });

  it('is not held where nothing says so in time, and is tried again', async () => {
    const silent = watched([lock('sleep', 'process.stdin.resume()')]);
    silent.hold();
    await silent.clock.advance(15_000);
    expect((await silent.until(({ problem }) => problem !== null)).problem).toContain('within 15 s');
    await silent.clock.advance(30_000);
    // The problem is still there while it is tried again: nothing has been proved yet.
    expect(silent.state()).toMatchObject({ held: false, problem: expect.any(String) });
    await silent.release();
  });

  it('is not held any more when its process ends', async () => {
    const short = watched([lock('sleep', "console.log('held'); setImmediate(() => process.exit(3))")]);
    short.hold();
    const state = await short.until(({ problem }) => problem !== null);
    expect(state).toMatchObject({ held: false, problem: expect.stringContaining('ended with code 3') });
    await short.release();
  });

  it('is not held where its program is missing', async () => {
    const missing = watched([{ what: 'all', command: ['/nonexistent/inhibit'], proof: 'runs' }]);
    missing.hold();
    expect(await missing.until(({ problem }) => problem !== null)).toMatchObject({ held: false });
    await missing.release();
  });
});
