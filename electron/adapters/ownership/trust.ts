import { readFile } from 'node:fs/promises';
import type { Names, Trust } from './verdict.ts';

/** Group `admin` of macOS, whose members may become root. Homebrew lets it write to /usr/local/var. */
const MAC_ADMINISTRATORS = 80;

/**
 * What this process trusts: its user and root. null on Windows, where modes and user ids say nothing: access lists
 * protect the profile of a user, and the installer sets one for the folder of a service.
 */
export function trustHere(alsoTrusted: readonly number[] = []): Trust | null {
  const me = process.geteuid?.();
  return me === undefined ? null : trustOf(me, alsoTrusted);
}

/** What a process of this user trusts. */
export function trustOf(me: number, alsoTrusted: readonly number[] = []): Trust {
  return {
    me,
    users: [me, 0, ...alsoTrusted],
    parentUsers: [],
    administrators: process.platform === 'darwin' ? [MAC_ADMINISTRATORS] : [],
  };
}

export const numbers: Names = { user: String, group: String };

/** The names in /etc/passwd and /etc/group; a number where there is none. */
export async function readNames(): Promise<Names> {
  const [users, groups] = await Promise.all(['/etc/passwd', '/etc/group'].map(readTable));
  return {
    user: (uid) => users?.get(uid) ?? String(uid),
    group: (gid) => groups?.get(gid) ?? String(gid),
  };
}

async function readTable(path: string): Promise<Map<number, string>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return new Map(
    text.split('\n').flatMap((line): [number, string][] => {
      const [name = '', , id = ''] = line.split(':');
      // The name becomes part of a command.
      return /^[\w][\w.-]*\$?$/.test(name) && /^\d+$/.test(id) ? [[Number(id), name]] : [];
    }),
  );
}
