import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isRunning, MAX_PID, runsElsewhere } from '../../../../electron/adapters/processes/is-running.ts';
import { spawn } from '../../../fakes/children.ts';

afterEach(() => vi.restoreAllMocks());

describe('whether a process runs', () => {
  it('is true while it is there, and false when it has ended', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const pid = child.pid ?? 0;
    expect(isRunning(pid)).toBe(true);
    expect(runsElsewhere(pid)).toBe(true);
    const closed = once(child, 'close');
    child.stdin.end();
    await closed;
    expect(isRunning(pid)).toBe(false);
    expect(runsElsewhere(pid)).toBe(false);
  });

  it('is true of one that may not be signalled, and of one that is not known', () => {
    for (const code of ['EPERM', 'EINVAL']) {
      vi.spyOn(process, 'kill').mockImplementation(() => {
        throw Object.assign(new Error(code), { code });
      });
      expect(isRunning(process.pid)).toBe(true);
    }
  });

  it.each([0, -1, 1.5, Number.NaN, MAX_PID + 1, 2 ** 53])('is false of %d, which is no process id', (pid) => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    expect(isRunning(pid)).toBe(false);
    expect(kill).not.toHaveBeenCalled();
  });

  it('does not count this process as another one', () => {
    expect(isRunning(process.pid)).toBe(true);
    expect(runsElsewhere(process.pid)).toBe(false);
  });
});
