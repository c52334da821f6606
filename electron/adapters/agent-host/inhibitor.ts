/** A process that keeps the machine awake. It reads from us or watches us, and so ends when we do, even by SIGKILL. */
import { spawn } from 'node:child_process';
import type { Clock, HostPlatform, Inhibitor, Timer } from './types.ts';

/** ES_CONTINUOUS | ES_SYSTEM_REQUIRED, for as long as this process lives. */
const WINDOWS_SCRIPT = `
$code = '[DllImport("kernel32.dll")] public static extern uint SetThreadExecutionState(uint flags);'
$power = Add-Type -MemberDefinition $code -Name Power -Namespace Pilotlight -PassThru
if ($power::SetThreadExecutionState(2147483649) -eq 0) { exit 1 }
[void][Console]::In.ReadToEnd()`;

export function inhibitCommand(platform: HostPlatform, pid: number): readonly string[] {
  switch (platform) {
    case 'linux':
      return [
        'systemd-inhibit',
        '--what=sleep:idle',
        '--who=Pilotlight',
        '--why=A lease says that this machine is needed',
        '--mode=block',
        'cat',
      ];
    case 'darwin':
      return ['caffeinate', '-i', '-s', '-w', String(pid)];
    case 'win32':
      return ['powershell.exe', '-NoProfile', '-NonInteractive', '-Command', WINDOWS_SCRIPT];
  }
}

const RETRY_MS = 30_000;

export function createInhibitor({ clock, command }: { clock: Clock; command: readonly string[] }): Inhibitor {
  const [program = '', ...args] = command;
  let wanted = false;
  let problem: string | null = null;
  let end: (() => void) | null = null;
  let retry: Timer | null = null;

  function start(): void {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], windowsHide: true });
    let said = '';
    let over = false;
    end = () => {
      over = true;
      child.stdin?.destroy();
      child.kill();
    };
    child.stdin?.on('error', () => {});
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-300);
    });
    child.once('spawn', () => {
      problem = null;
    });
    const lost = (reason: string) => {
      if (over) return;
      over = true;
      end = null;
      problem = reason;
      if (wanted) retry = clock.timer(RETRY_MS, start);
    };
    child.once('error', (error) => lost(`${program}: ${error.message}`));
    child.once('close', (code, signal) => lost(`${program} ended (${signal ?? code}) ${said.trim()}`.trim()));
  }

  return {
    hold() {
      if (wanted) return;
      wanted = true;
      start();
    },
    release() {
      wanted = false;
      retry?.cancel();
      end?.();
      end = null;
      problem = null;
    },
    state: () => ({ held: end !== null, problem }),
  };
}
