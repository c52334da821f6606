import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseComputeProcess } from '../../../electron/adapters/agent-host/nvidia-stream.ts';
import { gpuFoundInLog, parseUnitStart } from '../../../electron/adapters/agent-host/ollama-facts.ts';
import { parseQuser, parseWho } from '../../../electron/adapters/agent-host/users.ts';
import { parseEthtool, parsePmset } from '../../../electron/adapters/agent-host/wake-armed.ts';
import { planInstall, planUninstall } from '../../../electron/agent/install/plan.ts';
import { createLeases } from '../../../electron/agent/leases/leases.ts';
import { powerCommands } from '../../../electron/agent/power/commands.ts';
import {
  decideIdleShutdown,
  type FinishPolicy,
  reasonsAgainst,
  strictest,
} from '../../../electron/agent/power/policy.ts';
import { packetDestinations } from '../../../electron/agent/relay/packet-destinations.ts';
import { createFakeClock } from '../../fakes/clock.ts';

const policies: fc.Arbitrary<FinishPolicy> = fc.record({
  finishAlone: fc.boolean(),
  onlyIfWoken: fc.boolean(),
  idleMinutes: fc.integer({ min: 1, max: 1440 }),
  action: fc.constantFrom('shutdown' as const, 'sleep' as const, 'hibernate' as const),
  respectUsers: fc.boolean(),
  countdownSeconds: fc.integer({ min: 5, max: 3600 }),
});

describe('policy', () => {
  it('with several panels powers off only if each policy alone would', () => {
    fc.assert(
      fc.property(
        fc.array(policies, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 100_000_000 }),
        (all, wokenInThisBoot, idleMs) => {
          const facts = { wokenInThisBoot, keptOn: false, reasons: [], idleMs };
          const together = decideIdleShutdown({ ...facts, policy: strictest(all) });
          const each = all.map((policy) => decideIdleShutdown({ ...facts, policy }).do === 'go');
          expect(together.do === 'go').toBe(each.every(Boolean));
        },
      ),
    );
  });

  it('stays on while there is a reason', () => {
    const policy = { ...({} as FinishPolicy), finishAlone: true, onlyIfWoken: false, idleMinutes: 1 };
    const facts = { policy, wokenInThisBoot: false, keptOn: false, reasons: [], idleMs: 60_000 };
    expect(decideIdleShutdown(facts).do).toBe('go');
    expect(decideIdleShutdown({ ...facts, idleMs: 59_999 })).toEqual({ do: 'wait', remainingMs: 1 });
    expect(decideIdleShutdown({ ...facts, keptOn: true })).toEqual({ do: 'stay', why: 'kept-on' });
    const blockers = { programs: [], problem: null };
    const use = {
      leases: [],
      gpu: { percent: 12, problem: null },
      users: { names: ['ann'], problem: null },
      blockers,
    };
    const rules = { busyPercent: 10, respectUsers: true, ignoredUsers: [], unknownCounts: true };
    const reasons = reasonsAgainst(use, rules);
    expect(reasons.map(({ code }) => code)).toEqual(['GPU_BUSY', 'USERS']);
    expect(decideIdleShutdown({ ...facts, reasons }).do).toBe('stay');
    const unknown = {
      leases: [],
      gpu: { percent: null, problem: 'it hangs' },
      users: { names: [], problem: 'who hangs' },
      blockers,
    };
    expect(reasonsAgainst(unknown, rules)).toMatchObject([
      { code: 'GPU_UNKNOWN', problem: 'it hangs' },
      { code: 'USERS_UNKNOWN', problem: 'who hangs' },
    ]);
    expect(reasonsAgainst(unknown, { ...rules, unknownCounts: false })).toEqual([]);
    // What is known of some does not hide that there may be others.
    const partly = {
      leases: [],
      gpu: { percent: 50, problem: 'nvidia-smi hangs' },
      users: { names: ['ann'], problem: 'logind hangs' },
      blockers,
    };
    expect(reasonsAgainst(partly, { ...rules, ignoredUsers: ['ann'] }).map(({ code }) => code)).toEqual([
      'GPU_BUSY',
      'GPU_UNKNOWN',
      'USERS_UNKNOWN',
    ]);
    expect(reasonsAgainst(partly, { ...rules, respectUsers: false }).map(({ code }) => code)).toEqual([
      'GPU_BUSY',
      'GPU_UNKNOWN',
    ]);
  });

  it('counts a blocking program, and unknown ones, for every request', () => {
    const use = { leases: [], gpu: { percent: null, problem: null }, users: { names: [], problem: null } };
    const rules = { busyPercent: 10, respectUsers: true, ignoredUsers: [], unknownCounts: false };
    const programs = [
      { who: 'apt', why: 'Packages are installed.' },
      { who: 'backup', why: '' },
    ];
    expect(reasonsAgainst({ ...use, blockers: { programs, problem: null } }, rules)).toEqual([
      { code: 'INHIBITED', message: 'apt blocks it: Packages are installed.', ...programs[0] },
      { code: 'INHIBITED', message: 'backup blocks it.', ...programs[1] },
    ]);
    expect(reasonsAgainst({ ...use, blockers: { programs: null, problem: 'it hangs' } }, rules)).toEqual([
      { code: 'INHIBITORS_UNKNOWN', message: 'Cannot tell whether another program blocks it: it hangs.' },
    ]);
  });
});

