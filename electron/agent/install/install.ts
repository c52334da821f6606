/** `agent install` and `agent uninstall`. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostPlatform } from '../../adapters/agent-host/types.ts';
import { isSingleFile } from '../../adapters/processes/single-file.ts';
import type { CommandContext } from '../command-context.ts';
import type { AgentConfig } from '../config.ts';
import { canAnnounce, configFlags } from '../config.ts';
import { AgentError, errorText } from '../errors.ts';
import { findRunnerProgram, findWorkerProgram } from '../find-program.ts';
import { systemFolder } from '../places.ts';
import { installedCommand } from '../program.ts';
import { requireFittingFolder } from './existing-folder.ts';
import { type InstallStep, installedAt, linuxUser, planInstall, planUninstall } from './plan.ts';

export interface InstallRequest {
  folder: string;
  config: AgentConfig;
  platform: HostPlatform;
}

const NODE_FOR_ALL = 'Install Node for all users and name it with --node, for example --node /usr/bin/node.';
const RUNNER_FOR_ALL =
  'Put the folder of Pilotlight where all users can read it, for example below /opt, and install from there.';
const ANNOUNCED = 'Panels on its network can discover it. To turn that off, install it with --no-announce.';

/** Throws INSTALL_FAILED. With --print nothing is changed. */
export async function install(
  context: CommandContext,
  { folder, config, platform }: InstallRequest,
): Promise<void> {
  const { flags } = context;
  const named = typeof flags.node === 'string' ? context.resolve(flags.node) : null;
  // The single file is its own Node.
  const node = isSingleFile() ? null : (named ?? process.execPath);
  const user =
    typeof flags.user === 'string'
      ? flags.user
      : (context.environment.SUDO_USER ?? context.environment.USER ?? '');
  if (platform === 'darwin' && (user === 'root' || !/^[A-Za-z_][\w.-]*$/.test(user))) {
    throw new AgentError('INSTALL_FAILED', {
      message: 'Cannot tell which user the agent should run as.',
      next: 'Name one that is not root with --user.',
    });
  }
  // systemd hides the rest of the system from the agent, and creates its folder below /var/lib.
  if (platform === 'linux' && !/^\/var\/lib(?:\/[\w-][\w.-]*)+$/.test(folder)) {
    throw new AgentError('INSTALL_FAILED', {
      message: `An installed agent keeps its files below /var/lib, not in ${folder}.`,
      next: 'Omit --data, or choose a folder below /var/lib.',
    });
  }
  // An installed agent is announced unless the person says otherwise.
  // The installed agent is alone in its folder, so it is told where the runner is.
  const runner = config.role.includes('runner')
    ? findRunnerProgram(config.runnerProgram, import.meta.url)
    : null;
  // A door for Immich alone needs no runner here.
  const needsRunner = config.role.includes('runner') && config.immich === null;
  if (needsRunner && runner === null) throw new AgentError('RUNNER_PROGRAM_MISSING');
  const namesRunner = runner !== null && flags['runner-program'] === undefined;
  const worker = config.worker === null ? null : findWorkerProgram(config.worker.program, import.meta.url);
  if (config.worker !== null && worker === null) throw new AgentError('WORKER_PROGRAM_MISSING');
  const announces = config.announce === null && canAnnounce(config);
  const steps = planInstall({
    platform,
    program: node === null ? process.execPath : fileURLToPath(import.meta.url),
    // The single file has the worker inside.
    worker: node === null ? null : worker,
    needsRoom: worker !== null,
    node,
    flags: [
      ...startFlags(context),
      ...(announces ? ['--announce'] : []),
      ...(namesRunner ? ['--runner-program', runner] : []),
    ],
    roles: config.role,
    restartOllama: config.restartOllama,
    folder,
    user,
  });
  if (flags.print === true) {
    for (const line of steps.flatMap(describeStep)) context.print(line);
    if (announces || config.announce === true) context.print(`# ${ANNOUNCED}`);
    return;
  }
  requireBundle();
  requireRoot(platform);
  if (platform === 'linux') {
    if (node !== null) requireOpen(node, 0o001, NODE_FOR_ALL);
    if (runner !== null) requireOpen(runner, 0o004, RUNNER_FOR_ALL);
  }
  await requireFittingFolder({
    platform,
    folder,
    usual: systemFolder(process.platform, context.environment),
    user: platform === 'linux' ? linuxUser : user,
  });
  for (const step of steps) {
    perform(step, context);
    // The rights that it is granted are shown in full, all other steps as one line.
    const rights = step.do === 'write' && /polkit|sudoers\.d/.test(step.path);
    for (const line of rights ? describeStep(step) : describeStep(step).slice(0, 1)) context.print(line);
  }
  if (announces || config.announce === true) context.print(ANNOUNCED);
  for (const line of afterInstall(platform, { node, folder })) context.print(line);
}

