/**
 * Detects whether SQLite's write-ahead log has lost committed transactions. SQLite treats the first invalid frame as
 * the end of the log. That is right after a crash in the middle of a write, but silently drops committed transactions
 * if the file was damaged.
 *
 * Source: the file formats of the log and of its index in shared memory, https://www.sqlite.org/walformat.html.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;
const VERSION = 3_007_000;
const INDEX_HEADER_BYTES = 48;

export interface LogVerdict {
  /** Whether committed transactions are missing from the log. */
  damaged: boolean;
  /** Frames up to the last commit that SQLite will read. */
  frames: number;
}

/**
 * Call it before the database is opened, because opening reads the log and may delete it.
 * @param path of the database; the log and its index are beside it
 */
export function checkWriteAheadLog(path: string): LogVerdict {
  const index = readIndex(`${path}-shm`);
  /** The last committed frame that is not in the database itself yet; 0 if unknown. */
  const wanted = index === null || index.backfilled >= index.frames ? 0 : index.frames;
  const log = openLog(`${path}-wal`);
  if (log === null) return { damaged: wanted > 0, frames: 0 };
  try {
    const header = log.read(0, HEADER_BYTES);
    if (header === null) return { damaged: wanted > 0, frames: 0 };
    const parsed = readHeader(header);
    // The header is written once, before the first frame, so an invalid one was damaged later.
    if (parsed === null) return { damaged: log.size > HEADER_BYTES, frames: 0 };
    const { frames, laterCommit } = readFrames(log, parsed);
    const sameLog = index?.salts.equals(parsed.salts) ?? false;
    return { damaged: laterCommit || (sameLog && frames < wanted), frames };
  } finally {
    log.close();
  }
}

interface LogHeader {
  bigEndian: boolean;
  pageBytes: number;
  salts: Buffer;
  checksum: Checksum;
}

type Checksum = readonly [number, number];

function readHeader(header: Buffer): LogHeader | null {
  const magic = header.readUInt32BE(0);
  if (magic >>> 1 !== MAGIC >>> 1 || header.readUInt32BE(4) !== VERSION) return null;
  const bigEndian = (magic & 1) === 1;
  const checksum = addChecksum([0, 0], header.subarray(0, 24), bigEndian);
  if (!isChecksum(header, 24, checksum)) return null;
  return {
    bigEndian,
    pageBytes: header.readUInt32BE(8),
    salts: Buffer.from(header.subarray(16, 24)),
    checksum,
  };
}

/** Follows the chain of checksums to its end, then searches for a commit of the same log beyond it. */
function readFrames(log: OpenLog, header: LogHeader): { frames: number; laterCommit: boolean } {
  const frameBytes = FRAME_HEADER_BYTES + header.pageBytes;
  let checksum: Checksum | null = header.checksum;
  let frames = 0;
  for (let number = 1; ; number += 1) {
    const frame = log.read(HEADER_BYTES + (number - 1) * frameBytes, frameBytes);
    if (frame === null) return { frames, laterCommit: false };
    // Frames of an earlier generation of the log have other salts.
    const sameLog = frame.subarray(8, 16).equals(header.salts);
    const commits = frame.readUInt32BE(4) !== 0;
    if (checksum !== null && sameLog) {
      const next: Checksum = addChecksum(
        addChecksum(checksum, frame.subarray(0, 8), header.bigEndian),
        frame.subarray(FRAME_HEADER_BYTES),
        header.bigEndian,
      );
      if (isChecksum(frame, 16, next)) {
        checksum = next;
        if (commits) frames = number;
        continue;
      }
    }
    // A rollback leaves frames behind, but none that commits.
    if (checksum === null && sameLog && commits) return { frames, laterCommit: true };
    checksum = null;
  }
}

/** Two running sums over pairs of 32-bit words, in the byte order given by the log's magic number. */
function addChecksum([first, second]: Checksum, bytes: Buffer, bigEndian: boolean): Checksum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let one = first;
  let two = second;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    one = (one + view.getUint32(at, !bigEndian) + two) >>> 0;
    two = (two + view.getUint32(at + 4, !bigEndian) + one) >>> 0;
  }
  return [one, two];
}

const isChecksum = (bytes: Buffer, at: number, [first, second]: Checksum) =>
  bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;

interface LogIndex {
  frames: number;
  backfilled: number;
  salts: Buffer;
}

/** The index survives a killed process; null if it is missing, incomplete or damaged. */
function readIndex(path: string): LogIndex | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path).subarray(0, 136);
  } catch {
    return null;
  }
  if (bytes.length < 136) return null;
  const header = bytes.subarray(0, INDEX_HEADER_BYTES);
  if (!header.equals(bytes.subarray(INDEX_HEADER_BYTES, 2 * INDEX_HEADER_BYTES))) return null;
  // The index has this machine's byte order; Node runs on little-endian machines.
  const [one, two] = addChecksum([0, 0], header.subarray(0, 40), false);
  if (header.readUInt32LE(0) !== VERSION || header[12] !== 1) return null;
  if (header.readUInt32LE(40) !== one || header.readUInt32LE(44) !== two) return null;
  return {
    frames: header.readUInt32LE(16),
    backfilled: bytes.readUInt32LE(96),
    salts: Buffer.from(header.subarray(32, 40)),
  };
}

interface OpenLog {
  size: number;
  /** null if the file ends before. */
  read(at: number, length: number): Buffer | null;
  close(): void;
}

function openLog(path: string): OpenLog | null {
  let file: number;
  let size: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const facts = fstatSync(file);
    size = facts.isFile() ? facts.size : 0;
  } catch {
    size = 0;
  }
  return {
    size,
    read(at, length) {
      if (at + length > size) return null;
      const bytes = Buffer.allocUnsafe(length);
      return readSync(file, bytes, 0, length, at) === length ? bytes : null;
    },
    close: () => closeSync(file),
  };
}