describe('leases', () => {
  it('end by the monotonic clock, and a renewal extends them', async () => {
    const clock = createFakeClock();
    const ended: string[] = [];
    const journal = { kept: [], begin: () => {}, end: () => {}, close: () => {} };
    const leases = createLeases({ clock, journal, onChange: (change) => ended.push(...change.ended) });
    const request = { holder: 'a', purpose: 'b', ttlSeconds: 10 };
    leases.put('one', request);
    leases.put('two', request);
    await clock.advance(9_000);
    expect(leases.put('two', request).begun).toBe(false);
    await clock.advance(1_000);
    expect(ended).toEqual(['one']);
    await clock.advance(8_999);
    expect(leases.count()).toBe(1);
    await clock.advance(1);
    expect(ended).toEqual(['one', 'two']);
  });
});

describe('leases on a full disk', () => {
  it('count until they end, are reported as not written, and are written by the next put', () => {
    const disk = { isFull: true, begun: [] as string[], ended: [] as string[] };
    const write = (ids: readonly string[], to: string[]) => {
      if (disk.isFull) throw new Error('ENOSPC');
      to.push(...ids);
    };
    const journal = {
      kept: [],
      begin: ({ id }: { id: string }) => write([id], disk.begun),
      end: (ids: readonly string[]) => write(ids, disk.ended),
      close: () => {},
    };
    const live: number[] = [];
    const leases = createLeases({
      clock: createFakeClock(),
      journal,
      onChange: (change) => live.push(change.live),
    });
    const request = { holder: 'a', purpose: 'b', ttlSeconds: 10 };
    const full = expect.objectContaining({ code: 'DISK_TROUBLE' });
    expect(() => leases.put('one', request)).toThrow(full);
    expect(() => leases.put('two', request)).toThrow(full);
    expect(leases.count()).toBe(2);
    expect(() => leases.put('one', request)).toThrow(full);
    leases.end('two');
    expect(leases.count()).toBe(1);
    disk.isFull = false;
    expect(leases.put('one', request)).toMatchObject({ begun: false });
    expect(disk.begun).toEqual(['one']);
    disk.isFull = true;
    expect(leases.put('one', request)).toMatchObject({ begun: false });
    expect(() => leases.end('one')).toThrow('ENOSPC');
    expect(leases.count()).toBe(1);
    expect(live).toEqual([1, 2, 1]);
  });
});

describe('many leases', () => {
  it('are refused beyond the limit, but a live one can be renewed', () => {
    const journal = { kept: [], begin: () => {}, end: () => {}, close: () => {} };
    const leases = createLeases({ clock: createFakeClock(), journal, onChange: () => {}, most: 2 });
    const request = { holder: 'a', purpose: 'b', ttlSeconds: 10 };
    leases.put('one', request);
    leases.put('two', request);
    expect(() => leases.put('three', request)).toThrow(expect.objectContaining({ code: 'TOO_MANY_LEASES' }));
    expect(leases.put('two', request).begun).toBe(false);
    leases.end('one');
    expect(leases.put('three', request).begun).toBe(true);
  });
});

describe('wake packets', () => {
  it('go to the broadcast address of each network, and to 255.255.255.255 only where it is named', () => {
    const interfaces = [
      { name: 'lo', address: '127.0.0.1', netmask: '255.0.0.0', internal: true },
      { name: 'a', address: '192.168.1.7', netmask: '255.255.255.0', internal: false },
      { name: 'b', address: '10.0.5.7', netmask: '255.255.254.0', internal: false },
      { name: 'c', address: '10.9.9.9', netmask: '255.255.255.255', internal: false },
    ];
    const to = (broadcasts: string[]) =>
      packetDestinations({ interfaces, broadcasts, ports: [9, 7] }).map(
        ({ address, port }) => `${address}:${port}`,
      );
    expect(to([])).toEqual(['192.168.1.255:9', '192.168.1.255:7', '10.0.5.255:9', '10.0.5.255:7']);
    expect(to(['255.255.255.255'])).toEqual(['255.255.255.255:9', '255.255.255.255:7']);
  });
});

