/** The steps of an installation, as data: shown with --print, carried out otherwise. */

import type { AgentRole } from '../../../shared/contract/agent.ts';
import type { HostPlatform } from '../../adapters/agent-host/types.ts';
import { launchdPlist, sudoersLines } from './launchd.ts';
import { polkitRule, systemdUnit } from './systemd.ts';
import { taskXml } from './windows-task.ts';

export type InstallStep =
  | { do: 'folder'; path: string; mode: number; owner: string | null }
  | { do: 'write'; path: string; mode: number; content: string; encoding?: 'utf16le' }
  | { do: 'copy'; from: string; to: string; mode: number }
  | { do: 'remove'; path: string }
  /** `mayFail`: what it creates or removes may already be so. */
  | { do: 'run'; command: readonly [string, ...string[]]; mayFail?: true };

export interface InstallFacts {
  platform: HostPlatform;
  /** The bundled program, which is copied to its own folder. */
  program: string;
  /** The program of the worker, which is copied beside it; null for none. */
  worker: string | null;
  /** Whether it works on tasks, wherever the program for that is. */
  needsRoom?: boolean;
  /** Runs the program; null for the single file, which has Node inside. */
  node: string | null;
  /** The flags that it starts with. */
  flags: readonly string[];
  roles: readonly AgentRole[];
  /** Whether panels may restart Ollama. */
  restartOllama: boolean;
  /** Where its files are stored. */
  folder: string;
  /** The user it runs as on macOS; elsewhere it has its own user. */
  user: string;
}

/** The user of an installed agent on Linux. */
export const linuxUser = 'pilotlight-agent';

const linuxPaths = {
  folder: '/usr/local/lib/pilotlight-agent',
  program: '/usr/local/lib/pilotlight-agent/agent.mjs',
  single: '/usr/local/lib/pilotlight-agent/pilotlight-agent',
  worker: '/usr/local/lib/pilotlight-agent/task-worker.mjs',
  unit: '/etc/systemd/system/pilotlight-agent.service',
  rule: '/etc/polkit-1/rules.d/50-pilotlight-agent.rules',
};

const macPaths = {
  folder: '/usr/local/lib/pilotlight-agent',
  program: '/usr/local/lib/pilotlight-agent/agent.mjs',
  single: '/usr/local/lib/pilotlight-agent/pilotlight-agent',
  worker: '/usr/local/lib/pilotlight-agent/task-worker.mjs',
  plist: '/Library/LaunchDaemons/net.pilotlight.agent.plist',
  sudoers: '/etc/sudoers.d/pilotlight-agent',
  label: 'net.pilotlight.agent',
};

/** The SID of Windows's LocalService, because the name is translated. It may shut the machine down, and little else. */
const localService = '*S-1-5-19';
const taskName = 'Pilotlight agent';

function windowsPaths(folder: string) {
  return {
    program: `${folder}\\agent.mjs`,
    single: `${folder}\\pilotlight-agent.exe`,
    worker: `${folder}\\task-worker.mjs`,
    task: `${folder}\\task.xml`,
    data: `${folder}\\data`,
  };
}

/** Where an installed agent's program and files are. */
export function installedAt(
  platform: HostPlatform,
  folder: string,
  isSingleFile = false,
): { program: string; folder: string } {
  const paths = { linux: linuxPaths, darwin: macPaths, win32: windowsPaths(folder) }[platform];
  const program = isSingleFile ? paths.single : paths.program;
  return { program, folder: platform === 'win32' ? windowsPaths(folder).data : folder };
}

/** What the service starts. */
function started({ node, flags }: InstallFacts, paths: { program: string; single: string }, data: string) {
  const program = node === null ? paths.single : paths.program;
  const [first, ...args] = [...(node === null ? [] : [node]), program, ...flags, '--data', data];
  return { first: first ?? program, args, program, mode: node === null ? 0o755 : 0o644 };
}

export function planInstall(facts: InstallFacts): InstallStep[] {
  switch (facts.platform) {
    case 'linux':
      return installLinux(facts);
    case 'darwin':
      return installMac(facts);
    case 'win32':
      return installWindows(facts);
  }
}

/** Leaves nothing: its token, leases, policies and user are removed too. */
export function planUninstall({
  platform,
  folder,
}: Pick<InstallFacts, 'platform' | 'folder'>): InstallStep[] {
  switch (platform) {
    case 'linux':
      return [
        { do: 'run', command: ['systemctl', 'disable', '--now', 'pilotlight-agent.service'], mayFail: true },
        { do: 'remove', path: linuxPaths.unit },
        { do: 'remove', path: linuxPaths.rule },
        { do: 'remove', path: linuxPaths.folder },
        { do: 'remove', path: folder },
        { do: 'run', command: ['userdel', linuxUser], mayFail: true },
        { do: 'run', command: ['systemctl', 'daemon-reload'], mayFail: true },
      ];
    case 'darwin':
      return [
        { do: 'run', command: ['launchctl', 'bootout', `system/${macPaths.label}`], mayFail: true },
        { do: 'remove', path: macPaths.plist },
        { do: 'remove', path: macPaths.sudoers },
        { do: 'remove', path: macPaths.folder },
        { do: 'remove', path: folder },
      ];
    case 'win32':
      return [
        { do: 'run', command: ['schtasks.exe', '/End', '/TN', taskName], mayFail: true },
        { do: 'run', command: ['schtasks.exe', '/Delete', '/TN', taskName, '/F'], mayFail: true },
        { do: 'remove', path: folder },
      ];
  }
}

