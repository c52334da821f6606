/** Where the characters of a text are in its file. Offsets into files are bytes, offsets into texts UTF-16 units. */

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

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
export function decodeWindows1252(bytes: Uint8Array): string {
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
export function isWindows1252(byte: number): boolean {
  return byte < 0x80 || byte > 0x9f || WINDOWS_1252_80_TO_9F[byte - 0x80] !== null;
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

export function createByteAt(text: string, encoding: Encoding, bomBytes: number): ByteAt {
  if (encoding === 'windows-1252') return (index) => bomBytes + index;
  if (encoding !== 'utf-8') return (index) => bomBytes + index * 2;
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
