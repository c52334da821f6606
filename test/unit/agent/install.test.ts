import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { HostPlatform } from '../../../electron/adapters/agent-host/types.ts';
import type { CommandContext } from '../../../electron/agent/command-context.ts';
import { parseFlags, readConfig } from '../../../electron/agent/config.ts';
import { afterInstall, install } from '../../../electron/agent/install/install.ts';
import { systemFolder } from '../../../electron/agent/places.ts';

const run = promisify(execFile);
const find = (program: string) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));

/** What `agent install --print` shows on a system. */
async function printed(
  platform: HostPlatform,
  args: readonly string[] = [],
  folder = systemFolder(platform, {}),
  content: object | null = null,
): Promise<string> {
  const { values: flags } = parseFlags([
    'install',
    '--print',
    '--node',
    '/usr/bin/node',
    '--user',
    'ann',
    ...args,
  ]);
  const lines: string[] = [];
  const context: CommandContext = {
    names: [],
    flags,
    environment: {},
    home: '/home/ann',
    args: [],
    updateKeys: [],
    version: '1.2.3',
    log: () => {},
    print: (line) => lines.push(line),
    resolve: (path) => path,
    stopAsked: () => Promise.resolve(),
  };
  const file = content === null ? null : { path: 'agent.json', content, privately: true };
  const config = readConfig({ flags, environment: {}, file });
  await install(context, { folder, config, platform });
  return lines.join('\n');
}

/** Only a built agent finds it by itself. */
const runnerProgram = [
  '--runner-program',
  fileURLToPath(new URL('../../../electron/workers/runner/runner-worker.ts', import.meta.url)),
];

