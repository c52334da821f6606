/**
 * The file with a copy of a matrix, so that the first search need not read every vector: a head, the blocks as they are
 * in memory, a checksum for each block, and one for the head and these. It can be made again from the vectors at any
 * time, so whatever is wrong with it only means that it is not used.
 */
import { renameSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { draftOf } from '../../adapters/leftovers.ts';
import { BLOCK_ROWS, blockBytes } from './dot-kernel.ts';
import type { Matrix } from './matrix.ts';

/** With the version of the format. */
const MAGIC = 'PLVEC001';
const TOKEN_BYTES = 36;
const HEAD_BYTES = 64;
const AT = { token: 8, stride: 44, rows: 48 };

export const copyFileOf = (databaseFile: string): string => databaseFile.replace(/\.db$/, '.vectors');

const blocksOf = (rows: number) => Math.ceil(rows / BLOCK_ROWS);
const footBytes = (rows: number) => blocksOf(rows) * 4 + 4;
const fileBytes = (rows: number, stride: number) =>
  HEAD_BYTES + blocksOf(rows) * blockBytes(stride) + footBytes(rows);

/**
 * Writes it in the background and gives it its name when it is complete, unless the matrix was rearranged meanwhile, or
 * `goOn` says no.
 * @param token names this copy, 36 ASCII characters
 * @param steps.beforeNaming called in the same turn as the renaming, like `onNamed`
 * @throws errors of the file system, and of these two
 */
export async function writeVectorCopy(
  file: string,
  matrix: Matrix,
  token: string,
  { goOn, beforeNaming, onNamed }: { goOn: () => boolean; beforeNaming: () => void; onNamed: () => void },
): Promise<void> {
  const { rows, stride, layout } = matrix;
  const canGoOn = () => goOn() && matrix.layout === layout;
  const draft = draftOf(file);
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(MAGIC, 0, 'ascii');
  head.write(token, AT.token, TOKEN_BYTES, 'ascii');
  head.writeUInt32LE(stride, AT.stride);
  head.writeUInt32LE(rows, AT.rows);
  const foot = Buffer.alloc(footBytes(rows));
  let isNamed = false;
  const handle = await open(draft, 'w', 0o600);
  try {
    await writeAll(handle, head);
    const size = blockBytes(stride);
    // The memory may grow during a write, which would take the block away from it.
    const block = Buffer.alloc(size);
    for (let number = 0; number < blocksOf(rows); number += 1) {
      if (!canGoOn()) return;
      block.set(matrix.blocksFor(rows)[number]?.bytes ?? block);
      foot.writeUInt32LE(crc32(block), number * 4);
      await writeAll(handle, block);
    }
    foot.writeUInt32LE(crc32(foot.subarray(0, -4), crc32(head)), foot.length - 4);
    await writeAll(handle, foot);
    await handle.sync();
    await handle.close();
    if (!canGoOn()) return;
    beforeNaming();
    renameSync(draft, file);
    isNamed = true;
    onNamed();
  } finally {
    await handle.close().catch(() => {});
    if (!isNamed) await rm(draft, { force: true }).catch(() => {});
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
  }
}

/**
 * Fills an empty matrix. Returns false if there is no copy, it is damaged, or it has none of these tokens; the matrix is
 * then unusable. `onRead` is called in the same turn in which the matrix gets its rows.
 * @throws errors of the file system, except that it is not there
 */
export async function readVectorCopy(
  file: string,
  matrix: Matrix,
  tokens: readonly string[],
  { goOn, onRead }: { goOn: () => boolean; onRead: () => void },
): Promise<boolean> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return false;
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    if (!(await readAll(handle, head, 0))) return false;
    const rows = head.readUInt32LE(AT.rows);
    const { stride } = matrix;
    const isOurs =
      head.toString('ascii', 0, MAGIC.length) === MAGIC &&
      tokens.includes(head.toString('ascii', AT.token, AT.token + TOKEN_BYTES)) &&
      head.readUInt32LE(AT.stride) === stride &&
      (await handle.stat()).size === fileBytes(rows, stride);
    if (!isOurs) return false;
    const foot = Buffer.alloc(footBytes(rows));
    const size = blockBytes(stride);
    if (!(await readAll(handle, foot, HEAD_BYTES + blocksOf(rows) * size))) return false;
    if (foot.readUInt32LE(foot.length - 4) !== crc32(foot.subarray(0, -4), crc32(head))) return false;
    const blocks = matrix.blocksFor(rows);
    const read = (number: number): Promise<boolean> => {
      const block = blocks[number];
      return block === undefined
        ? Promise.resolve(true)
        : readAll(handle, block.bytes, HEAD_BYTES + number * size);
    };
    let next = read(0);
    for (let number = 0; number < blocksOf(rows); number += 1) {
      const isRead = await next;
      if (!isRead || !goOn()) return false;
      // The next block is read while this one is checked.
      next = number + 1 < blocksOf(rows) ? read(number + 1) : Promise.resolve(true);
      const isIntact = crc32(blocks[number]?.bytes ?? head) === foot.readUInt32LE(number * 4);
      if (!isIntact) {
        await next.catch(() => {});
        return false;
      }
    }
    matrix.adopt(rows);
    onRead();
    return true;
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<boolean> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}
