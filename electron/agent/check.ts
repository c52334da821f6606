/** A strict check of values from outside: each mistake is named by its path, and nothing unknown gets through. */

/** Gives the value, or adds to `mistakes`. */
export type Check<Value> = (value: unknown, path: string, mistakes: string[]) => Value;

type Shape<Value> = { [Key in keyof Value]-?: Field<Value[Key]> };

export interface Field<Value> {
  check: Check<Value>;
  /** Taken where the field is not there; without it the field is needed. */
  fallback?: Value;
}

/** What holds others is not shown: it may be as deep as whoever sent it wanted. */
const shown = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

function refuse<Value>(mistakes: string[], path: string, wanted: string, value: unknown): Value {
  mistakes.push(`${path}: ${wanted} is wanted, not ${shown(value)}.`);
  return undefined as Value;
}

export function required<Value>(check: Check<Value>): Field<Value> {
  return { check };
}

export function optional<Value>(check: Check<Value>, fallback: Value): Field<Value> {
  return { check, fallback };
}

export function integer(least: number, most: number): Check<number> {
  return (value, path, mistakes) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? value
      : refuse(mistakes, path, `a whole number from ${least} to ${most}`, value);
}

export const flag: Check<boolean> = (value, path, mistakes) =>
  typeof value === 'boolean' ? value : refuse(mistakes, path, 'true or false', value);

export function text(
  most: number,
  pattern?: RegExp,
  words = `a text of 1 to ${most} characters`,
): Check<string> {
  return (value, path, mistakes) =>
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= most &&
    !hasControl(value) &&
    (pattern === undefined || pattern.test(value))
      ? value
      : refuse(mistakes, path, words, value);
}

/** An address of a web server, without a name and a password in it. */
export function url(most: number): Check<string> {
  return (value, path, mistakes) => {
    const parsed = typeof value === 'string' && value.length <= most ? URL.parse(value) : null;
    const right =
      parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username + parsed.password === '';
    return right ? parsed.href : refuse(mistakes, path, 'an http:// or https:// address', value);
  };
}

export function oneOf<Word extends string>(...words: readonly Word[]): Check<Word> {
  return (value, path, mistakes) =>
    words.find((word) => word === value) ?? refuse(mistakes, path, words.join(' or '), value);
}

export function listOf<Value>(check: Check<Value>, most: number): Check<Value[]> {
  return (value, path, mistakes) =>
    Array.isArray(value) && value.length <= most
      ? value.map((one, index) => check(one, `${path}[${index}]`, mistakes))
      : refuse(mistakes, path, `a list of at most ${most}`, value);
}

/** An object with these fields and no other. */
export function object<Value>(shape: Shape<Value>): Check<Value> {
  const names = Object.keys(shape) as (keyof Value & string)[];
  return (value, path, mistakes) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return refuse(mistakes, path === '' ? 'body' : path, 'an object', value);
    }
    const at = (name: string) => (path === '' ? name : `${path}.${name}`);
    const entries = new Map<string, unknown>(Object.entries(value));
    for (const name of entries.keys()) {
      if (!names.includes(name as keyof Value & string)) mistakes.push(`${at(name)}: this is not known.`);
    }
    const result: Partial<Value> = {};
    for (const name of names) {
      const field = shape[name];
      if (entries.has(name)) result[name] = field.check(entries.get(name), at(name), mistakes);
      else if ('fallback' in field) result[name] = field.fallback as Value[typeof name];
      else mistakes.push(`${at(name)}: this is needed.`);
    }
    return result as Value;
  };
}

function hasControl(value: string): boolean {
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code < 32 || code === 127) return true;
  }
  return false;
}
