import {
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { systemCode } from '../../adapters/system-code.ts';
import { tryLock } from '../lock.ts';
import { version } from '../program.ts';
import { areBound, filesIn, machineDigest, secretFiles, settleDatabases, versionOf } from './contents.ts';
import { BACKUP_FORMAT, BACKUP_VERSION, type BackupHeader, digestOf, sealSecrets } from './format.ts';
import { settleRestore } from './journal.ts';

export interface WrittenBackup {
  file: string;
  bytes: number;
  files: number;
  withSecrets: boolean;
}

/**
 * Writes everything in the data folder to one file, which appears only when it is complete. Without a passphrase, the
 * secrets stay out. Throws ALREADY_RUNNING, BACKUP_EXISTS, DISK_FULL and DATA_FOLDER_UNUSABLE.
 */
export async function writeBackup(options: {
  dataFolder: string;
  file: string;
  passphrase: string | undefined;
  now: number;
  signal: AbortSignal;
}): Promise<WrittenBackup> {
  const { dataFolder, file, passphrase, now, signal } = options;
  if (existsSync(file)) throw new PilotlightError('BACKUP_EXISTS', { details: { file } });
  const lock = tryLock(dataFolder);
  if (lock === null)
    throw new PilotlightError('ALREADY_RUNNING', { next: 'Quit Pilotlight, then try again.' });
  const draft = `${file}.${process.pid}.new`;
  try {
    // A restore that was interrupted is finished first, or half of it would be saved.
    settleRestore(dataFolder);
    settleDatabases(dataFolder);
    const state = versionOf(join(dataFolder, 'state.sqlite'));
    const header: BackupHeader = {
      format: BACKUP_FORMAT,
      version: BACKUP_VERSION,
      program: version,
      state,
      machine: machineDigest(),
      createdAt: now,
      secrets: passphrase === undefined ? null : readSecrets(dataFolder, passphrase),
    };
    const line = `${JSON.stringify(header)}\n`;
    const files = filesIn(dataFolder);
    const out = createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true });
    await new Promise<void>((written, failed) => {
      out.once('error', failed);
      out.write(line, (error) => (error ? failed(error) : written()));
    });
    const entries = Readable.from(entriesOf(dataFolder, files, digestOf(line)), { objectMode: false });
    await pipeline(entries, createGzip({ level: 6 }), out, { signal });
    // Unlike a rename, a link never replaces a file that appeared meanwhile.
    linkSync(draft, file);
    return { file, bytes: statSync(file).size, files: files.length, withSecrets: header.secrets !== null };
  } catch (error) {
    throw writeError(error, file);
  } finally {
    rmSync(draft, { force: true });
    lock.release();
  }
}

function readSecrets(folder: string, passphrase: string): BackupHeader['secrets'] {
  const files: Record<string, Buffer> = {};
  for (const name of secretFiles) {
    if (existsSync(join(folder, name))) files[name] = readFileSync(join(folder, name));
  }
  const bound = areBound(files['secrets.json']?.toString('utf8') ?? '');
  return { ...sealSecrets(files, passphrase), bound };
}

async function* entriesOf(folder: string, files: readonly string[], header: string): AsyncGenerator<Buffer> {
  for (const path of files) {
    const { size } = statSync(join(folder, path));
    yield Buffer.from(`${JSON.stringify({ path, size })}\n`);
    let rest = size;
    if (size === 0) continue;
    for await (const chunk of createReadStream(join(folder, path), { end: size - 1 })) {
      rest -= (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    if (rest !== 0) throw new PilotlightError('INTERNAL', { message: `${path} changed while it was read.` });
  }
  yield Buffer.from(`${JSON.stringify({ end: true, entries: files.length, header })}\n`);
}

function writeError(error: unknown, file: string): unknown {
  if (error instanceof PilotlightError) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new PilotlightError('DISK_FULL', { cause: error });
  if (code === 'EEXIST') return new PilotlightError('BACKUP_EXISTS', { details: { file }, cause: error });
  if (code === null) return error;
  return new PilotlightError('BAD_REQUEST', {
    message: `The backup can't be written to ${file} (${code}).`,
    next: `Check that the folder ${dirname(file)} exists and that you may write there.`,
    cause: error,
  });
}
