/** Recognises a file by its content first and its name second, and decodes its text. Pure. */
import { parseJson } from '../../../shared/json.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { FileFormat } from '../../../shared/text/messages/indexing-files.ts';
import type { TextKind } from './blocks.ts';
import { declaredCharset, decoderFor } from './charset-declared.ts';
import { detectCharset } from './charset-detected.ts';
import { decodeBytes, type Encoding } from './encoding.ts';
import { type Language, languageOfName, languageOfShebang } from './languages.ts';
import { isWrittenInSevenBits } from './seven-bits.ts';
import { wideOrder } from './wide-text.ts';

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
  const wide = utf16WithoutMark(bytes);
  if (wide !== null) return wide;
  if (bytes.includes(0) || hasControls(bytes, SAMPLE_BYTES, 0.05)) {
    const order = wideOrder(bytes);
    const read = order === null ? null : decodeAs(bytes, order, 0);
    if (read?.ok) return read;
    return notText('FILE_BINARY', fact('FILE_IS_NOT_TEXT'));
  }
  const bomBytes = startsWith(bytes, '\xef\xbb\xbf') ? 3 : 0;
  // All of it is ASCII, with escapes around the rest.
  if (bomBytes === 0 && JAPANESE_ESCAPE.test(latin1Of(bytes))) {
    const text = decodeBytes(bytes, 'iso-2022-jp');
    if (text !== null) return { ok: true, encoding: 'iso-2022-jp', bomBytes, text };
  }
  const utf8 = decodeAs(bytes, 'utf-8', bomBytes);
  if (bomBytes === 0 && utf8.ok && utf8.text.length === bytes.length && isWrittenInSevenBits(utf8.text))
    return notText('FILE_ENCODING', fact('FILE_ENCODING_UNKNOWN'));
  if (utf8.ok || bomBytes > 0) return utf8;
  const name = declaredCharset(bytes);
  const declared = name === null ? null : decoderFor(name);
  // A file that says UTF-8 and is not was converted by someone who did not read it.
  const text = declared === null || declared.startsWith('utf-') ? null : decodeBytes(bytes, declared);
  if (declared !== null && text !== null && !CONTROLS.test(text))
    return { ok: true, encoding: declared, bomBytes, text };
  const detected = isBrokenUtf8(bytes) ? null : detectCharset(bytes);
  return detected === null
    ? notText('FILE_ENCODING', fact('FILE_ENCODING_UNKNOWN'))
    : { ok: true, bomBytes, ...detected };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin each change of the set of characters.
const JAPANESE_ESCAPE = /\x1b\$[@B]/;
const latin1Of = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes.subarray(0, SAMPLE_BYTES));
/** Controls of the second set never occur in text: the charset is another. */
const CONTROLS = /[\x80-\x84\x86-\x9f]/;

/** Half of the bytes are zero, always the same half, because the letters are ASCII; the rest is checked by decoding. */
function utf16WithoutMark(bytes: Uint8Array): Omit<RecognisedText, 'kind' | 'language'> | null {
  const length = Math.min(bytes.length, SAMPLE_BYTES) & ~1;
  if (length < 4 || bytes.length % 2 !== 0) return null;
  const zeros = [0, 0];
  for (let at = 0; at < length; at += 1) if (bytes[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const name = even === 0 && odd * 2 >= length * 0.6 ? 'utf-16le' : null;
  const found = name ?? (odd === 0 && even * 2 >= length * 0.6 ? 'utf-16be' : null);
  if (found === null) return null;
  const decoded = decodeAs(bytes, found, 0);
  return decoded.ok && !hasControls(new TextEncoder().encode(decoded.text), SAMPLE_BYTES, 0.05)
    ? decoded
    : null;
}

function decodeAs(
  bytes: Uint8Array,
  name: 'utf-8' | 'utf-16le' | 'utf-16be',
  bomBytes: number,
): Omit<RecognisedText, 'kind' | 'language'> | NotText {
  const text = decodeBytes(bytes.subarray(bomBytes), name);
  if (text === null)
    return notText('FILE_ENCODING', fact('FILE_NOT_VALID_ENCODING', { encoding: name.toUpperCase() }));
  if (name !== 'utf-8' && text.includes('\0')) return notText('FILE_BINARY', fact('FILE_IS_NOT_TEXT'));
  return { ok: true, encoding: name, bomBytes, text };
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

/** Most bytes beyond ASCII are whole characters of UTF-8: some are damaged, or the file is cut off. */
function isBrokenUtf8(bytes: Uint8Array): boolean {
  let whole = 0;
  let high = 0;
  const length = Math.min(bytes.length, SAMPLE_BYTES * 4);
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[at] as number;
    if (byte < 0x80) continue;
    high += 1;
    const follows = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 0;
    const rest = bytes.subarray(at + 1, at + 1 + follows);
    if (follows === 0 || rest.length < follows || !rest.every((one) => (one & 0xc0) === 0x80)) continue;
    whole += follows + 1;
    high += follows;
    at += follows;
  }
  return whole * 2 > high;
}

const TEXT: Language = { kind: 'text', language: 'text' };
const HTML_START = /^(?:<\?xml\s[^>]{0,200}\?>\s*)?<(?:!doctype\s+html|html[\s>])/i;
const CODE_STARTS: readonly [RegExp, string][] = [
  [/^\s*<\?php\b/, 'php'],
  [/^\s*<\?xml\b/, 'xml'],
  [/^\s*<(?:rss|feed|svg|kml|gpx|opml|plist|urlset|sitemapindex|FictionBook)[\s>]/, 'xml'],
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
