/** The machine that this process runs on. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { printable } from '../../../shared/printable.ts';
import { execProgram } from '../hardware/exec.ts';
import { powershell } from '../hardware/powershell.ts';
import { descendsFrom } from './ancestry.ts';
import { readGpuLoad } from './gpu-load.ts';
import { createInhibitor, lockCommands } from './inhibitor.ts';
import { createLogind, hostPowerActions } from './logind.ts';
import { openTelemetrySource } from './telemetry-source.ts';
import { writeToTerminals } from './terminals.ts';
import type { AgentHost, Clock, HostPlatform } from './types.ts';
import { readUsers } from './users.ts';

export interface SystemHostOptions {
  clock: Clock;
  /** Base URL of Ollama on this machine. */
  ollama: string;
  platform?: HostPlatform;
}

const COMMAND_MS = 30_000;
const NOTICE_MS = 10_000;

/** FreeBSD and others are treated as Linux: they have systemd's commands or none. */
export function hostPlatform(): HostPlatform {
  return process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux';
}

export function createSystemHost({ clock, ollama, platform = hostPlatform() }: SystemHostOptions): AgentHost {
  let boot: Promise<string> | null = null;
  const bootId = () => {
    boot ??= readBootId(platform);
    return boot;
  };

  async function runTool(program: string, args: readonly string[], deadlineMs: number): Promise<void> {
    await execProgram(program, args, { deadlineMs, signal: new AbortController().signal });
  }

  const logind = createLogind({
    exec: execProgram,
    hasSystemd: () => existsSync('/run/systemd/system'),
    isOurs: (pid) => descendsFrom(pid, process.pid),
    sleepStates: () => readFile('/sys/power/state', 'utf8').catch(() => null),
  });

  return {
    platform,
    bootId,
    uptimeSeconds: () => os.uptime(),
    users: (signal) => readUsers({ exec: execProgram, platform, signal }),
    gpuLoad: (signal) => readGpuLoad({ clock, exec: execProgram, platform, signal }),
    async run(command, options) {
      const [program = '', ...args] = command;
      try {
        await runTool(program, args, options?.deadlineMs ?? COMMAND_MS);
      } catch (error) {
        throw withProgramOutput(program, error);
      }
    },
    abilities: async (signal) =>
      platform === 'linux'
        ? await logind.abilities(signal)
        : Object.fromEntries(hostPowerActions.map((action) => [action, 'yes'])),
    blockers: async (action, signal, order) =>
      platform === 'linux' ? await logind.blockers(action, signal, order) : [],
    async notify(message) {
      if (platform === 'linux' && (await writeToTerminals(message)) > 0) return;
      const [program, ...args] = noticeCommand(platform, printable(message));
      await runTool(program, args, NOTICE_MS);
    },
    createInhibitor: (command, changed) =>
      createInhibitor({
        clock,
        locks:
          command === null ? lockCommands(platform, process.pid) : [{ what: 'all', command, proof: 'runs' }],
        changed,
      }),
    openTelemetry: () => openTelemetrySource({ clock, exec: execProgram, platform, ollama, bootId }),
  };
}

/** Node puts the whole command before the program's output. */
function withProgramOutput(program: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const output = error.message.split('\n').slice(1).join(' ').trim();
  return output === '' ? error : new Error(`${program}: ${output}`, { cause: error });
}

/** A notice for everyone who is logged in; it is passed as an argument and never through a shell. */
function noticeCommand(platform: HostPlatform, message: string): [string, ...string[]] {
  switch (platform) {
    case 'linux':
      return ['wall', message];
    case 'darwin':
      return [
        'osascript',
        '-e',
        'on run argv',
        '-e',
        'display notification (item 1 of argv) with title "Pilotlight"',
        '-e',
        'end run',
        message,
      ];
    case 'win32':
      return ['msg.exe', '*', '/TIME:60', message];
  }
}

async function readBootId(platform: HostPlatform): Promise<string> {
  const options = { deadlineMs: 15_000, signal: new AbortController().signal };
  try {
    if (platform === 'linux') return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    if (platform === 'darwin')
      return (await execProgram('sysctl', ['-n', 'kern.bootsessionuuid'], options)).trim();
    const script = '(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToFileTimeUtc()';
    const [program, ...args] = powershell(script);
    return `boot-${(await execProgram(program, args, options)).trim()}`;
  } catch {
    // To the minute, because a value computed from two clocks varies by less.
    return `boot-${Math.round((Date.now() / 1000 - os.uptime()) / 60)}`;
  }
}
