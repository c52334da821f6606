/** Brings what a task works on to this computer. */
import { stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { WorkerTask } from '../../../../shared/contract/task-worker.ts';
import type { Backoff } from '../backoff.ts';
import type { HandlerInput } from '../handlers/handler.ts';
import { type DownloadTools, download } from './download.ts';
import { resolveShared } from './shared-folder.ts';

export interface InputTools extends Omit<DownloadTools, 'backoff'> {
  /** The task's own. */
  folder: string;
  /** Where the shared folder is here; null without one. */
  sharedFolder: string | null;
  newBackoff(): Backoff;
}

/** Rejects with FILE_OUTSIDE_FOLDER, NOT_FOUND, LINK_EXPIRED, CHECKSUM_MISMATCH, the system's errors. */
export async function openInput(
  { spec, localPath, sharedPath, download: address }: WorkerTask,
  { folder, sharedFolder, newBackoff, ...tools }: InputTools,
): Promise<HandlerInput> {
  const { input } = spec;
  if (input.kind === 'url') return { kind: 'url', url: input.url };
  const name = input.kind === 'file' ? input.name : posix.basename(input.path);
  if (localPath !== undefined) {
    await stat(localPath).catch((cause: unknown) => {
      throw new PilotlightError('NOT_FOUND', { cause });
    });
    return { kind: 'file', path: localPath, name };
  }
  if (sharedPath !== null && sharedFolder !== null) {
    return { kind: 'file', path: await resolveShared(sharedFolder, sharedPath), name };
  }
  if (address === null) throw new PilotlightError('NOT_FOUND');
  const { sizeBytes, sha256 } = input.kind === 'file' ? input : { sizeBytes: null, sha256: null };
  // Not under its own name, which may mean something to this system.
  const path = join(folder, 'input');
  const wanted = { address, sizeBytes, sha256, path };
  try {
    await download(wanted, { ...tools, backoff: newBackoff() });
  } catch (error) {
    if (!(error instanceof PilotlightError) || error.code !== 'CHECKSUM_MISMATCH') throw error;
    // Once more from the start: a part of it may have been damaged on the way.
    await download(wanted, { ...tools, backoff: newBackoff() });
  }
  return { kind: 'file', path, name };
}