describe('systems', () => {
  it('have commands that are arguments, and one that a person named wins', () => {
    const lines = (...asked: Parameters<typeof powerCommands>) =>
      powerCommands(...asked).map((command) => command.join(' '));
    const logind = expect.stringMatching(
      /^busctl --system .* org\.freedesktop\.login1\.Manager Suspend b false$/,
    );
    expect(lines('linux', 'sleep', { force: false, own: {} })).toEqual([logind]);
    expect(lines('linux', 'sleep', { force: true, own: {} })).toEqual([
      logind,
      'systemctl --no-ask-password start --no-block --job-mode=replace-irreversibly suspend.target',
    ]);
    expect(lines('win32', 'shutdown', { force: true, own: {} })).toEqual(['shutdown.exe /s /t 0 /f']);
    expect(lines('darwin', 'hibernate', { force: false, own: {} })).toEqual([]);
    expect(lines('darwin', 'hibernate', { force: false, own: { hibernate: ['x'] } })).toEqual(['x']);
  });

  it.each(['linux', 'darwin', 'win32'] as const)('install on %s what uninstalling removes', (platform) => {
    const facts = {
      platform,
      program: '/a/agent.mjs',
      worker: '/a/task-worker.mjs',
      node: '/usr/bin/node',
      flags: ['--role', 'power'],
      roles: ['power' as const],
      restartOllama: true,
      folder: platform === 'win32' ? 'C:\\ProgramData\\Pilotlight\\agent' : '/var/lib/pilotlight-agent',
      user: 'ann',
    };
    const removed = planUninstall(facts).flatMap((step) => (step.do === 'remove' ? step.path : []));
    const written = planInstall(facts).flatMap((step) =>
      step.do === 'write' && !step.path.endsWith('.new') ? step.path : step.do === 'copy' ? step.to : [],
    );
    expect(written.length).toBeGreaterThan(1);
    for (const path of written) expect(removed.some((folder) => path.startsWith(folder))).toBe(true);
  });

  it.each([
    ['linux' as const, '/usr/local/lib/pilotlight-agent/pilotlight-agent', '.service'],
    ['darwin' as const, '/usr/local/lib/pilotlight-agent/pilotlight-agent', '.plist'],
    ['win32' as const, 'C:\\P\\agent\\pilotlight-agent.exe', 'task.xml'],
  ])('install the single file on %s, which needs no Node', (platform, to, unit) => {
    const folder = platform === 'win32' ? 'C:\\P\\agent' : '/var/lib/pilotlight-agent';
    const steps = planInstall({
      ...{ platform, program: '/home/ann/pilotlight-agent', worker: null, node: null, user: 'ann', folder },
      ...{ flags: ['--role', 'power'], roles: ['power' as const], restartOllama: false },
    });
    expect(steps).toContainEqual({ do: 'copy', from: '/home/ann/pilotlight-agent', to, mode: 0o755 });
    const service = steps.find((step) => step.do === 'write' && step.path.endsWith(unit));
    expect(service).toMatchObject({ content: expect.stringContaining(to) });
    expect(service).not.toMatchObject({ content: expect.stringMatching(/agent\.mjs|bin\/node/) });
  });

  it('read what their tools print', () => {
    expect(parseComputeProcess('GPU-1, 4711, /usr/bin/ollama, runner, 8123')).toEqual({
      gpuId: 'GPU-1',
      pid: 4711,
      name: '/usr/bin/ollama, runner',
      vramUsedBytes: 8123 * 1024 ** 2,
    });
    expect(parseComputeProcess('GPU-1, 4711, x, [N/A]')?.vramUsedBytes).toBeNull();
    expect(parseComputeProcess('No running processes found')).toBeNull();
    expect(parseWho('ann      tty2         2026-11-21 09:00 (tty2)\nann pts/0 x\nbob pts/1 y\n')).toEqual([
      'ann',
      'bob',
    ]);
    expect(parseQuser(' USERNAME  SESSIONNAME\r\n>ann       console\r\n bob       rdp-tcp#1\r\n')).toEqual([
      'ann',
      'bob',
    ]);
    expect(parseEthtool('\tSupports Wake-on: pumbg\n\tWake-on: g\n')).toBe(true);
    expect(parseEthtool('\tSupports Wake-on: pumbg\n\tWake-on: d\n')).toBe(false);
    expect(parseEthtool('Settings for eth0:\n')).toBeNull();
    expect(parsePmset(' womp                 1\n')).toBe(true);
    expect(gpuFoundInLog('level=INFO msg="inference compute" id=GPU-1 library=CUDA\n')).toBe(true);
    expect(gpuFoundInLog('msg="inference compute" id=cpu library=cpu\n')).toBe(false);
    expect(gpuFoundInLog('nothing')).toBeNull();
    expect(parseUnitStart('ActiveEnterTimestamp=@1795232000\n')).toBe(1_795_232_000_000);
  });
});
