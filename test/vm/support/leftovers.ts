/** What an installation could leave behind: every file of the system, its accounts and its units. */
import type { Guest } from './guest.ts';

/** What a running system changes by itself. */
const changing = [
  '/dev',
  '/proc',
  '/sys',
  '/run',
  '/tmp',
  '/var/tmp',
  '/var/log',
  '/var/cache',
  '/var/lib/systemd',
  '/root',
  '/home',
];

const listing = `find / -xdev \\( ${changing.map((path) => `-path ${path}`).join(' -o ')} \\) -prune -o -printf '%y %m %u:%g %p\\n' | sort
find /etc /usr/local -xdev -type f ! -name '*-' -exec sha256sum {} + | sort -k 2
systemctl list-unit-files --no-legend --no-pager
getent passwd; getent group`;

/** One thing a line. */
export async function listSystem(guest: Guest): Promise<string[]> {
  // Backups of the account files are renewed with each change of them.
  const lines = (await guest.sh(listing)).split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => !/ \/etc\/(?:sub)?[a-z]+-$| \/etc\/\.pwd\.lock$/.test(line));
}

/** Lines of `after` that were not there before, and the other way round. */
export function changes(before: readonly string[], after: readonly string[]): string[] {
  const [had, has] = [new Set(before), new Set(after)];
  return [
    ...after.filter((line) => !had.has(line)).map((line) => `+ ${line}`),
    ...before.filter((line) => !has.has(line)).map((line) => `- ${line}`),
  ];
}
