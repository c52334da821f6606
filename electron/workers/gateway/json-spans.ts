/**
 * Where the parts of a JSON text stand in its bytes, so that they can be copied and replaced without parsing: a number
 * keeps every digit. Pure. It finds its way through valid JSON, and returns null where it cannot.
 */
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  type Span,
} from './json-bytes.ts';

export interface Member {
  /** In lower case, as Go compares keys. */
  key: string;
  value: Span;
}

/** The value that the whole text consists of, without the white space around it. */
export function wholeValue(bytes: Buffer): Span | null {
  const start = skipSpace(bytes, 0);
  const end = endOfValue(bytes, start);
  return end !== null && skipSpace(bytes, end) === bytes.length ? { start, end } : null;
}

/** The members of the object at this place. */
export function membersOf(bytes: Buffer, object: Span): Member[] | null {
  const members: Member[] = [];
  const found = walk(bytes, object, OPEN_OBJECT, CLOSE_OBJECT, (start) => {
    if (bytes[start] !== QUOTE) return null;
    const keyEnd = endOfString(bytes, start);
    if (keyEnd === null) return null;
    const colon = skipSpace(bytes, keyEnd);
    if (bytes[colon] !== COLON) return null;
    const valueStart = skipSpace(bytes, colon + 1);
    const end = endOfValue(bytes, valueStart);
    if (end === null) return null;
    const key = textOf(bytes, { start, end: keyEnd });
    if (key === null) return null;
    members.push({ key: key.toLowerCase(), value: { start: valueStart, end } });
    return end;
  });
  return found ? members : null;
}

/** The elements of the array at this place. */
export function elementsOf(bytes: Buffer, array: Span): Span[] | null {
  const elements: Span[] = [];
  const found = walk(bytes, array, OPEN_ARRAY, CLOSE_ARRAY, (start) => {
    const end = endOfValue(bytes, start);
    if (end !== null) elements.push({ start, end });
    return end;
  });
  return found ? elements : null;
}

export type ValueKind = 'object' | 'array' | 'string' | 'other';

export function kindOf(bytes: Buffer, { start }: Span): ValueKind {
  switch (bytes[start]) {
    case OPEN_OBJECT:
      return 'object';
    case OPEN_ARRAY:
      return 'array';
    case QUOTE:
      return 'string';
    default:
      return 'other';
  }
}

/** A whole number that is not negative; null for anything else. */
export function wholeNumber(bytes: Buffer, { start, end }: Span): number | null {
  const text = bytes.toString('latin1', start, end);
  return /^\d{1,16}$/.test(text) ? Number(text) : null;
}

/** The bytes with some parts replaced. @param changes in order and without overlap */
export function replaced(bytes: Buffer, changes: readonly (Span & { by: Buffer })[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, by } of changes) {
    parts.push(bytes.subarray(at, start), by);
    at = end;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

/** Calls `entry` with the place of each entry; it returns the place after it. Whether everything was as it should be. */
function walk(
  bytes: Buffer,
  { start, end }: Span,
  open: number,
  close: number,
  entry: (start: number) => number | null,
): boolean {
  if (bytes[start] !== open) return false;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === close) return at + 1 === end;
  for (;;) {
    const after = entry(at);
    if (after === null) return false;
    at = skipSpace(bytes, after);
    if (bytes[at] === close) return at + 1 === end;
    if (bytes[at] !== COMMA) return false;
    at = skipSpace(bytes, at + 1);
  }
}

/** Place after the value that begins here; null if there is none. */
function endOfValue(bytes: Buffer, start: number): number | null {
  const first = bytes[start];
  if (first === QUOTE) return endOfString(bytes, start);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return endOfContainer(bytes, start);
  let at = start;
  while (at < bytes.length && !endsLiteral(bytes[at] as number)) at += 1;
  return at > start ? at : null;
}

function endOfContainer(bytes: Buffer, start: number): number | null {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      if (end === null) return null;
      at = end - 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}

function endOfString(bytes: Buffer, start: number): number | null {
  for (let at = bytes.indexOf(QUOTE, start + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
  return null;
}

const isSpace = (byte: number | undefined) =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const endsLiteral = (byte: number) =>
  isSpace(byte) ||
  byte === COMMA ||
  byte === COLON ||
  byte === QUOTE ||
  byte === CLOSE_ARRAY ||
  byte === CLOSE_OBJECT;

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function textOf(bytes: Buffer, { start, end }: Span): string | null {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    return JSON.parse(text) as string;
  } catch {
    return null;
  }
}
