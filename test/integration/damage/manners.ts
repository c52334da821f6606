/** The ways in which a test damages a file. */
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Manner = (path: string) => void;

/** Bytes that differ from run to run only where the seed does. */
function noise(length: number, seed = 7): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state >> 16;
    }),
  );
}

export const manners: Readonly<Record<string, Manner>> = {
  empty: (path) => writeFileSync(path, ''),
  'one byte': (path) => writeFileSync(path, '7'),
  'half of itself': (path) => writeFileSync(path, halfOf(path)),
  'random bytes': (path) => writeFileSync(path, noise(Math.max(64, statSync(path).size))),
  'flipped bits': (path) => {
    const bytes = readFileSync(path);
    const bits = noise(bytes.length);
    for (let at = 0; at < bytes.length; at += 1)
      if (at % 5 === 0) bytes[at] = Number(bytes[at]) ^ (Number(bits[at]) | 1);
    writeFileSync(path, bytes);
  },
  'another kind of JSON': (path) => writeFileSync(path, '[1, "two", null]\n'),
  'a folder': (path) => {
    rmSync(path);
    mkdirSync(path);
    writeFileSync(join(path, 'inside'), 'x');
  },
  'half of a write': (path) => {
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.concat([bytes, bytes.subarray(0, Math.ceil(bytes.length / 3))]));
  },
  'closed to us': (path) => chmodSync(path, 0),
};

function halfOf(path: string): Buffer {
  const bytes = readFileSync(path);
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}

/** Who may do everything reads a file whatever its mode. */
export const mayReadAll = process.getuid?.() === 0 || process.platform === 'win32';

/** What is there: bytes of a file, or the word for a folder. */
export function contentOf(path: string): Buffer | 'folder' {
  return statSync(path).isDirectory() ? 'folder' : readFileSync(path);
}
