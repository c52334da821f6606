/**
 * The rules of one folder, tried only where they could apply. Generated ignore files list thousands of names, and trying
 * each of them on each path would take hours. Pure.
 */
import ignore, { type Ignore } from 'ignore';

export interface IgnoreRule {
  pattern: string;
  /** Of the file that contains it. */
  mark: string;
}

export interface IgnoreMatcher {
  /** @param path relative to the folder of the rules, with `/`; a folder ends with it */
  test(path: string): ReturnType<Ignore['test']>;
}

/** Sets of rules that are kept ready; paths of one folder mostly need the same. */
const MOST_KEPT = 500;

/** How names are compared on a system. */
export interface NameComparison {
  /** Names that differ in case only are the same. */
  ignoreCase: boolean;
  /** Names may be stored decomposed: `ä` as `a` and a mark, however it was typed. */
  compose: boolean;
}

export function createIgnoreMatcher(
  written: readonly IgnoreRule[],
  { ignoreCase, compose }: NameComparison,
): IgnoreMatcher {
  const composed = (text: string) => (compose ? text.normalize('NFC') : text);
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  const rules = written.map(({ pattern, mark }) => ({ pattern: composed(pattern), mark }));
  /** Places of rules by what the name of a matching file or folder is, or ends with. */
  const byKey = new Map<string, number[]>();
  const always: number[] = [];
  for (const [place, { pattern }] of rules.entries()) {
    const key = keyOf(pattern);
    if (key === null) always.push(place);
    else if (key !== '') byKey.set(fold(key), [...(byKey.get(fold(key)) ?? []), place]);
  }
  const kept = new Map<string, Ignore>();

  function matcherFor(path: string): Ignore {
    const keys = new Set(
      fold(path)
        .split('/')
        .flatMap(keysOfName)
        .filter((key) => byKey.has(key)),
    );
    const id = [...keys].sort().join('/');
    const ready = kept.get(id);
    if (ready !== undefined) return ready;
    const places = [...always, ...[...keys].flatMap((key) => byKey.get(key) ?? [])].sort((a, b) => a - b);
    const matcher = ignore({ ignorecase: ignoreCase }).add(places.map((place) => rules[place] as IgnoreRule));
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(id, matcher);
    return matcher;
  }

  return {
    test(path) {
      const name = composed(path);
      return matcherFor(name).test(name);
    },
  };
}

/** The name itself, and its ending, which is marked as such. */
function keysOfName(name: string): string[] {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? [name] : [name, `*${name.slice(dot)}`];
}

/**
 * What every file or folder that the pattern matches has in its name: all of it, or `*.ending`. null if that cannot be
 * told, so that the rule is always tried; empty for a line that is no rule.
 */
function keyOf(pattern: string): string | null {
  if (pattern.trim() === '' || pattern.startsWith('#')) return '';
  // An escape may be of anything, and a trailing space is one of them.
  if (/[\\[\]]/.test(pattern)) return null;
  const name = pattern.trimEnd().replace(/^!/, '').replace(/\/+$/, '').split('/').at(-1) ?? '';
  if (!/[*?]/.test(name)) return name === '' ? null : name;
  return /[*?][^*?.]*(\.[^*?.]+)$/.exec(name)?.[1]?.replace(/^/, '*') ?? null;
}

/** How many rules would be tried on every path. */
export const alwaysTried = (rules: readonly IgnoreRule[]): number =>
  rules.filter(({ pattern }) => keyOf(pattern) === null).length;
