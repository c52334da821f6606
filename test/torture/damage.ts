/** Ways in which the bytes of a file go wrong. */
import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { Random } from './random.ts';

interface Damage {
  name: string;
  do(path: string, random: Random): void;
}

const change = (make: (bytes: Buffer, random: Random) => Buffer) => (path: string, random: Random) =>
  writeFileSync(path, make(readFileSync(path), random));

const damages: readonly Damage[] = [
  {
    name: 'a flipped bit',
    do: change((bytes, random) => {
      if (bytes.length === 0) return Buffer.from([0xff]);
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    }),
  },
  {
    name: 'a lost page',
    do: change((bytes, random) => {
      const size = Math.min(bytes.length, random.pick([64, 512, 4096]));
      const at = random.below(Math.max(1, bytes.length - size));
      return bytes.fill(0, at, at + size);
    }),
  },
  {
    name: 'random bytes in the middle',
    do: change((bytes, random) => {
      const size = Math.min(bytes.length, random.pick([16, 512, 8192]));
      const at = random.below(Math.max(1, bytes.length - size));
      random.bytes(size).copy(bytes, at);
      return bytes;
    }),
  },
  {
    name: 'nothing but random bytes',
    do: change((bytes, random) => random.bytes(Math.max(20, bytes.length))),
  },
  {
    name: 'a file cut off',
    do: (path, random) => truncateSync(path, random.below(readFileSync(path).length + 1)),
  },
  { name: 'an empty file', do: (path) => writeFileSync(path, '') },
  { name: 'NUL bytes', do: change((bytes) => Buffer.alloc(Math.max(1, bytes.length))) },
  {
    name: 'JSON of another kind',
    do: (path, random) => writeFileSync(path, random.pick(['null', '[]', '{}', '"x"', '7', '[{}]'])),
  },
  {
    name: 'half of a write',
    do: change((bytes) => Buffer.concat([bytes, bytes.subarray(0, bytes.length >> 1)])),
  },
  {
    name: 'a folder in its place',
    do(path) {
      rmSync(path);
      mkdirSync(path);
    },
  },
  { name: 'a file that cannot be read', do: (path) => chmodSync(path, 0) },
];

/** Damages the file and returns how. */
export function damage(path: string, random: Random): string {
  // Most damage is small: that is what is hard to notice.
  const chosen = random.chance(0.45) ? random.pick(damages.slice(0, 3)) : random.pick(damages);
  chosen.do(path, random);
  return chosen.name;
}
