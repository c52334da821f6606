/** Strings of JSON, and what is wrong with a body that is not an object. Pure. */

export type JsonFault =
  | { kind: 'empty' }
  | { kind: 'incomplete' }
  /** The first character that is not white space, and begins no value. */
  | { kind: 'no-value'; character: string }
  /** A value, but not an object. */
  | { kind: 'not-an-object'; type: 'array' | 'string' | 'number' | 'bool' };

/** Backslashes directly before `end`. */
export function countEscapes(chunk: Buffer, from: number, end: number): number {
  let at = end;
  while (at > from && chunk[at - 1] === 0x5c) at -= 1;
  return end - at;
}

/** In lower case; '' for a key that is none of ours. */
export function keyOf(text: string | null): string {
  if (text === null) return '';
  if (!text.includes('\\')) return text.slice(1, -1).toLowerCase();
  return stringOf(text)?.toLowerCase() ?? '';
}

/** The value of a JSON string; null for anything else. */
export function stringOf(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

export function notAnObject(byte: number): JsonFault | null {
  const character = String.fromCharCode(byte);
  // `null` is valid, and has no members.
  if (character === 'n') return null;
  if (character === '[') return { kind: 'not-an-object', type: 'array' };
  if (character === '"') return { kind: 'not-an-object', type: 'string' };
  if (/[-\d]/.test(character)) return { kind: 'not-an-object', type: 'number' };
  if (/[tf]/.test(character)) return { kind: 'not-an-object', type: 'bool' };
  return { kind: 'no-value', character };
}
