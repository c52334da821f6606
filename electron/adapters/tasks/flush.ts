import { open } from 'node:fs/promises';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { systemCode } from '../system-code.ts';

/** Makes a rename survive a power cut, if the system lets a folder be opened. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Flushes a folder; calls that come while one is in progress share the next. */
export function createFolderFlush(folder: string): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  function start(): Promise<void> {
    running = flushFolder(folder).finally(() => {
      running = null;
    });
    return running;
  }

  return () => {
    if (running === null) return start();
    // What was renamed after it began may be missing in it.
    next ??= running
      .catch(() => {})
      .then(() => {
        next = null;
        return start();
      });
    return next;
  };
}

/** The content of a file survives a power cut. */
export async function flushFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** DISK_FULL in place of the system's code. */
export function taskFileError(error: unknown): unknown {
  const code = systemCode(error);
  return code !== null && FULL.has(code) ? new PilotlightError('DISK_FULL', { cause: error }) : error;
}
