/**
 * Whether other users could have changed a path, or read a secret in it: decided from its owner and mode alone. As in
 * ssh, a group that may write is refused, even the private group of a user, because members can join it at any time.
 */
import { quoteForSh } from '../../../shared/shell-quote.ts';
import type { UnsafePath } from '../../../shared/text/messages/ownership.ts';

/**
 * What a path is to us: a folder on the way to ours, our folder, a file in it, a file with a secret, or a symbolic link
 * to one of these.
 */
export type Part = 'parent' | 'folder' | 'file' | 'secret' | 'link';

export interface OwnerFacts {
  uid: number;
  gid: number;
  /** With the sticky bit. */
  mode: number;
}

export interface Trust {
  /** The user who asks, for the commands that fix a path. */
  me: number;
  /** Users who may own a path. */
  users: readonly number[];
  /** Further users who may own a parent folder. */
  parentUsers: readonly number[];
  /** Groups that may write to a parent folder, because their members may become root anyway. */
  administrators: readonly number[];
}

export interface Names {
  user(uid: number): string;
  group(gid: number): string;
}

const STICKY = 0o1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/** What is wrong with a path, with the commands that fix it; empty if it can be trusted. */
export function flawsOf(
  path: string,
  facts: OwnerFacts,
  { part, trust, names }: { part: Part; trust: Trust; names: Names },
): UnsafePath[] {
  const { uid, gid, mode } = facts;
  const flaws: UnsafePath[] = [];
  const report = (flaw: UnsafePath['flaw'], bits: number, fix: string) =>
    flaws.push({
      ...{ path, part, flaw, owner: names.user(uid), fix },
      group: (bits & 0o070) === 0 ? null : names.group(gid),
      others: (bits & 0o007) !== 0,
    });
  const users = part === 'parent' ? [...trust.users, ...trust.parentUsers] : trust.users;
  if (!users.includes(uid)) {
    // Whoever owns a folder on the way to ours can put another one in its place.
    const heir = names.user(part === 'parent' ? 0 : trust.me);
    report('owner', 0, commandFor(`chown ${part === 'link' ? '-h ' : ''}${heir}`, path, trust.me !== 0));
  }
  // The mode of a link means nothing.
  if (part === 'link') return flaws;
  const change = (command: string) => commandFor(command, path, trust.me !== 0 && uid !== trust.me);
  const writes = mode & writableBits(part, facts, trust);
  if (writes !== 0) {
    const letters = `${writes & 0o070 ? 'g' : ''}${writes & 0o007 ? 'o' : ''}`;
    report('writable', writes, change(part === 'secret' ? 'chmod 600' : `chmod ${letters}-w`));
  } else if (part === 'secret' && (mode & 0o077) !== 0) report('readable', mode, change('chmod 600'));
  return flaws;
}

/** The rights of others that must not be there. */
function writableBits(part: Part, { gid, mode }: OwnerFacts, { administrators }: Trust): number {
  if (part !== 'parent') return GROUP_WRITES | OTHERS_WRITE;
  // In a sticky folder like /tmp only the owner of an entry may rename or remove it.
  if ((mode & STICKY) !== 0) return 0;
  return administrators.includes(gid) ? OTHERS_WRITE : GROUP_WRITES | OTHERS_WRITE;
}

function commandFor(command: string, path: string, asAdministrator: boolean): string {
  return `${asAdministrator ? 'sudo ' : ''}${command} ${quoteForSh(path)}`;
}
