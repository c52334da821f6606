/** Each mistake in a value as a sentence that starts with its path. */
import type * as z from 'zod/mini';

const MAX_FIELDS = 5;
const MAX_MISTAKES = 20;

/** `name` is the name of the value itself; each schema's error says what it expects. */
export function mistakesIn(error: z.core.$ZodError, value: unknown, name = 'body'): string[] {
  const mistakes = error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys
        .slice(0, MAX_FIELDS)
        .map((key) => `${short(pathOf([...issue.path, key]))}: unknown field.`);
    }
    const at = issue.path.length === 0 ? name : short(pathOf(issue.path));
    const found = valueAt(value, issue.path);
    return found.isThere
      ? [`${at}: expected ${issue.message}, not ${shown(found.value)}.`]
      : [`${at}: required.`];
  });
  return [...new Set(mistakes)].slice(0, MAX_MISTAKES);
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): { isThere: boolean; value: unknown } {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) {
      return { isThere: false, value: undefined };
    }
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return { isThere: true, value: found };
}

/** The content of a list or an object is not shown: it may be nested arbitrarily deep. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return short(text);
}

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
