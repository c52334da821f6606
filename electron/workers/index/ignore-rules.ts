/**
 * The rules of `.gitignore` and `.pilotlightignore` files. As in Git, those of a folder apply to everything beneath it,
 * an inner one overrules an outer one, and what is beneath a folder that is left out cannot be brought back.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeTextFile } from '../../../shared/text-file.ts';
import { isTooComplex } from '../../core/indexing/ignore-limits.ts';
import { recognise } from '../../core/indexing/recognise-file.ts';
import { alwaysTried, createIgnoreMatcher, type IgnoreMatcher, type IgnoreRule } from './ignore-matcher.ts';

/** In the order in which they apply: the second overrules the first. */
export const IGNORE_FILES = ['.gitignore', '.pilotlightignore'] as const;

/** More than any program generates. */
const MAX_BYTES = 2 * 1024 * 1024;
/** Patterns that have to be tried on every path; others are looked up. */
const MAX_ALWAYS_TRIED = 1000;

/** The rules of one folder, and those of the folders above it. */
export interface IgnoreRules {
  /** Relative to the indexed folder, with `/` at its end unless it is that folder. */
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
  return { rules: { base, matcher: createIgnoreMatcher(rules, ignoreCase), above }, problems };
}

/** Names differ by case only where the system says so. */
const ignoreCase = process.platform === 'win32' || process.platform === 'darwin';

/** What a person set for the folder itself, in the syntax of ignore files. */
export function rulesOfPatterns(patterns: readonly string[]): IgnoreRules | null {
  const rules = patterns
    .filter((pattern) => !isTooComplex(pattern))
    .map((pattern): IgnoreRule => ({ pattern, mark: '' }));
  return rules.length === 0
    ? null
    : { base: '', matcher: createIgnoreMatcher(rules, ignoreCase), above: null };
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
