/** Says what a file is, by its content first and its name second, and decodes its text. Pure. */
import { parseJson } from '../../../shared/json.ts';
import type { TextKind } from './blocks.ts';
import { decodeWindows1252, type Encoding, isWindows1252 } from './encoding.ts';
import { type Language, languageOfName, languageOfShebang } from './languages.ts';

export interface RecognisedText {
  ok: true;
  kind: TextKind;
  language: string;
  encoding: Encoding;
  /** Bytes before the first character. */
  bomBytes: number;
  text: string;
}

export interface NotText {
  ok: false;
  code: 'FILE_BINARY' | 'FILE_EMPTY' | 'FILE_ENCODING';
  reason: string;
}

/** Formats whose first bytes could pass for text. What holds a NUL byte needs no entry. */
const MAGIC: readonly [string, string][] = [
  ['%PDF-', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['BZh', 'a bzip2 archive'],
  ['\xfd7zXZ', 'an xz archive'],
  ['7z\xbc\xaf', 'a 7-Zip archive'],
  ['Rar!\x1a', 'a RAR archive'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard archive'],
  ['\x89PNG', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF87a', 'a GIF image'],
  ['GIF89a', 'a GIF image'],
  ['RIFF', 'a RIFF media file'],
  ['OggS', 'an Ogg media file'],
  ['ID3', 'an MP3 file'],
  ['fLaC', 'a FLAC file'],
  ['\x7fELF', 'a program'],
  ['wOFF', 'a font'],
  ['wOF2', 'a font'],
  ['SQLite format 3', 'a database'],
  ['{\\rtf', 'a rich text document'],
];

const SAMPLE_BYTES = 65_536;

function startsWith(bytes: Uint8Array, magic: string): boolean {
  for (let i = 0; i < magic.length; i += 1) if (bytes[i] !== magic.charCodeAt(i)) return false;
  return bytes.length >= magic.length;
}

const binary = (reason: string): NotText => ({ ok: false, code: 'FILE_BINARY', reason });
const encoding = (reason: string): NotText => ({ ok: false, code: 'FILE_ENCODING', reason });

/**
 * @param bytes the whole file
 * @param path relative or absolute, with `/`; only its last part is looked at
 */
export function recognise(bytes: Uint8Array, path: string): RecognisedText | NotText {
  if (bytes.length === 0) return { ok: false, code: 'FILE_EMPTY', reason: 'The file has no bytes.' };
  const decoded = decode(bytes);
  if (!decoded.ok) return decoded;
  if (!/\S/.test(decoded.text)) {
    return { ok: false, code: 'FILE_EMPTY', reason: 'The file holds only white space.' };
  }
  return { ...decoded, ...languageOf(decoded.text, path) };
}

function decode(bytes: Uint8Array): Omit<RecognisedText, 'kind' | 'language'> | NotText {
  if (startsWith(bytes, '\xff\xfe\x00\x00') || startsWith(bytes, '\x00\x00\xfe\xff')) {
    return encoding('The file starts as UTF-32, which is not read.');
  }
  if (startsWith(bytes, '\xff\xfe')) return decodeAs(bytes, 'utf-16le', 2);
  if (startsWith(bytes, '\xfe\xff')) return decodeAs(bytes, 'utf-16be', 2);
  for (const [magic, name] of MAGIC) {
    // Media headers that are plain letters are believed only when other bytes look binary too.
    if (startsWith(bytes, magic) && (/[^A-Za-z0-9]/.test(magic) || hasControls(bytes, 512, 0.02))) {
      return binary(`The file is ${name}.`);
    }
  }
  if (bytes.includes(0)) return binary('The file holds NUL bytes.');
  if (hasControls(bytes, SAMPLE_BYTES, 0.05)) return binary('Too many of its bytes are control characters.');
  const bomBytes = startsWith(bytes, '\xef\xbb\xbf') ? 3 : 0;
  const utf8 = decodeAs(bytes, 'utf-8', bomBytes);
  if (utf8.ok || bomBytes > 0) return utf8;
  return looksLikeWindows1252(bytes)
    ? { ok: true, encoding: 'windows-1252', bomBytes: 0, text: decodeWindows1252(bytes) }
    : encoding('The bytes are neither UTF-8 nor UTF-16, nor do they look like Western European text.');
}

function decodeAs(
  bytes: Uint8Array,
  name: 'utf-8' | 'utf-16le' | 'utf-16be',
  bomBytes: number,
): Omit<RecognisedText, 'kind' | 'language'> | NotText {
  try {
    const decoder = new TextDecoder(name, { fatal: true, ignoreBOM: true });
    const text = decoder.decode(bytes.subarray(bomBytes));
    if (name !== 'utf-8' && text.includes('\0')) return binary('The file holds NUL characters.');
    return { ok: true, encoding: name, bomBytes, text };
  } catch {
    return encoding(`The bytes are not valid ${name.toUpperCase()}.`);
  }
}

/** Whether more than this share of the first bytes are controls that no text has. */
function hasControls(bytes: Uint8Array, sample: number, share: number): boolean {
  const length = Math.min(bytes.length, sample);
  let controls = 0;
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[i] as number;
    // Backspace, tab, line breaks, form feed and escape are found in logs and manuals.
    if (byte === 0x7f || (byte < 0x20 && !(byte >= 8 && byte <= 13) && byte !== 0x1b)) controls += 1;
  }
  return controls > length * share;
}

/**
 * Western European text has mostly ASCII; what is above is mostly letters and typographic marks. Broken
 * UTF-8 is not taken for it: there, lead and continuation bytes follow each other.
 */
function looksLikeWindows1252(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, SAMPLE_BYTES * 4);
  let high = 0;
  let plausible = 0;
  let pairs = 0;
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[i] as number;
    if (byte < 0x80) continue;
    if (!isWindows1252(byte)) return false;
    high += 1;
    const isLetter = byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7;
    const isMark = byte >= 0xa0 && byte < 0xc0;
    const isTypographic = byte === 0x80 || byte === 0x85 || (byte >= 0x91 && byte <= 0x97);
    if (isLetter || isMark || isTypographic) plausible += 1;
    const next = bytes[i + 1] ?? 0;
    if (byte >= 0xc2 && byte <= 0xf4 && next >= 0x80 && next <= 0xbf) pairs += 1;
  }
  return high <= length * 0.3 && plausible >= high * 0.9 && pairs * 2 <= high;
}

