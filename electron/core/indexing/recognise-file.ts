/** Recognises a file by its content first and its name second, and decodes its text. Pure. */
import { parseJson } from '../../../shared/json.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { FileFormat } from '../../../shared/text/messages/indexing-files.ts';
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
  reason: Message;
}

/** Formats whose first bytes could pass for text. Those that contain a NUL byte need no entry. */
const MAGIC: readonly [string, FileFormat][] = [
  ['%PDF-', 'pdf'],
  ['PK\x03\x04', 'zip'],
  ['\x1f\x8b', 'gzip'],
  ['BZh', 'bzip2'],
  ['\xfd7zXZ', 'xz'],
  ['7z\xbc\xaf', '7z'],
  ['Rar!\x1a', 'rar'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
  ['\x89PNG', 'png'],
  ['\xff\xd8\xff', 'jpeg'],
  ['GIF87a', 'gif'],
  ['GIF89a', 'gif'],
  ['RIFF', 'riff'],
  ['OggS', 'ogg'],
  ['ID3', 'mp3'],
  ['fLaC', 'flac'],
  ['\x7fELF', 'elf'],
  ['wOFF', 'font'],
  ['wOF2', 'font'],
  ['SQLite format 3', 'sqlite'],
  ['{\\rtf', 'rtf'],
];

const SAMPLE_BYTES = 65_536;

function startsWith(bytes: Uint8Array, magic: string): boolean {
  for (let i = 0; i < magic.length; i += 1) if (bytes[i] !== magic.charCodeAt(i)) return false;
  return bytes.length >= magic.length;
}

const notText = (code: NotText['code'], reason: Message): NotText => ({ ok: false, code, reason });

/**
 * @param bytes the whole file
 * @param path relative or absolute, with `/`; only its last part counts
 */
export function recognise(bytes: Uint8Array, path: string): RecognisedText | NotText {
  if (bytes.length === 0) return notText('FILE_EMPTY', fact('FILE_IS_EMPTY'));
  const decoded = decode(bytes);
  if (!decoded.ok) return decoded;
  if (!/\S/.test(decoded.text)) return notText('FILE_EMPTY', fact('FILE_HAS_ONLY_SPACE'));
  return { ...decoded, ...languageOf(decoded.text, path) };
}

function decode(bytes: Uint8Array): Omit<RecognisedText, 'kind' | 'language'> | NotText {
  if (startsWith(bytes, '\xff\xfe\x00\x00') || startsWith(bytes, '\x00\x00\xfe\xff')) {
    return notText('FILE_ENCODING', fact('FILE_IS_UTF_32'));
  }
  if (startsWith(bytes, '\xff\xfe')) return decodeAs(bytes, 'utf-16le', 2);
  if (startsWith(bytes, '\xfe\xff')) return decodeAs(bytes, 'utf-16be', 2);
  for (const [magic, format] of MAGIC) {
    // Magic bytes that are plain letters count only if other bytes are binary too.
    if (startsWith(bytes, magic) && (/[^A-Za-z0-9]/.test(magic) || hasControls(bytes, 512, 0.02))) {
      return notText('FILE_BINARY', fact('FILE_HAS_FORMAT', { format }));
    }
  }
  if (bytes.includes(0) || hasControls(bytes, SAMPLE_BYTES, 0.05)) {
    return notText('FILE_BINARY', fact('FILE_IS_NOT_TEXT'));
  }
  const bomBytes = startsWith(bytes, '\xef\xbb\xbf') ? 3 : 0;
  const utf8 = decodeAs(bytes, 'utf-8', bomBytes);
  if (utf8.ok || bomBytes > 0) return utf8;
  return isLikelyWindows1252(bytes)
    ? { ok: true, encoding: 'windows-1252', bomBytes: 0, text: decodeWindows1252(bytes) }
    : notText('FILE_ENCODING', fact('FILE_ENCODING_UNKNOWN'));
}

function decodeAs(
  bytes: Uint8Array,
  name: 'utf-8' | 'utf-16le' | 'utf-16be',
  bomBytes: number,
): Omit<RecognisedText, 'kind' | 'language'> | NotText {
  try {
    const decoder = new TextDecoder(name, { fatal: true, ignoreBOM: true });
    const text = decoder.decode(bytes.subarray(bomBytes));
    if (name !== 'utf-8' && text.includes('\0')) return notText('FILE_BINARY', fact('FILE_IS_NOT_TEXT'));
    return { ok: true, encoding: name, bomBytes, text };
  } catch {
    return notText('FILE_ENCODING', fact('FILE_NOT_VALID_ENCODING', { encoding: name.toUpperCase() }));
  }
}

/** Whether more than this share of the first bytes are control characters that text does not contain. */
function hasControls(bytes: Uint8Array, sample: number, share: number): boolean {
  const length = Math.min(bytes.length, sample);
  let controls = 0;
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[i] as number;
    // Backspace, tab, line breaks, form feed and escape occur in logs and manuals.
    if (byte === 0x7f || (byte < 0x20 && !(byte >= 8 && byte <= 13) && byte !== 0x1b)) controls += 1;
  }
  return controls > length * share;
}

/**
 * Western European text is mostly ASCII; the rest is mostly letters and typographic marks. Broken UTF-8 does not
 * count as such: there, lead and continuation bytes follow each other.
 */
function isLikelyWindows1252(bytes: Uint8Array): boolean {
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
  if (isLikelyJson(text)) return { kind: 'code', language: 'json' };
  return isLikelyMarkdown(head) ? { kind: 'markdown', language: 'markdown' } : TEXT;
}

/**
 * After white space and comments. One regular expression for both would try every way to divide the text among the
 * comments, which takes for ever with a few dozen of them.
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

function isLikelyJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text) || text.length > 1_000_000) return false;
  return parseJson(text) !== undefined;
}

/** Two different kinds of Markdown syntax make it Markdown. */
function isLikelyMarkdown(head: string): boolean {
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
