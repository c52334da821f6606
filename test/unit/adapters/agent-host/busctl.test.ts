import { describe, expect, it } from 'vitest';
import { busCall, NoBusctl, parseBusAnswer } from '../../../../electron/adapters/agent-host/busctl.ts';
import { type Exec, execProgram } from '../../../../electron/adapters/hardware/exec.ts';

const { signal } = new AbortController();
const listSessions = {
  destination: 'org.freedesktop.login1',
  path: '/org/freedesktop/login1',
  interface: 'org.freedesktop.login1.Manager',
  method: 'ListSessions',
};
/** A program of this Node in place of busctl, run as the real one would be. */
const played =
  (code: string): Exec =>
  (_program, _args, options) =>
    execProgram(process.execPath, ['-e', code], options);

describe('a call on the system bus', () => {
  it('passes its arguments as they are and returns one value for each result', async () => {
    const calls: unknown[] = [];
    const exec: Exec = async (program, args) => {
      calls.push([program, ...args]);
      return '{"type":"v","data":[{"type":"s","data":"user"}]}\n';
    };
    const call = { ...listSessions, method: 'Get', signature: 'ss', arguments: ['a b', '$(id)'] };
    expect(await busCall(call, { exec, signal })).toEqual([{ type: 's', data: 'user' }]);
    expect(calls).toEqual([
      [
        'busctl',
        '--system',
        '--json=short',
        'call',
        'org.freedesktop.login1',
        '/org/freedesktop/login1',
        'org.freedesktop.login1.Manager',
        'Get',
        'ss',
        'a b',
        '$(id)',
      ],
    ]);
  });

  it('says that there is no busctl, which is not a call that failed', async () => {
    const exec: Exec = (_program, args, options) => execProgram('no-such-busctl', args, options);
    await expect(busCall(listSessions, { exec, signal })).rejects.toBeInstanceOf(NoBusctl);
    const failing = played('console.error("Call failed: Access denied"); process.exit(1)');
    const failure = busCall(listSessions, { exec: failing, signal });
    await expect(failure).rejects.not.toBeInstanceOf(NoBusctl);
    await expect(failure).rejects.toThrow('busctl failed with code 1: Call failed: Access denied');
  });

  it('that hangs is stopped at its deadline, and says so', async () => {
    const exec = played('setInterval(() => {}, 1000)');
    await expect(busCall(listSessions, { exec, signal, deadlineMs: 150 })).rejects.toThrow(
      'busctl did not answer in time and was stopped.',
    );
  });

  it.each(['', ' \n', 'Failed to connect to bus', '{}', '{"type":"s","data":"x"}', 'null', '[]'])(
    'has no result in %j',
    (output) => {
      expect(() => parseBusAnswer(output)).toThrow(/^busctl (printed|answered)/);
    },
  );
});