const TEXT: Language = { kind: 'text', language: 'text' };
const HTML_START = /^<(?:!doctype\s+html|html[\s>])/i;
const CODE_STARTS: readonly [RegExp, string][] = [
  [/^\s*<\?php\b/, 'php'],
  [/^\s*<\?xml\b/, 'xml'],
  [/^%YAML\b/, 'yaml'],
];

function languageOf(text: string, path: string): Language {
  const head = text.slice(0, 4096);
  const named = languageOfName(path);
  if (startsAsHtml(head) && (named === null || named.kind !== 'code' || named.language === 'xml')) {
    return { kind: 'html', language: 'html' };
  }
  if (named !== null) return named;
  const script = languageOfShebang(head.slice(0, Math.max(0, head.search(/[\r\n]|$/))));
  if (script !== null) return { kind: 'code', language: script };
  const start = CODE_STARTS.find(([pattern]) => pattern.test(head));
  if (start !== undefined) return { kind: 'code', language: start[1] };
  if (looksLikeJson(text)) return { kind: 'code', language: 'json' };
  return looksLikeMarkdown(head) ? { kind: 'markdown', language: 'markdown' } : TEXT;
}

/**
 * After white space and comments. By hand: one regular expression for both tries every way to share the text out
 * among the comments, which a few dozen of them make endless.
 */
function startsAsHtml(head: string): boolean {
  const space = /\s*/y;
  for (let at = 0; ; ) {
    space.lastIndex = at;
    space.test(head);
    at = space.lastIndex;
    if (!head.startsWith('<!--', at)) return HTML_START.test(head.slice(at));
    const end = head.indexOf('-->', at + 4);
    if (end < 0) return false;
    at = end + 3;
  }
}

function looksLikeJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text) || text.length > 1_000_000) return false;
  return parseJson(text) !== undefined;
}

/** Two different kinds of Markdown's own marks make it Markdown. */
function looksLikeMarkdown(head: string): boolean {
  const signs = [
    /^#{1,6} \S/m,
    /^(?:```|~~~)/m,
    /\[[^\]\n]{1,100}\]\([^)\s]{1,300}\)/,
    /^[^\s#].{0,200}\n(?:={3,}|-{3,})\s*$/m,
    /^\|.{1,300}\|\s*\n\|[ :|-]{3,300}\|/m,
    /\*\*[^*\n]{1,100}\*\*/,
    /^[*-] \S/m,
  ];
  return signs.filter((sign) => sign.test(head)).length >= 2;
}
