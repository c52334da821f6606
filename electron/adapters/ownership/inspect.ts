/**
 * Checks the owners and modes on the way to a path, from the root down: once a folder is known to be safe, no other user
 * can exchange what it contains, so what follows is still the same when it is opened. Symbolic links are followed one by
 * one; each must be safe, and so must its target and all folders on the way there.
 */
import { lstat, readlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { UnsafePath } from '../../../shared/text/messages/ownership.ts';
import { numbers, readNames } from './trust.ts';
import { flawsOf, type OwnerFacts, type Part, type Trust } from './verdict.ts';

interface PathFacts extends OwnerFacts {
  kind: 'folder' | 'link' | 'other';
}

interface Walked {
  /** Where it is, without links; null if there is nothing, or it cannot be reached. */
  real: string | null;
  /** What is wrong with the first unsafe path on the way. */
  unsafe: UnsafePath[];
}

const MOST_LINKS = 40;
const nothing: Walked = { real: null, unsafe: [] };

/** Empty if the path is safe, or if nothing exists there. Never rejects. */
export async function inspectPath(path: string, part: Part, trust: Trust | null): Promise<UnsafePath[]> {
  if (trust === null) return [];
  const { unsafe } = await walk('/', partsOf(resolve(path)), { part, trust: await systemTrust(trust) });
  return unsafe;
}

/** The folder and these entries of it. If the folder itself is unsafe, only that is reported. */
export async function inspectFolder(
  folder: string,
  parts: Readonly<Record<string, Part>>,
  given: Trust | null,
): Promise<UnsafePath[]> {
  if (given === null) return [];
  const trust = await systemTrust(given);
  const { real, unsafe } = await walk('/', partsOf(resolve(folder)), { part: 'folder', trust });
  if (real === null) return unsafe;
  const found = await Promise.all(
    Object.entries(parts).map(([name, part]) => walk(real, [name], { part, trust })),
  );
  return found.flatMap((walked) => walked.unsafe);
}

/**
 * Whoever owns the root folder can replace everything, so that user is trusted like root. In a user namespace that does
 * not know root, this is the number of every unknown user.
 */
async function systemTrust(trust: Trust): Promise<Trust> {
  const root = await factsOf('/');
  return root === null ? trust : { ...trust, parentUsers: [...trust.parentUsers, root.uid] };
}

/** @param from a folder that is known to be safe, or `/` */
async function walk(
  from: string,
  parts: readonly string[],
  { part, trust }: { part: Part; trust: Trust },
): Promise<Walked> {
  let at = from;
  let rest = [...parts];
  let links = 0;

  async function judge(path: string, facts: PathFacts): Promise<UnsafePath[]> {
    const options = { part: partOf(facts, rest.length === 0 ? part : 'parent'), trust };
    const unsafe = flawsOf(path, facts, { ...options, names: numbers });
    return unsafe.length === 0 ? [] : flawsOf(path, facts, { ...options, names: await readNames() });
  }

  // The root folder comes first, and is all there is if there are no parts.
  if (from === '/') rest.unshift('.');
  while (rest.length > 0) {
    const name = rest.shift() ?? '';
    const path = name === '..' ? dirname(at) : join(at, name);
    const facts = await factsOf(path);
    if (facts === null) return nothing;
    const unsafe = await judge(path, facts);
    if (unsafe.length > 0) return { real: null, unsafe };
    if (facts.kind !== 'link') {
      at = path;
      continue;
    }
    links += 1;
    const target = links > MOST_LINKS ? null : await readlink(path).catch(() => null);
    if (target === null) return nothing;
    if (target.startsWith('/')) at = '/';
    rest = [...partsOf(target), ...rest];
    if (rest.length === 0) rest = ['.'];
  }
  return { real: at, unsafe: [] };
}

/** A folder in the place of a file has the mode of a folder. */
function partOf({ kind }: PathFacts, part: Part): Part {
  if (kind === 'link') return 'link';
  return kind === 'folder' && (part === 'file' || part === 'secret') ? 'folder' : part;
}

/** null if there is nothing, or if we may not see it: opening it fails as well. */
async function factsOf(path: string): Promise<PathFacts | null> {
  try {
    const facts = await lstat(path);
    const { uid, gid, mode } = facts;
    return {
      uid,
      gid,
      mode,
      kind: facts.isSymbolicLink() ? 'link' : facts.isDirectory() ? 'folder' : 'other',
    };
  } catch {
    return null;
  }
}

const partsOf = (path: string) => path.split('/').filter((name) => name !== '' && name !== '.');
