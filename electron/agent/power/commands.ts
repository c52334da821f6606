/** The programs that carry out each system's power actions. Pure; argument lists, never a shell. */
import type { HostPlatform } from '../../adapters/agent-host/types.ts';
import type { PowerAction } from './policy.ts';

export type PowerCommands = Partial<Record<PowerAction, readonly string[]>>;

/** .NET's call suspends whether or not hibernation is enabled; rundll32's does not. */
const windowsSuspend =
  "Add-Type -AssemblyName System.Windows.Forms; if (-not [System.Windows.Forms.Application]::SetSuspendState('Suspend', $false, $false)) { exit 1 }";

/**
 * The commands of an action, each tried only if the previous one failed; empty if this system has none and none was
 * configured.
 */
export function powerCommands(
  platform: HostPlatform,
  action: PowerAction,
  { force, own }: { force: boolean; own: PowerCommands },
): readonly (readonly string[])[] {
  const named = own[action];
  if (named !== undefined) return [named];
  switch (platform) {
    case 'linux':
      return linux(action, force);
    case 'darwin':
      return darwin(action);
    case 'win32':
      return [windows(action, force)];
  }
}

/** null if Ollama is a user's program rather than a system service. */
export function restartOllamaCommand(platform: HostPlatform): readonly string[] | null {
  return platform === 'linux' ? ['systemctl', '--no-ask-password', 'restart', 'ollama'] : null;
}

/**
 * logind is called directly, because it refuses while a program blocks the action; systemctl would start the target
 * after some of its refusals. A forced action starts the target if logind refused: systemd 252 answers ESTALE to a
 * service's user when a program blocks the action and another user has a session.
 */
function linux(action: PowerAction, force: boolean): readonly (readonly string[])[] {
  const method = { shutdown: 'PowerOff', restart: 'Reboot', sleep: 'Suspend', hibernate: 'Hibernate' }[
    action
  ];
  const logind = [
    'busctl',
    '--system',
    '--allow-interactive-authorization=false',
    'call',
    'org.freedesktop.login1',
    '/org/freedesktop/login1',
    'org.freedesktop.login1.Manager',
    method,
    'b',
    'false',
  ];
  if (!force) return [logind];
  const start = ['start', '--no-block', '--job-mode=replace-irreversibly'];
  return [logind, ['systemctl', '--no-ask-password', ...start, forcedUnits[action]]];
}

/** Targets of forced actions; the polkit rule of an installed agent names exactly these. */
export const forcedUnits: Record<PowerAction, string> = {
  shutdown: 'poweroff.target',
  restart: 'reboot.target',
  sleep: 'suspend.target',
  hibernate: 'hibernate.target',
};

function darwin(action: PowerAction): readonly (readonly string[])[] {
  switch (action) {
    case 'shutdown':
      return [['sudo', '-n', '/sbin/shutdown', '-h', 'now']];
    case 'restart':
      return [['sudo', '-n', '/sbin/shutdown', '-r', 'now']];
    case 'sleep':
      return [['pmset', 'sleepnow']];
    case 'hibernate':
      return [];
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
