/** The programs that each system's power actions are. Pure; arguments, never a shell. */
import type { HostPlatform } from '../../adapters/agent-host/types.ts';
import type { PowerAction } from './policy.ts';

export type PowerCommands = Partial<Record<PowerAction, readonly string[]>>;

/** .NET's call sleeps whether or not hibernation is on, which rundll32's does not. */
const windowsSuspend =
  "Add-Type -AssemblyName System.Windows.Forms; if (-not [System.Windows.Forms.Application]::SetSuspendState('Suspend', $false, $false)) { exit 1 }";

/** The command of an action; null where this system has none and none was named. */
export function powerCommand(
  platform: HostPlatform,
  action: PowerAction,
  { force, own }: { force: boolean; own: PowerCommands },
): readonly string[] | null {
  const named = own[action];
  if (named !== undefined) return named;
  switch (platform) {
    case 'linux':
      return linux(action, force);
    case 'darwin':
      return darwin(action);
    case 'win32':
      return windows(action, force);
  }
}

/** null where Ollama is a program of a person, not a service of the system. */
export function restartOllamaCommand(platform: HostPlatform): readonly string[] | null {
  return platform === 'linux' ? ['systemctl', '--no-ask-password', 'restart', 'ollama'] : null;
}

function linux(action: PowerAction, force: boolean): readonly string[] {
  const verb = { shutdown: 'poweroff', restart: 'reboot', sleep: 'suspend', hibernate: 'hibernate' }[action];
  return ['systemctl', '--no-ask-password', ...(force ? ['--check-inhibitors=no'] : []), verb];
}

function darwin(action: PowerAction): readonly string[] | null {
  switch (action) {
    case 'shutdown':
      return ['sudo', '-n', '/sbin/shutdown', '-h', 'now'];
    case 'restart':
      return ['sudo', '-n', '/sbin/shutdown', '-r', 'now'];
    case 'sleep':
      return ['pmset', 'sleepnow'];
    case 'hibernate':
      return null;
  }
}

function windows(action: PowerAction, force: boolean): readonly string[] {
  const forced = force ? ['/f'] : [];
  switch (action) {
    case 'shutdown':
      return ['shutdown.exe', '/s', '/t', '0', ...forced];
    case 'restart':
      return ['shutdown.exe', '/r', '/t', '0', ...forced];
    case 'hibernate':
      return ['shutdown.exe', '/h', ...forced];
    case 'sleep':
      return ['powershell.exe', '-NoProfile', '-NonInteractive', '-Command', windowsSuspend];
  }
}
