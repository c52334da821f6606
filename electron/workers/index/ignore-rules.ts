/**
 * The rules of `.gitignore` and `.pilotlightignore` files. As in Git, those of a folder apply to everything beneath it,
 * an inner one overrules an outer one, and what is beneath a folder that is left out cannot be brought back.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { decodeTextFile } from '../../../shared/text-file.ts';

/** In the order in which they apply: the second overrules the first. */
export const IGNORE_FILES = ['.gitignore', '.pilotlightignore'] as const;

/** More than anyone writes; each rule is tried on each name. */
const MAX_BYTES = 256 * 1024;
/** A pattern with many wildcards in one name can take for ever to try. */
const MAX_WILDCARDS = 4;

/** The rules of one folder, and those of the folders above it. */
export interface IgnoreRules {
  /** Relative to the indexed folder, with `/` at its end unless it is that folder. */
  base: string;
  matcher: Ignore;
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

/**
 * The rules that apply in a folder.
 * @param path relative, with `/`; empty for the indexed folder
 * @param names of everything in it
 */
export async function readRules(
  folder: string,
  path: string,
  names: ReadonlySet<string>,
  above: IgnoreRules | null,
): Promise<ReadRules> {
  const problems: RuleProblem[] = [];
  const base = path === '' ? '' : `${path}/`;
  let matcher: Ignore | null = null;
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
    // Names differ by case only where the system says so.
    matcher ??= ignore({ ignorecase: process.platform === 'win32' || process.platform === 'darwin' });
    matcher.add(usable.map((pattern) => ({ pattern, mark: file })));
  }
  return { rules: matcher === null ? above : { base, matcher, above }, problems };
}

/** Which ignore file leaves this out; null if none does. */
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
    return decodeTextFile(await readFile(path));
  } catch {
    return null;
  }
}

function isTooComplex(line: string): boolean {
  return line
    .split('/')
    .some((part) => (part.replaceAll(/\\./g, '').match(/\*+/g)?.length ?? 0) > MAX_WILDCARDS);
}
