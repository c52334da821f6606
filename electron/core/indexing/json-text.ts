/** The text of JSON files: what its strings say, without their escapes. Pure. */
import { createMappedText, type MappedText, type MappedTextBuilder, unchanged } from './mapped-text.ts';

const CONTROLS: Readonly<Record<string, string>> = { b: ' ', f: '\n', n: '\n', r: '\n', t: '\t' };

/** Appends what is written between two quotes, decoded. */
export function appendString(out: MappedTextBuilder, text: string, start: number, end: number): void {
  let from = start;
  for (let at = start; at < end; at += 1) {
    if (text.charCodeAt(at) !== 0x5c) continue;
    const read = readEscape(text, at, end);
    if (read === null) continue;
    out.append(text.slice(from, at), from, at);
    out.append(read.text, at, read.end);
    from = read.end;
    at = read.end - 1;
  }
  out.append(text.slice(from, end), from, end);
}

/** Halves of a character are read together, so that no half is alone. null for what is no escape. */
function readEscape(text: string, at: number, end: number): { text: string; end: number } | null {
  const kind = text.charAt(at + 1);
  if (at + 1 >= end) return null;
  if (kind !== 'u') return { text: CONTROLS[kind] ?? kind, end: at + 2 };
  const unit = readUnit(text, at, end);
  if (unit === null) return null;
  if (unit < 0x20) return { text: ' ', end: at + 6 };
  if (unit < 0xd800 || unit > 0xdfff) return { text: String.fromCharCode(unit), end: at + 6 };
  const low = unit <= 0xdbff ? readUnit(text, at + 6, end) : null;
  return low !== null && low >= 0xdc00 && low <= 0xdfff
    ? { text: String.fromCharCode(unit, low), end: at + 12 }
    : { text: '\ufffd', end: at + 6 };
}

function readUnit(text: string, at: number, end: number): number | null {
  const digits = text.slice(at + 2, at + 6);
  return at + 6 <= end && text.startsWith('\\u', at) && /^[0-9a-f]{4}$/i.test(digits)
    ? Number.parseInt(digits, 16)
    : null;
}

/** The closing quote of the string that begins at this quote; -1 if its line, or the text, ends before. */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at;
    if (code === 0x0a) return -1;
    if (code === 0x5c) at += 1;
  }
  return -1;
}

/** All of a JSON file, with the escapes in its strings decoded. Comments, as some dialects have them, stay as they are. */
export function jsonText(text: string): MappedText {
  if (!text.includes('\\')) return unchanged(text);
  const out = createMappedText();
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2f) at = afterComment(text, at) - 1;
    if (code !== 0x22) continue;
    const end = endOfString(text, at);
    if (end < 0) {
      // No string of this line ends from here on; trying each quote of it would take for ever.
      at = text.indexOf('\n', at);
      if (at < 0) break;
      continue;
    }
    out.append(text.slice(from, at + 1), from, at + 1);
    appendString(out, text, at + 1, end);
    from = end;
    at = end;
  }
  out.append(text.slice(from), from, text.length);
  return out.build();
}

/** The index after a comment that begins here; the next index if none does. */
function afterComment(text: string, at: number): number {
  const next = text.charAt(at + 1);
  const mark = next === '/' ? '\n' : next === '*' ? '*/' : null;
  if (mark === null) return at + 1;
  const end = text.indexOf(mark, at + 2);
  return end < 0 ? text.length : end + (mark === '\n' ? 0 : 2);
}

/** The escapes of Java's properties files, and of other texts that are limited to ASCII. */
export function unicodeEscapes(text: string): MappedText {
  if (!/\\u[0-9a-f]{4}/i.test(text)) return unchanged(text);
  const out = createMappedText();
  let from = 0;
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at)) {
    if (text.charAt(at + 1) !== 'u') {
      at += 2;
      continue;
    }
    const read = readEscape(text, at, text.length);
    if (read === null) {
      at += 2;
      continue;
    }
    out.append(text.slice(from, at), from, at);
    out.append(read.text, at, read.end);
    from = read.end;
    at = read.end;
  }
  out.append(text.slice(from), from, text.length);
  return out.build();
}
