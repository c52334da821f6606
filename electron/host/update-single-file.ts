/** The single file updates itself: no core runs, so this is the whole of an update, from the check to the rename. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { Message } from '../../shared/models/message.ts';
import type { InstallationForm } from '../../shared/models/updates.ts';
import { isUpdateAddress } from '../../shared/network/update-address.ts';
import { createSystemClock } from '../adapters/clock.ts';
import { createNodeHttp } from '../adapters/network/http.ts';
import { createReleaseSource } from '../adapters/updates/release-source.ts';
import { replaceProgram } from '../adapters/updates/replace-program.ts';
import { createUpdateDownloads } from '../adapters/updates/update-downloads.ts';
import { installationForm, insteadOf } from '../core/updates/installation.ts';
import { readChanges } from '../core/updates/update-news.ts';
import { judgeRelease } from '../core/updates/update-offer.ts';
import { changesFile, updateAddress, updateKeys, version } from './program.ts';
import { readInstallation } from './updates.ts';

export interface SingleFile {
  /** The executable. */
  program: string;
  /** Default: that of the build. */
  version?: string;
  keys?: readonly string[];
  address?: string | null;
  /** Default: as it is found. */
  form?: InstallationForm;
}

export type SingleFileResult =
  | { kind: 'found'; found: Message; version: string | null; notes: string | null }
  | { kind: 'installed'; from: string; to: string; kept: string }
  | { kind: 'back' };

/** Where the former program is kept: beside the new one. */
export const keptBeside = (program: string): string => `${program}.previous`;

/**
 * Rejects with UPDATES_ELSEWHERE in a container, UPDATE_NO_ADDRESS, UPDATE_NOTHING_KEPT, DISK_FULL, UPDATE_NOT_INSTALLED
 * and the errors of a check and a download. The program is whole after each of them.
 */
export async function updateSingleFile(options: {
  action: 'check' | 'yes' | 'back';
  file: SingleFile;
  /** Asked for by the person. */
  address: string | null;
  onProgress(doneBytes: number, totalBytes: number): void;
  signal: AbortSignal;
}): Promise<SingleFileResult> {
  const { action, file, onProgress, signal } = options;
  const { program, keys = updateKeys } = file;
  const kept = keptBeside(program);
  if (action === 'back') {
    if (!existsSync(kept)) throw new PilotlightError('UPDATE_NOTHING_KEPT', { details: { program } });
    replaceProgram({ program, fresh: kept, keepAs: null });
    rmSync(kept, { force: true });
    return { kind: 'back' };
  }
  const form = file.form ?? installationForm({ ...readInstallation(), isSingleFile: true });
  const instead = insteadOf(form, true);
  if (form !== 'file')
    throw new PilotlightError('UPDATES_ELSEWHERE', instead === null ? {} : { next: instead });
  const address = options.address ?? (file.address === undefined ? updateAddress : file.address);
  if (address === null)
    throw new PilotlightError('UPDATE_NO_ADDRESS', { next: 'Name one with --address ADDRESS.' });
  if (!isUpdateAddress(address)) throw new PilotlightError('BAD_URL', { details: { address } });

  const http = createNodeHttp();
  // Nothing of it stays, whatever happens: the next one would be of another release.
  const work = mkdtempSync(join(tmpdir(), 'pilotlight-update-'));
  try {
    const release = await createReleaseSource({ http, clock: createSystemClock(), keys }).read({
      ...{ address, etag: null, signal },
    });
    if (release === 'unchanged') throw new PilotlightError('UPDATE_MANIFEST');
    const running = file.version ?? version;
    const { found, update } = judgeRelease(release.manifest, {
      ...{ kind: 'agent', form: 'file', os: process.platform, arch: process.arch, version: running },
      // A person who types the command is early in a staged release.
      place: 0,
    });
    if (action === 'check' || update === null) {
      return {
        kind: 'found',
        found,
        version: update?.manifest.version ?? null,
        notes: update?.manifest.notes ?? null,
      };
    }
    const fresh = await createUpdateDownloads({ http, folder: work }).fetch({
      ...{ address, file: update.file, signal },
      onProgress: (doneBytes) => onProgress(doneBytes, update.file.size),
    });
    signal.throwIfAborted();
    replaceProgram({ program, fresh, keepAs: kept });
    return { kind: 'installed', from: running, to: update.manifest.version, kept };
  } finally {
    rmSync(work, { recursive: true, force: true });
    http.close();
  }
}

/** What is new in the version that runs; null where the build has no notes. */
export async function readOwnNews(): Promise<{ version: string; notes: string | null }> {
  const changes = readChanges(await readFile(changesFile, 'utf8').catch(() => ''));
  return { version, notes: changes.find((section) => section.version === version)?.notes || null };
}
