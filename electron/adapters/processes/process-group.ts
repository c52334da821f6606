/** Ends a process together with the programs that it has started. */
import { spawn } from 'node:child_process';

/** Command-line option of a process that leads a group of its own; what it starts belongs to the group. */
const LEADS_GROUP = '--leads-group';

/** How a process is started that can be ended with all that it starts. */
export function groupStart(platform: NodeJS.Platform = process.platform): {
  detached: boolean;
  args: readonly string[];
} {
  // Windows has no groups: there the tree is found by the ids of parents, as long as the first one lives.
  return platform === 'win32' ? { detached: false, args: [] } : { detached: true, args: [LEADS_GROUP] };
}

/** The command that ends a tree on Windows. */
export const taskkill = (pid: number): readonly [string, ...string[]] => [
  'taskkill.exe',
  ...['/PID', String(pid), '/T', '/F'],
];

/**
 * Ends the group of a child. Does nothing if it has ended with all that it started.
 * @param endAlone ends only the child, where its tree cannot be ended
 */
export function endGroup(
  pid: number,
  endAlone: () => void,
  platform: NodeJS.Platform = process.platform,
): void {
  if (platform === 'win32') {
    const [program, ...args] = taskkill(pid);
    const killer = spawn(program, args, { stdio: 'ignore', windowsHide: true });
    killer.once('error', endAlone).once('exit', endAlone);
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has already ended.
  }
}

/** Ends this process at once, and its group if it leads one. */
export function endThisProcess(argv: readonly string[] = process.argv): void {
  process.kill(leadsGroup(argv) ? 0 : process.pid, 'SIGKILL');
}

export const leadsGroup = (argv: readonly string[] = process.argv): boolean => argv.includes(LEADS_GROUP);
