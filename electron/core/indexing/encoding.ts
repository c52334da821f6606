/** Where the characters of a text are in its file. Offsets into files are bytes, offsets into texts UTF-16 units. */

/** The name of a decoder, as `TextDecoder.encoding` gives it. */
export type Encoding = string;

/** Encodings whose characters have one to four bytes. */
const OF_SEVERAL_BYTES = new Set(['gbk', 'gb18030', 'big5', 'euc-jp', 'iso-2022-jp', 'shift_jis', 'euc-kr']);

/** Windows-1252 from 0x80 to 0x9F; `null` if it has no character. The rest is ISO 8859-1. */
const WINDOWS_1252_80_TO_9F: readonly (number | null)[] = [
  0x20ac,
  null,
  0x201a,
  0x0192,
  0x201e,
  0x2026,
  0x2020,
  0x2021,
  0x02c6,
  0x2030,
  0x0160,
  0x2039,
  0x0152,
  null,
  0x017d,
  null,
  null,
  0x2018,
  0x2019,
  0x201c,
  0x201d,
  0x2022,
  0x2013,
  0x2014,
  0x02dc,
  0x2122,
  0x0161,
  0x203a,
  0x0153,
  null,
  0x017e,
  0x0178,
];

/** Decodes Windows-1252 without the engine, because engines disagree about the bytes from 0x80 to 0x9F. */
function decodeWindows1252(bytes: Uint8Array): string {
  const parts: string[] = [];
  const codes: number[] = [];
  for (const byte of bytes) {
    codes.push(byte >= 0x80 && byte <= 0x9f ? (WINDOWS_1252_80_TO_9F[byte - 0x80] ?? byte) : byte);
    if (codes.length === 8192) parts.push(String.fromCharCode(...codes.splice(0)));
  }
  parts.push(String.fromCharCode(...codes));
  return parts.join('');
}

/** Whether Windows-1252 has a character for this byte. */
function isWindows1252(byte: number): boolean {
  return byte < 0x80 || byte > 0x9f || WINDOWS_1252_80_TO_9F[byte - 0x80] !== null;
}

/** The text without a byte order mark; null if any byte has no meaning in this encoding. */
export function decodeBytes(bytes: Uint8Array, encoding: Encoding): string | null {
  if (encoding === 'windows-1252') return bytes.every(isWindows1252) ? decodeWindows1252(bytes) : null;
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Bytes of the units [start, end) of a well-formed text in UTF-8. */
export function utf8Length(text: string, start = 0, end = text.length): number {
  let bytes = 0;
  for (let i = start; i < end; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) bytes += 1;
    // Each half of a surrogate pair counts two of the pair's four bytes.
    else if (code < 0x800 || (code >= 0xd800 && code <= 0xdfff)) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}

/** The byte at which the character with this index starts. Fast if called in ascending order. */
export type ByteAt = (index: number) => number;

/** @param bytes the whole file */
export function createByteAt(
  text: string,
  encoding: Encoding,
  bomBytes: number,
  bytes: Uint8Array = new Uint8Array(),
): ByteAt {
  if (OF_SEVERAL_BYTES.has(encoding)) return byteAtByLine(bytes, encoding);
  if (encoding.startsWith('utf-16')) return (index) => bomBytes + index * 2;
  if (encoding !== 'utf-8') return (index) => bomBytes + index;
  let lastIndex = 0;
  let lastByte = bomBytes;
  return (index) => {
    if (index >= lastIndex) lastByte += utf8Length(text, lastIndex, index);
    else if (index > lastIndex / 2) lastByte -= utf8Length(text, index, lastIndex);
    else lastByte = bomBytes + utf8Length(text, 0, index);
    lastIndex = index;
    return lastByte;
  };
}

/** No character of these encodings contains the byte of a line break, so each line is decoded on its own. */
function byteAtByLine(bytes: Uint8Array, encoding: Encoding): ByteAt {
  const starts: { index: number; byte: number }[] = [];
  const whole = new TextDecoder(encoding);
  let index = 0;
  for (let byte = 0; byte < bytes.length; ) {
    starts.push({ index, byte });
    const end = bytes.indexOf(0x0a, byte);
    const next = end < 0 ? bytes.length : end + 1;
    index += whole.decode(bytes.subarray(byte, next), { stream: next < bytes.length }).length;
    byte = next;
  }
  starts.push({ index, byte: bytes.length });
  let line = -1;
  /** The byte after each character of the line, by the index of the next character in it. */
  let ends: number[] = [];
  return (at) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle]?.index ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    const start = starts[low];
    const end = starts[low + 1]?.byte ?? bytes.length;
    if (start === undefined || start.index === at) return start?.byte ?? 0;
    if (line !== low) ends = bytesOfCharacters(bytes.subarray(start.byte, end), encoding);
    line = low;
    return start.byte + (ends[at - start.index] ?? end - start.byte);
  };
}

function bytesOfCharacters(line: Uint8Array, encoding: Encoding): number[] {
  const decoder = new TextDecoder(encoding);
  const ends = [0];
  for (let at = 0; at < line.length; at += 1) {
    const read = decoder.decode(line.subarray(at, at + 1), { stream: true }).length;
    for (let unit = 0; unit < read; unit += 1) ends.push(at + 1);
  }
  return ends;
}