/** The lines of one file that is written. */
function fileIn(text: string, path: RegExp): string {
  const block = text
    .split(/^(?=# (?:write|run:|copy|make|remove) )/m)
    .find((one) => /^# write /.test(one) && path.test(one.split('\n')[0] ?? ''));
  return block?.split('\n').slice(1).join('\n') ?? '';
}

describe('agent install on Linux', () => {
  it.each(['/srv/agent', '/var/lib', '/var/lib/../../etc', '/var/lib/a b'])(
    'refuses the folder %s, where its unit could not write',
    async (folder) => {
      await expect(printed('linux', [], folder)).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
    },
  );

  it('copies the program of the worker beside the agent, and lets it use the GPU and memory', async () => {
    const worker = {
      server: 'http://192.168.1.5:8780',
      token: 'pilotlight_key_1',
      program: process.execPath,
    };
    const text = await printed('linux', [], undefined, { role: ['worker'], worker });
    expect(text).toMatch(/# copy .*node.* to .*pilotlight-agent\/task-worker\.mjs/);
    const unit = fileIn(text, /pilotlight-agent\.service/).split('\n');
    expect(unit).toContain('SupplementaryGroups=video render');
    expect(unit).toContain('TasksMax=1024');
    // It reads them from its own file.
    expect(text).not.toContain('pilotlight_key_1');
  });

  it('takes another folder below /var/lib', async () => {
    const unit = fileIn(await printed('linux', [], '/var/lib/other'), /pilotlight-agent\.service/);
    expect(unit.split('\n')).toContain('StateDirectory=other');
  });

  it('writes a unit with a user of its own that may write nothing but its folder', async () => {
    const unit = fileIn(await printed('linux', ['--bind', '192.168.1.30']), /pilotlight-agent\.service/);
    for (const line of [
      'User=pilotlight-agent',
      'SupplementaryGroups=tty systemd-journal',
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'ProtectSystem=strict',
      'ProtectHome=read-only',
      'PrivateTmp=yes',
      'RestrictSUIDSGID=yes',
      'StateDirectory=pilotlight-agent',
      'StateDirectoryMode=0711',
      'UMask=0077',
    ])
      expect(unit.split('\n')).toContain(line);
    expect(unit).not.toMatch(/^User=root|^AmbientCapabilities=\S/m);
  });

  it('opens the GPU to a runner, names its program, and leaves it the memory that models need', async () => {
    const text = await printed('linux', ['--role', 'runner', ...runnerProgram]);
    const unit = fileIn(text, /pilotlight-agent\.service/).split('\n');
    expect(unit).toContain('SupplementaryGroups=video render');
    expect(unit).toContain('TasksMax=1024');
    expect(unit.join('\n')).not.toMatch(/MemoryHigh|MemoryMax|PrivateDevices|MemoryDenyWriteExecute/);
    expect(unit.join('\n')).toMatch(/^ExecStart=.* --role runner .*--runner-program \S+runner-worker\.ts /m);
    // It powers nothing off.
    expect(text).not.toContain('polkit');
    const all = fileIn(
      await printed('linux', ['--role', 'power,telemetry,runner', ...runnerProgram]),
      /\.service/,
    );
    expect(all.split('\n')).toContain('SupplementaryGroups=tty systemd-journal video render');
  });

  it.skipIf(find('systemd-analyze') === undefined).each([
    ['all roles', []],
    ['a runner', ['--role', 'runner', ...runnerProgram]],
  ])('writes a unit that systemd takes, for %s', async (_name, role) => {
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-unit-'));
    try {
      const relay = role.length > 0 ? [] : ['--allow-mac', '02:00:00:00:00:01'];
      const args = ['--node', process.execPath, '--bind', '192.168.1.30', ...relay, ...role];
      const unit = fileIn(await printed('linux', args), /\.service/);
      const path = join(folder, 'pilotlight-agent.service');
      writeFileSync(path, unit);
      const { stderr } = await run('systemd-analyze', ['verify', '--man=no', path]);
      expect(stderr.split('\n').filter((line) => line.includes('pilotlight-agent'))).toEqual([]);
      writeFileSync(path, unit.replace('NoNewPrivileges=yes', 'NoNewPrivileges=perhaps'));
      const wrong = await run('systemd-analyze', ['verify', '--man=no', path]).catch((error) => error);
      expect(wrong.stderr).toContain('Failed to parse boolean value');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('quotes what would mean something in a unit', async () => {
    const unit = fileIn(await printed('linux', ['--node', '/opt/my node/100%/$x/node']), /\.service/);
    expect(unit).toContain(
      'ExecStart="/opt/my node/100%%/$$x/node" /usr/local/lib/pilotlight-agent/agent.mjs',
    );
  });

  const answersOf = (rule: string) => {
    const rules: ((action: object, subject: object) => string)[] = [];
    const Result = { YES: 'yes', NOT_HANDLED: 'not handled' };
    runInNewContext(rule, { polkit: { addRule: (one: (typeof rules)[number]) => rules.push(one), Result } });
    expect(rules).toHaveLength(1);
    return (id: string, { user = 'pilotlight-agent', ...details }: Record<string, string> = {}) =>
      rules[0]?.({ id, lookup: (key: string) => details[key] ?? '' }, { user });
  };

  it('lets a forced action start exactly its own target', async () => {
    const answer = answersOf(fileIn(await printed('linux'), /polkit-1\/rules\.d/));
    const manage = 'org.freedesktop.systemd1.manage-units';
    for (const unit of ['poweroff.target', 'reboot.target', 'suspend.target', 'hibernate.target']) {
      expect(answer(manage, { unit, verb: 'start' })).toBe('yes');
      expect(answer(manage, { unit, verb: 'start', user: 'ann' })).toBe('not handled');
      for (const verb of ['stop', 'restart', 'isolate', ''])
        expect(answer(manage, { unit, verb })).toBe('not handled');
    }
    for (const unit of ['rescue.target', 'ssh.service', 'ollama.service', 'poweroff.target2', ''])
      expect(answer(manage, { unit, verb: 'start' })).toBe('not handled');
  });

  it.each([
    [
      'linux',
      'sudo /usr/bin/node /usr/local/lib/pilotlight-agent/agent.mjs pair --data /var/lib/pilotlight-agent',
    ],
    [
      'darwin',
      'sudo /usr/bin/node /usr/local/lib/pilotlight-agent/agent.mjs pair --data /usr/local/var/pilotlight-agent',
    ],
    [
      'win32',
      '/usr/bin/node C:\\ProgramData\\Pilotlight\\agent\\agent.mjs pair --data C:\\ProgramData\\Pilotlight\\agent\\data',
    ],
  ] as const)('ends on %s with the command that pairs there', (platform, command) => {
    const folder = systemFolder(platform, {});
    expect(afterInstall(platform, { node: '/usr/bin/node', folder }).at(-1)?.trim()).toBe(command);
  });

  it('quotes a path with spaces as the shell there reads it', () => {
    const spaced = { node: "/opt/ann's node/node", folder: '/var/lib/pilotlight-agent' };
    expect(afterInstall('linux', spaced).at(-1)).toContain(String.raw`sudo '/opt/ann'\''s node/node' /usr`);
    const program = { node: 'C:\\Program Files\\nodejs\\node.exe', folder: systemFolder('win32', {}) };
    expect(afterInstall('win32', program).at(-1)).toContain('"C:\\Program Files\\nodejs\\node.exe" C:');
  });

  it('writes a polkit rule for its own user and its power actions only', async () => {
    const answer = answersOf(fileIn(await printed('linux'), /polkit-1\/rules\.d/));
    const login = 'org.freedesktop.login1';
    for (const action of [
      'power-off',
      'reboot-multiple-sessions',
      'suspend',
      'hibernate',
      'inhibit-block-sleep',
    ])
      expect(answer(`${login}.${action}`)).toBe('yes');
    for (const action of [
      'set-user-linger',
      'inhibit-block-shutdown',
      'halt',
      'flush-devices',
      'power-off2',
      // Without this right logind itself refuses what another program blocks.
      'power-off-ignore-inhibit',
      'suspend-ignore-inhibit',
    ])
      expect(answer(`${login}.${action}`)).toBe('not handled');
    for (const user of ['ann', 'root', 'pilotlight-agent2', ''])
      expect(answer(`${login}.power-off`, { user })).toBe('not handled');
    const restart = { unit: 'ollama.service', verb: 'restart' };
    expect(answer('org.freedesktop.systemd1.manage-units', restart)).toBe('not handled');
  });

  it('lets it restart Ollama, that unit and that verb, only where that was asked for', async () => {
    const text = await printed('linux', ['--restart-ollama']);
    expect(text).toMatch(/ExecStart=.* --restart-ollama /);
    const answer = answersOf(fileIn(text, /polkit-1\/rules\.d/));
    const manage = 'org.freedesktop.systemd1.manage-units';
    const restart = { unit: 'ollama.service', verb: 'restart' };
    expect(answer(manage, restart)).toBe('yes');
    expect(answer(manage, { ...restart, user: 'ann' })).toBe('not handled');
    expect(answer(manage, { ...restart, verb: 'stop' })).toBe('not handled');
    expect(answer(manage, { ...restart, unit: 'sshd.service' })).toBe('not handled');
    expect(answer(manage)).toBe('not handled');
    expect(answer('org.freedesktop.systemd1.manage-unit-files', restart)).toBe('not handled');
    expect(answer('org.freedesktop.login1.power-off')).toBe('yes');
  });

  it('gives a relay no right at all', async () => {
    const text = await printed('linux', ['--role', 'relay']);
    expect(text).toContain('pilotlight-agent.service');
    expect(text).not.toMatch(/polkit|SupplementaryGroups/);
  });

  it('announces the agent on the network that it listens on and says so, unless this is turned off', async () => {
    const notice = /Panels on its network can discover it/;
    const line = (text: string) => /^ExecStart=.*$/m.exec(text)?.[0];
    const found = await printed('linux', ['--bind', '192.168.1.30']);
    expect(line(found)).toContain(' --announce ');
    expect(found).toMatch(notice);
    const silent = await printed('linux', ['--bind', '192.168.1.30', '--no-announce']);
    expect(line(silent)).toContain(' --no-announce ');
    expect(silent).not.toMatch(notice);
    // An agent on loopback cannot be discovered.
    const here = await printed('linux');
    expect(line(here)).not.toContain('announce');
    expect(here).not.toMatch(notice);
  });
});

describe('agent install on macOS', () => {
  it('lets the person’s user run two commands with exactly their arguments', async () => {
    const text = await printed('darwin', ['--restart-ollama']);
    const lines = fileIn(text, /sudoers\.d\/pilotlight-agent,/)
      .split('\n')
      .filter((line) => /^[^#]/.test(line));
    expect(lines).toEqual(['ann ALL=(root) NOPASSWD: /sbin/shutdown -h now, /sbin/shutdown -r now']);
    // It is checked before it lies where sudo reads it.
    expect(text.indexOf('visudo -c -f')).toBeLessThan(
      text.indexOf('# write /etc/sudoers.d/pilotlight-agent,'),
    );
    expect(text.indexOf('visudo -c -f')).toBeGreaterThan(0);
  });

  it.skipIf(find('visudo') === undefined)('writes lines that sudo takes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-sudoers-'));
    try {
      const path = join(folder, 'sudoers');
      writeFileSync(path, fileIn(await printed('darwin'), /sudoers\.d\/pilotlight-agent,/), { mode: 0o440 });
      expect((await run('visudo', ['-c', '-f', path])).stdout).toContain('OK');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('starts it as that user, not as root, and gives a relay no right', async () => {
    const plist = fileIn(await printed('darwin'), /\.plist/);
    expect(plist).toMatch(/<key>UserName<\/key>\s*<string>ann<\/string>/);
    expect(await printed('darwin', ['--role', 'relay'])).not.toContain('sudoers');
    await expect(printed('darwin', ['--user', 'root'])).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
  });
});

describe('agent install on Windows', () => {
  it('starts it as LocalService with least privilege, and lets it write its data only', async () => {
    const text = await printed('win32', ['--bind', '192.168.1.30']);
    const task = fileIn(text, /task\.xml/);
    expect(task).toContain('<UserId>S-1-5-19</UserId>');
    expect(task).toContain('<RunLevel>LeastPrivilege</RunLevel>');
    expect(task).toMatch(/<Command>\/usr\/bin\/node<\/Command>/);
    expect(text).toMatch(/icacls\.exe .*"\*S-1-5-19:\(OI\)\(CI\)RX"/);
    expect(text).toMatch(/icacls\.exe .*\\\\data".*"\*S-1-5-19:\(OI\)\(CI\)F"/);
    expect(text).not.toMatch(/HighestAvailable|S-1-5-18<|S-1-1-0/);
  });

  it('starts a runner with Windows, for as long as it takes, on battery too', async () => {
    const task = fileIn(await printed('win32', ['--role', 'runner', ...runnerProgram]), /task\.xml/);
    expect(task).toMatch(/<Arguments>\S+agent\.mjs --role runner .*--runner-program \S+runner-worker\.ts /);
    for (const line of [
      '<BootTrigger><Enabled>true</Enabled></BootTrigger>',
      '<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>',
      '<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>',
      '<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
      '<MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
      '<RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>',
    ])
      expect(task).toContain(line);
    // One program for each user of a machine: as LocalService it shares none with a person.
    expect(task).toContain('<UserId>S-1-5-19</UserId>');
  });
});