/** The commands that a person runs next, as typed on this machine. */
export function afterInstall(
  platform: HostPlatform,
  { node, folder }: { node: string | null; folder: string },
): string[] {
  const at = { node, ...installedAt(platform, folder, node === null) };
  return [
    'The agent is installed and running. To give a panel its token, run:',
    `  ${installedCommand(platform, at, 'pair')}`,
  ];
}

export async function uninstall(
  context: CommandContext,
  { platform }: { platform: HostPlatform },
): Promise<void> {
  const folder = systemFolder(process.platform, context.environment);
  const steps = planUninstall({ platform, folder });
  if (context.flags.print === true) {
    for (const line of steps.flatMap(describeStep)) context.print(line);
    return;
  }
  requireRoot(platform);
  for (const step of steps) perform(step, context);
  context.print(
    'The agent is removed, with its token, leases and policies. Panels have to pair again after a new install.',
  );
}

/** The flags given here are passed to the service; everything else comes from its config file. */
function startFlags({ flags }: Pick<CommandContext, 'flags'>): string[] {
  return Object.keys(configFlags).flatMap((name) => {
    const value = flags[name];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
    return [`--${name}`, Array.isArray(value) ? value.join(',') : String(value)];
  });
}

function describeStep(step: InstallStep): string[] {
  switch (step.do) {
    case 'folder':
      return [`# make the folder ${step.path}, mode ${step.mode.toString(8)}`, ''];
    case 'copy':
      return [`# copy ${step.from} to ${step.to}`, ''];
    case 'remove':
      return [`# remove ${step.path}`, ''];
    case 'write':
      return [
        `# write ${step.path}, mode ${step.mode.toString(8)}:`,
        ...step.content
          .replace(/^\uFEFF/, '')
          .trimEnd()
          .split('\n'),
        '',
      ];
    case 'run':
      return [
        `# run: ${step.command.map((word) => (/^[\w./:=*-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')}`,
        '',
      ];
  }
}

function perform(step: InstallStep, { log }: CommandContext): void {
  try {
    switch (step.do) {
      case 'folder':
        // One that exists keeps its mode and its owner.
        if (mkdirSync(step.path, { recursive: true, mode: 0o755 }) === undefined) return;
        chmodSync(step.path, step.mode);
        if (step.owner !== null) execFileSync('chown', [step.owner, step.path]);
        return;
      case 'copy':
        copyFileSync(step.from, step.to);
        chmodSync(step.to, step.mode);
        return;
      case 'remove':
        rmSync(step.path, { recursive: true, force: true });
        return;
      case 'write':
        mkdirSync(dirname(step.path), { recursive: true, mode: 0o755 });
        writeFileSync(step.path, step.content, { mode: step.mode, encoding: step.encoding ?? 'utf8' });
        chmodSync(step.path, step.mode);
        return;
      case 'run': {
        const [program, ...args] = step.command;
        execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      }
    }
  } catch (error) {
    const what = describeStep(step)[0]?.replace(/^# /, '') ?? '';
    if (step.do === 'run' && step.mayFail)
      log(`${what}: ${errorText(error).trim()} (ignored: may already be done)`);
    else
      throw new AgentError('INSTALL_FAILED', {
        message: `${what}: ${errorText(error).trim()}`,
        cause: error,
      });
  }
}

function requireBundle(): void {
  if (!import.meta.url.endsWith('.ts')) return;
  throw new AgentError('INSTALL_FAILED', {
    message: 'The agent can only be installed from its bundle.',
    next: 'Run npm run build, then: node dist/agent/agent.mjs install',
  });
}

function requireRoot(platform: HostPlatform): void {
  if (platform === 'win32' || process.getuid?.() === 0) return;
  throw new AgentError('INSTALL_FAILED', {
    message: 'Installing requires administrator rights.',
    next: 'Run it with sudo, or use --print to see the steps.',
  });
}

/** The agent's own user must be able to run Node; home folders are often closed to other users. */
/** @param right of others to the file itself; they need to pass through its folders */
function requireOpen(file: string, right: number, next: string): void {
  for (let path = file; ; path = dirname(path)) {
    const { mode } = statSync(path);
    const open = (mode & (path === file ? right : 0o001)) !== 0;
    if (!open) {
      throw new AgentError('INSTALL_FAILED', {
        message: `The agent’s user could not run ${file}, because ${path} is closed to others.`,
        next,
      });
    }
    if (path === join(path, '..')) return;
  }
}