/** The agent finds it beside itself. */
function copyOf(from: string | null, to: string): InstallStep[] {
  return from === null ? [] : [{ do: 'copy', from, to, mode: 0o644 }];
}

function installLinux(facts: InstallFacts): InstallStep[] {
  const { program, worker, roles, restartOllama, folder, needsRoom = worker !== null } = facts;
  const start = started(facts, linuxPaths, folder);
  const power = roles.includes('power');
  const runner = roles.includes('runner');
  const home = ['--system', '--no-create-home', '--home-dir', folder, '--shell', '/usr/sbin/nologin'];
  return [
    // Fails if the user already exists, which is fine.
    { do: 'run', command: ['useradd', ...home, linuxUser], mayFail: true },
    { do: 'folder', path: linuxPaths.folder, mode: 0o755, owner: null },
    { do: 'copy', from: program, to: start.program, mode: start.mode },
    ...copyOf(worker, linuxPaths.worker),
    {
      do: 'write',
      path: linuxPaths.unit,
      mode: 0o644,
      content: systemdUnit({
        command: [start.first, ...start.args],
        user: linuxUser,
        folder,
        // Its notices go to terminals; Ollama's journal says whether it found a GPU.
        groups: [
          ...(power ? ['tty'] : []),
          ...(roles.includes('telemetry') ? ['systemd-journal'] : []),
          // They open the GPU.
          ...(runner || needsRoom ? ['video', 'render'] : []),
        ],
        needsRoom: runner || needsRoom,
      }),
    },
    ...(power
      ? [
          {
            do: 'write' as const,
            path: linuxPaths.rule,
            mode: 0o644,
            content: polkitRule(linuxUser, { power, restartOllama }),
          },
        ]
      : []),
    { do: 'run', command: ['systemctl', 'daemon-reload'] },
    { do: 'run', command: ['systemctl', 'enable', '--now', 'pilotlight-agent.service'] },
  ];
}

function installMac(facts: InstallFacts): InstallStep[] {
  const { program, worker, roles, folder, user } = facts;
  const start = started(facts, macPaths, folder);
  const power = roles.includes('power');
  const beside = `${macPaths.sudoers}.new`;
  return [
    { do: 'folder', path: macPaths.folder, mode: 0o755, owner: null },
    { do: 'copy', from: program, to: start.program, mode: start.mode },
    ...copyOf(worker, macPaths.worker),
    { do: 'folder', path: folder, mode: 0o711, owner: user },
    ...(power
      ? ([
          // A bad sudoers file would lock everyone out of sudo, so it is checked under a name that sudo ignores.
          { do: 'write', path: beside, mode: 0o440, content: sudoersLines(user) },
          { do: 'run', command: ['visudo', '-c', '-f', beside] },
          { do: 'remove', path: beside },
          { do: 'write', path: macPaths.sudoers, mode: 0o440, content: sudoersLines(user) },
        ] satisfies InstallStep[])
      : []),
    {
      do: 'write',
      path: macPaths.plist,
      mode: 0o644,
      content: launchdPlist({
        label: macPaths.label,
        command: [start.first, ...start.args],
        user,
        log: `${folder}/agent.log`,
      }),
    },
    { do: 'run', command: ['launchctl', 'bootout', `system/${macPaths.label}`], mayFail: true },
    { do: 'run', command: ['launchctl', 'bootstrap', 'system', macPaths.plist] },
  ];
}

function installWindows(facts: InstallFacts): InstallStep[] {
  const { program, worker, folder } = facts;
  const paths = windowsPaths(folder);
  const start = started(facts, paths, paths.data);
  const full = '(OI)(CI)F';
  return [
    { do: 'folder', path: paths.data, mode: 0o755, owner: null },
    { do: 'copy', from: program, to: start.program, mode: start.mode },
    ...copyOf(worker, paths.worker),
    // Only administrators may change the program, and only the agent its data.
    {
      do: 'run',
      command: [
        'icacls.exe',
        folder,
        '/inheritance:r',
        '/grant:r',
        `*S-1-5-18:${full}`,
        `*S-1-5-32-544:${full}`,
        `${localService}:(OI)(CI)RX`,
      ],
    },
    { do: 'run', command: ['icacls.exe', paths.data, '/grant:r', `${localService}:${full}`] },
    {
      do: 'write',
      path: paths.task,
      mode: 0o644,
      encoding: 'utf16le',
      content: taskXml({ program: start.first, args: start.args }),
    },
    { do: 'run', command: ['schtasks.exe', '/Create', '/TN', taskName, '/XML', paths.task, '/F'] },
    { do: 'run', command: ['schtasks.exe', '/Run', '/TN', taskName] },
  ];
}
