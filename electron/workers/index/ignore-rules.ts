/**
 * The rules of `.gitignore` and `.pilotlightignore` files. As in Git, those of a folder apply to everything beneath it,
 * an inner one overrules an outer one, and what is beneath a folder that is left out cannot be brought back.
 */
import { lstat, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { decodeTextFile } from '../../../shared/text-file.ts';
import { systemCode } from '../../adapters/system-code.ts';
import { isTooComplex } from '../../core/indexing/ignore-limits.ts';
import { recognise } from '../../core/indexing/recognise-file.ts';
import {
  alwaysTried,
  createIgnoreMatcher,
  type IgnoreMatcher,
  type IgnoreRule,
  type NameComparison,
} from './ignore-matcher.ts';

/** In the order in which they apply: the second overrules the first. */
export const IGNORE_FILES = ['.gitignore', '.pilotlightignore'] as const;

/** More than any program generates. */
const MAX_BYTES = 2 * 1024 * 1024;
/** Patterns that have to be tried on every path; others are looked up. */
const MAX_ALWAYS_TRIED = 1000;

/** As Git does it: a Mac stores names decomposed, and only Linux tells `A` from `a`. */
const OF_THIS_SYSTEM: NameComparison = {
  ignoreCase: process.platform === 'win32' || process.platform === 'darwin',
  compose: process.platform === 'darwin',
};

/** The rules of one folder, and those of the folders above it. All paths are relative to the top folder with rules. */
export interface IgnoreRules {
  /** With `/` at its end unless it is the top folder. */
  base: string;
  matcher: IgnoreMatcher;
  above: IgnoreRules | null;
}

/** What could not be obeyed: the whole file, or lines of it. */
export interface RuleProblem {
  file: string;
  kind: 'unreadable' | 'too-complex';
  lines: number;
}

export interface ReadRules {
  rules: IgnoreRules | null;
  problems: RuleProblem[];
}

/** The rules that an indexed folder inherits. */
export interface InheritedRules extends ReadRules {
  /** The indexed folder, relative to the top folder with rules, with `/` at its end; empty if it is that folder. */
  within: string;
}

/**
 * The rules of the folders above an indexed one, up to the top of its Git repository. A person who chose a folder that
 * they leave out wants it all the same: none of them applies then.
 * @param root canonical absolute path
 */
export async function readRulesAbove(root: string): Promise<InheritedRules> {
  const none: InheritedRules = { within: '', rules: null, problems: [] };
  const above = await foldersUpToRepository(root);
  const [top] = above;
  if (top === undefined) return none;
  let rules: IgnoreRules | null = null;
  const problems: RuleProblem[] = [];
  for (const [place, folder] of above.entries()) {
    const path = relativeTo(top, folder);
    const read = await readRules(folder, path, await ignoreFilesIn(folder), rules);
    rules = read.rules;
    problems.push(...read.problems);
    if (ignoredBy(rules, relativeTo(top, above[place + 1] ?? root), true) !== null) return none;
  }
  return { within: `${relativeTo(top, root)}/`, rules, problems };
}

/** From the top of the Git repository down, without the folder itself; empty outside of one, and for its top. */
async function foldersUpToRepository(root: string): Promise<string[]> {
  const above: string[] = [];
  for (let folder = root; !(await exists(join(folder, '.git'))); folder = dirname(folder)) {
    if (dirname(folder) === folder) return [];
    above.unshift(dirname(folder));
  }
  return above;
}

/** A folder of such a name is none; one that cannot be looked at may be one. */
async function ignoreFilesIn(folder: string): Promise<ReadonlySet<string>> {
  const isThere = async (name: string) => {
    try {
      return !(await lstat(join(folder, name))).isDirectory();
    } catch (error) {
      return systemCode(error) !== 'ENOENT';
    }
  };
  const found = await Promise.all(IGNORE_FILES.map(async (name) => ((await isThere(name)) ? [name] : [])));
  return new Set(found.flat());
}

/** With `/`; empty for the folder itself. */
function relativeTo(top: string, folder: string): string {
  if (folder === top) return '';
  const parent = relativeTo(top, dirname(folder));
  return parent === '' ? basename(folder) : `${parent}/${basename(folder)}`;
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** How an ignore file is called seen from the indexed folder: `../.gitignore` if it is above. */
export const seenFrom = (within: string, file: string): string =>
  within === '' ? file : posix.relative(`/${within}`, `/${file}`);

/**
 * The rules that apply in a folder.
 * @param path relative to the top folder with rules, with `/`; empty for that folder
 * @param names of what may be an ignore file in it
 */
export async function readRules(
  folder: string,
  path: string,
  names: ReadonlySet<string>,
  above: IgnoreRules | null,
): Promise<ReadRules> {
  const problems: RuleProblem[] = [];
  const base = path === '' ? '' : `${path}/`;
  const rules: IgnoreRule[] = [];
  for (const name of IGNORE_FILES) {
    if (!names.has(name)) continue;
    const file = base + name;
    const text = await readText(join(folder, name));
    if (text === null) {
      problems.push({ file, kind: 'unreadable', lines: 0 });
      continue;
    }
    const lines = text.split(/\r?\n/);
    const usable = lines.filter((line) => !isTooComplex(line));
    if (usable.length < lines.length)
      problems.push({ file, kind: 'too-complex', lines: lines.length - usable.length });
    const found = usable.map((pattern) => ({ pattern, mark: file }));
    if (alwaysTried(found) > MAX_ALWAYS_TRIED) problems.push({ file, kind: 'unreadable', lines: 0 });
    else rules.push(...found);
  }
  if (rules.length === 0) return { rules: above, problems };
  return { rules: { base, matcher: createIgnoreMatcher(rules, OF_THIS_SYSTEM), above }, problems };
}

/**
 * What a person set for the indexed folder itself, in the syntax of ignore files. The files in it overrule that, as inner
 * ones do.
 */
export function rulesOfPatterns(
  patterns: readonly string[],
  { within, rules: above }: Pick<InheritedRules, 'within' | 'rules'>,
): IgnoreRules | null {
  const rules = patterns
    .filter((pattern) => !isTooComplex(pattern))
    .map((pattern): IgnoreRule => ({ pattern, mark: '' }));
  if (rules.length === 0) return above;
  return { base: within, matcher: createIgnoreMatcher(rules, OF_THIS_SYSTEM), above };
}

/** Which ignore file leaves this out, empty for the patterns of the folder itself; null if none does. */
export function ignoredBy(rules: IgnoreRules | null, path: string, isFolder: boolean): string | null {
  for (let at = rules; at !== null; at = at.above) {
    if (!path.startsWith(at.base)) continue;
    const { ignored, unignored, rule } = at.matcher.test(path.slice(at.base.length) + (isFolder ? '/' : ''));
    if (ignored) return rule?.mark ?? at.base;
    if (unignored) return null;
  }
  return null;
}

/** null if it is no readable text file of an ordinary size. */
async function readText(path: string): Promise<string | null> {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > MAX_BYTES) return null;
    const bytes = await readFile(path);
    return decodeTextFile(bytes) ?? decodeOld(bytes);
  } catch {
    return null;
  }
}

/** Rules in an older charset: their names are not, because the system has them in UTF-8. */
function decodeOld(bytes: Uint8Array): string | null {
  const read = recognise(bytes, 'rules.txt');
  if (read.ok) return read.text;
  // Often only a remark has other letters than ASCII.
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const withoutRemarks = lines.filter((line) => !line.startsWith('#')).join('\n');
  return decodeTextFile(Buffer.from(withoutRemarks, 'latin1'));
}
