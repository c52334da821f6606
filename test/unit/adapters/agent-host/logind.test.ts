import { describe, expect, it } from 'vitest';
import { descendsFrom } from '../../../../electron/adapters/agent-host/ancestry.ts';
import { createLogind, type LogindOptions } from '../../../../electron/adapters/agent-host/logind.ts';

const { signal } = new AbortController();
const byPerson = { automatic: false };
const byPolicy = { automatic: true };
const answer = (type: string, ...data: unknown[]) => JSON.stringify({ type, data });
const inhibitors = (...entries: unknown[][]) => answer('a(ssssuu)', entries);

/** busctl by method: its output, or the error that it ends with. */
function logindOf(replies: Record<string, string | Error>, options: Partial<LogindOptions> = {}) {
  const asked: string[] = [];
  const logind = createLogind({
    async exec(program, args) {
      asked.push([program, ...args].join(' '));
      const reply = replies[args.at(-1) ?? ''] ?? new Error('Command failed: busctl\nCall failed: no answer');
      if (reply instanceof Error) throw reply;
      return reply;
    },
    hasSystemd: () => true,
    isOurs: () => false,
    sleepStates: async () => null,
    ...options,
  });
  return { ...logind, asked };
}

describe('programs that block a power action', () => {
  const apt = ['shutdown:sleep', 'apt', 'Packages are installed', 'block', 0, 400];

  it('are those that hold a lock against that action, read from logind as data', async () => {
    const logind = logindOf({
      ListInhibitors: inhibitors(
        apt,
        ['sleep', 'NetworkManager', 'It needs a moment', 'delay', 0, 401],
        ['idle', 'player', 'A film', 'block', 1000, 402],
        ['sleep', 'copy', 'Files', 'block-weak', 1000, 403],
        ['handle-lid-switch', 'dock', 'Docked', 'block', 1000, 404],
      ),
    });
    expect(await logind.blockers('shutdown', signal, byPerson)).toEqual([
      { who: 'apt', why: 'Packages are installed' },
    ]);
    expect(await logind.blockers('restart', signal, byPerson)).toHaveLength(1);
    expect((await logind.blockers('sleep', signal, byPerson)).map(({ who }) => who)).toEqual(['apt', 'copy']);
    expect(logind.asked[0]).toBe(
      'busctl --system --json=short call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager ListInhibitors',
    );
  });

  it.each(['sleep', 'idle', 'sleep:idle', 'shutdown', 'handle-lid-switch:idle'])(
    'are, where nobody asked for the action, also those that hold "%s"',
    async (what) => {
      const logind = logindOf({ ListInhibitors: inhibitors([what, 'backup', 'A copy', 'block', 0, 405]) });
      for (const action of ['shutdown', 'sleep', 'hibernate'] as const)
        expect(await logind.blockers(action, signal, byPolicy)).toEqual([{ who: 'backup', why: 'A copy' }]);
    },
  );

  it.each([
    ['handle-lid-switch', 'block'],
    ['handle-power-key:handle-suspend-key', 'block'],
    ['sleep:idle', 'delay'],
  ])('are not those that hold "%s" with mode %s', async (what, mode) => {
    const logind = logindOf({ ListInhibitors: inhibitors([what, 'desktop', 'Its keys', mode, 0, 406]) });
    expect(await logind.blockers('shutdown', signal, byPolicy)).toEqual([]);
  });

  it('are not those of the agent, known by its processes and by no name', async () => {
    const ListInhibitors = inhibitors(
      ['sleep', 'Pilotlight', 'A lease keeps this machine awake', 'block', 0, 500],
      ['sleep', 'Pilotlight', 'A lease keeps this machine awake', 'block', 1000, 501],
    );
    const logind = logindOf({ ListInhibitors }, { isOurs: (pid) => pid === 500 });
    expect(await logind.blockers('sleep', signal, byPerson)).toHaveLength(1);
  });

  it('are written by anybody: short, and without what a terminal would obey', async () => {
    const ListInhibitors = inhibitors(
      ['sleep', 'a\u001b[2J\nb', 'w'.repeat(5000), 'block', 0, 1],
      ['sleep', ' ', '', 'block', 0, 77],
    );
    const [first, second] = await logindOf({ ListInhibitors }).blockers('sleep', signal, byPerson);
    expect(first).toEqual({ who: 'a b', why: 'w'.repeat(200) });
    expect(second).toEqual({ who: 'process 77', why: '' });
  });

  it.each([
    ['fails', new Error('Command failed: busctl\nFailed to connect to bus')],
    ['prints something else', 'no JSON'],
    ['says null', 'null'],
    ['lists another shape', inhibitors(['sleep', 'x'])],
    ['lists a text', answer('a(ssssuu)', 'sleep')],
    ['prints nothing', ''],
  ])('are unknown, not none, where busctl %s', async (_, ListInhibitors) => {
    await expect(logindOf({ ListInhibitors }).blockers('shutdown', signal, byPerson)).rejects.toThrow();
  });

  it('are none where there is no systemd, or no logind on the bus', async () => {
    const without = logindOf({}, { hasSystemd: () => false });
    expect(await without.blockers('shutdown', signal, byPerson)).toEqual([]);
    expect(without.asked).toEqual([]);
    const ListInhibitors = new Error(
      'Command failed: busctl\nCall failed: The name org.freedesktop.login1 was not provided by any .service files\n',
    );
    expect(await logindOf({ ListInhibitors }).blockers('shutdown', signal, byPerson)).toEqual([]);
  });
});

