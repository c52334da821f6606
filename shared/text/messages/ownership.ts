/** A path that other users could have changed, or a secret that they could have read. */
export interface UnsafePath {
  path: string;
  /** `parent` is a folder above ours. */
  part: 'parent' | 'folder' | 'file' | 'secret' | 'link';
  /** `owner`: it belongs to another user. */
  flaw: 'owner' | 'writable' | 'readable';
  /** Name of its owner, or the number. */
  owner: string;
  /** Name of the group that may change or read it, or the number; null if none may, and for the flaw `owner`. */
  group: string | null;
  /** Whether all other users may. */
  others: boolean;
  /** The command that fixes it. */
  fix: string;
}

type Paths = { paths: readonly UnsafePath[] };

function sentenceOf(unsafe: UnsafePath): string {
  const { path, flaw, owner } = unsafe;
  if (flaw === 'owner') return `${path} belongs to ${owner}.`;
  if (flaw === 'writable') return `${path} belongs to ${owner} and can be changed by ${who(unsafe)}.`;
  return `${path} contains a secret, belongs to ${owner} and can be read by ${who(unsafe)}.`;
}

function who({ group, others }: UnsafePath): string {
  if (group === null) return 'all users';
  return others ? `its group (${group}) and all users` : `its group (${group})`;
}

/** Also used by the agent. */
export const ownershipMessages = {
  UNSAFE_PATHS: ({ paths }: Paths) => paths.map(sentenceOf).join('\n'),
  FIX_UNSAFE_PATHS: ({ paths }: Paths) => {
    const other = paths.some(({ part }) => part === 'parent' || part === 'folder')
      ? ', or choose another folder with --data'
      : '';
    return [`Run this${other}:`, ...paths.map(({ fix }) => `  ${fix}`)].join('\n');
  },
};
