/** Reads one whole file once it has stopped changing. */
import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { OwnFolders } from '../../adapters/own-folders.ts';
import { systemCode } from '../../adapters/system-code.ts';
import type { FileStamp } from './file-rows.ts';

export interface StableFile extends FileStamp {
  bytes: Uint8Array;
  hash: Uint8Array;
  /** Whether a later change would show in its times. */
  settled: boolean;
}

/** The absolute path of a file in this folder; a path that leads out of it, or into a folder of ours, is refused. */
export async function resolveInside(
  root: string,
  path: string,
  own: Pick<OwnFolders, 'cover'>,
): Promise<string> {
  const parts = path.split('/');
  const isRelative = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  const hasForeignSeparator = path.includes('\0') || (sep === '\\' && /[\\:]/.test(path));
  if (!isRelative || hasForeignSeparator) throw new PilotlightError('OUTSIDE_FOLDER', { details: { path } });
  const absolute = join(root, ...parts);
  try {
    const [canonicalRoot, canonical] = [await realpath(root), await realpath(absolute)];
    if (!canonical.startsWith(canonicalRoot + sep)) {
      throw new PilotlightError('OUTSIDE_FOLDER', { details: { path } });
    }
    if (own.cover(canonical)) throw new PilotlightError('OWN_DATA_FOLDER', { details: { path } });
    return canonical;
  } catch (error) {
    throw unreadable(error, path);
  }
}

function unreadable(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (error instanceof PilotlightError || code === null) return error;
  const reason: Message =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? fact('FILE_NO_LONGER_EXISTS')
      : code === 'EACCES' || code === 'EPERM'
        ? fact('FILE_ACCESS_DENIED')
        : fact('FILE_CANNOT_BE_READ', { code });
  return new PilotlightError('FILE_UNREADABLE', { message: reason, details: { path }, cause: error });
}

/** @throws FILE_UNREADABLE */
export async function stampOf(absolute: string, path: string): Promise<FileStamp> {
  try {
    const { size, mtimeMs, ctimeMs } = await stat(absolute);
    return { size, modifiedMs: mtimeMs, changedMs: ctimeMs };
  } catch (error) {
    throw unreadable(error, path);
  }
}

/** How bytes are read; tests can intercept it. */
export type ReadBytes = (handle: FileHandle, size: number) => Promise<Uint8Array>;

const readWhole: ReadBytes = (handle) => handle.readFile();

/** So soon after its last change, another change could carry the same time: file systems have coarse clocks. */
const TICK_MS = 20;
const COARSE_TICK_MS = 2100;

export function isSettled(stamp: FileStamp, readAtMs: number): boolean {
  const tick = stamp.modifiedMs % 1000 === 0 ? COARSE_TICK_MS : TICK_MS;
  return readAtMs - Math.max(stamp.modifiedMs, stamp.changedMs) > tick;
}

/**
 * Compares the file before and after reading; tries once more if it differs.
 * @param absolute canonical path
 * @param path its name in errors
 * @throws FILE_CHANGED, FILE_TOO_LARGE, FILE_UNREADABLE
 */
export async function readStable(options: {
  absolute: string;
  path: string;
  maxBytes: number;
  signal: AbortSignal;
  now: () => number;
  read?: ReadBytes;
}): Promise<StableFile> {
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    options.signal.throwIfAborted();
    const file = await readOnce(options).catch((error) => {
      throw unreadable(error, options.path);
    });
    if (file !== null) return file;
  }
  throw new PilotlightError('FILE_CHANGED', { details: { path: options.path } });
}

async function readOnce(options: Parameters<typeof readStable>[0]): Promise<StableFile | null> {
  const { absolute, path, maxBytes, now } = options;
  // Without NONBLOCK, opening a pipe that replaced the file would block indefinitely.
  const handle = await open(absolute, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const before = await handle.stat();
    if (!before.isFile()) {
      throw new PilotlightError('FILE_UNREADABLE', {
        message: fact('NOT_A_REGULAR_FILE'),
        details: { path },
      });
    }
    if (before.size > maxBytes) {
      throw new PilotlightError('FILE_TOO_LARGE', {
        message: fact('FILE_OVER_LIMIT', { bytes: before.size, limit: maxBytes }),
        details: { path, sizeBytes: before.size, maxFileBytes: maxBytes },
      });
    }
    const readAt = now();
    const bytes = await (options.read ?? readWhole)(handle, before.size);
    // By path, because a file that was replaced meanwhile has changed too.
    const after = await stat(absolute);
    const isSame =
      after.dev === before.dev &&
      after.ino === before.ino &&
      after.size === before.size &&
      after.mtimeMs === before.mtimeMs &&
      after.ctimeMs === before.ctimeMs &&
      bytes.length === before.size;
    if (!isSame) return null;
    const stamp = { size: before.size, modifiedMs: before.mtimeMs, changedMs: before.ctimeMs };
    return { ...stamp, bytes, hash: hashOf(bytes), settled: isSettled(stamp, readAt) };
  } finally {
    await handle.close();
  }
}

/** 16 bytes of SHA-256: to tell a change from a touch. */
function hashOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer').subarray(0, 16));
}