describe('what this user can do', () => {
  const can = (values: Record<string, string>) =>
    Object.fromEntries(Object.entries(values).map(([method, value]) => [method, answer('s', value)]));

  it('is what logind says of each action', async () => {
    const logind = logindOf({
      ...can({ CanPowerOff: 'yes', CanReboot: 'challenge', CanSuspend: 'no', CanHibernate: 'na' }),
      ListInhibitors: inhibitors(),
    });
    expect(await logind.abilities(signal)).toEqual({
      shutdown: 'yes',
      restart: 'not-permitted',
      sleep: 'not-permitted',
      hibernate: 'not-supported',
    });
  });

  it('is not taken away by a lock, our own among them', async () => {
    const logind = logindOf({
      ...can({
        CanPowerOff: 'challenge',
        CanReboot: 'inhibitor-blocked',
        CanSuspend: 'challenge',
        CanHibernate: 'challenge-inhibitor-blocked',
      }),
      ListInhibitors: inhibitors(['sleep', 'Pilotlight', '', 'block', 0, 5]),
    });
    expect(await logind.abilities(signal)).toEqual({
      shutdown: 'not-permitted',
      restart: 'yes',
      sleep: 'yes',
      hibernate: 'yes',
    });
  });

  it('is not known where a lock may hide it and the locks cannot be read', async () => {
    const answers = can({ CanPowerOff: 'yes', CanReboot: 'challenge', CanSuspend: 'no', CanHibernate: 'na' });
    expect(await logindOf(answers).abilities(signal)).toEqual({
      shutdown: 'yes',
      hibernate: 'not-supported',
    });
  });

  it('leaves out what is not said: unknown is not "can"', async () => {
    const logind = logindOf({ ...can({ CanPowerOff: 'yes', CanReboot: 'perhaps' }), CanSuspend: 'x' });
    expect(await logind.abilities(signal)).toEqual({ shutdown: 'yes' });
  });

  it.each([
    ['freeze mem disk\n', { sleep: 'yes', hibernate: 'yes' }],
    ['freeze mem\n', { sleep: 'yes', hibernate: 'not-supported' }],
    ['\n', { sleep: 'not-supported', hibernate: 'not-supported' }],
    [null, {}],
  ])('is what the kernel says (%j) where there is no systemd', async (states, abilities) => {
    const without = logindOf({}, { hasSystemd: () => false, sleepStates: async () => states });
    expect(await without.abilities(signal)).toEqual(abilities);
    expect(without.asked).toEqual([]);
  });

  it('is unknown, not what the kernel can do, where logind is there and does not answer', async () => {
    const silent = logindOf({}, { sleepStates: async () => 'freeze mem disk' });
    expect(await silent.abilities(signal)).toEqual({});
  });
});

describe('descent of a process', () => {
  const parents = new Map([
    [30, 20],
    [20, 10],
    [10, 1],
    [40, 1],
  ]);
  const parentOf = (pid: number) => parents.get(pid) ?? null;

  it.each([
    [30, 10, true],
    [10, 10, true],
    [40, 10, false],
    [99, 10, false],
    [10, 30, false],
  ])('of %i from %i: %s', (pid, ancestor, expected) => {
    expect(descendsFrom(pid, ancestor, parentOf)).toBe(expected);
  });

  it('ends in a circle', () => {
    expect(descendsFrom(5, 6, () => 5)).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')('reads /proc', () => {
    expect(descendsFrom(process.pid, process.ppid)).toBe(true);
    expect(descendsFrom(process.ppid, process.pid)).toBe(false);
  });
});
