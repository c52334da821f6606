/** The machine that this process runs on. */
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { execProgram } from '../hardware/exec.ts';
import { readGpuLoad } from './gpu-load.ts';
import { createInhibitor, inhibitCommand } from './inhibitor.ts';
import { openTelemetrySource } from './telemetry-source.ts';
import type { AgentHost, Clock, HostPlatform } from './types.ts';
import { readUsers } from './users.ts';

export interface SystemHostOptions {
  clock: Clock;
  /** Ollama on this machine. */
  ollama: string;
  broadcastOf(address: string, netmask: string): string | null;
  platform?: HostPlatform;
}

const COMMAND_MS = 30_000;
const NOTICE_MS = 10_000;

/** FreeBSD and others are as Linux is: they have systemd's commands or none. */
export function hostPlatform(): HostPlatform {
  return process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux';
}

export function createSystemHost({
  clock,
  ollama,
  broadcastOf,
  platform = hostPlatform(),
}: SystemHostOptions): AgentHost {
  let boot: Promise<string> | null = null;
  const bootId = () => {
    boot ??= readBootId(platform);
    return boot;
  };

  async function runTool(program: string, args: readonly string[], deadlineMs: number): Promise<void> {
    await execProgram(program, args, { deadlineMs, signal: new AbortController().signal });
  }

  return {
    platform,
    bootId,
    uptimeSeconds: () => os.uptime(),
    users: (signal) => readUsers({ exec: execProgram, platform, signal }),
    gpuLoad: (signal) => readGpuLoad({ clock, exec: execProgram, platform, signal }),
    async run(command, options) {
      const [program = '', ...args] = command;
      await runTool(program, args, options?.deadlineMs ?? COMMAND_MS);
    },
    cannot: async () =>
      platform === 'linux'
        ? missingSleepStates(await readFile('/sys/power/state', 'utf8').catch(() => null))
        : [],
    async notify(message) {
      const [program, ...args] = noticeCommand(platform, message);
      await runTool(program, args, NOTICE_MS);
    },
    createInhibitor: (command) =>
      createInhibitor({ clock, command: command ?? inhibitCommand(platform, process.pid) }),
    openTelemetry: () =>
      openTelemetrySource({ clock, exec: execProgram, platform, ollama, bootId, broadcastOf }),
  };
}

/** `freeze mem disk` of `/sys/power/state`; without that file nothing is known. */
export function missingSleepStates(states: string | null): ('sleep' | 'hibernate')[] {
  if (states === null) return [];
  const words = states.trim().split(/\s+/);
  const sleeps = words.some((word) => word === 'mem' || word === 'freeze' || word === 'standby');
  return [...(sleeps ? [] : ['sleep' as const]), ...(words.includes('disk') ? [] : ['hibernate' as const])];
}

/** A sentence for everybody who is logged in; it travels as an argument and never through a shell. */
export function noticeCommand(platform: HostPlatform, message: string): [string, ...string[]] {
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
    const args = ['-NoProfile', '-NonInteractive', '-Command', script];
    return `boot-${(await execProgram('powershell.exe', args, options)).trim()}`;
  } catch {
    // To the minute: what is computed from two clocks wavers by less.
    return `boot-${Math.round((Date.now() / 1000 - os.uptime()) / 60)}`;
  }
}
