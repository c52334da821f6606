import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { INDEX_SCHEMA, TASKS_SCHEMA } from '../../adapters/schema-versions.ts';
import { migrations } from '../../adapters/state/migrations.ts';
import { systemCode } from '../../adapters/system-code.ts';
import { tryLock } from '../lock.ts';
import { version } from '../program.ts';
import { isLeftOut, machineDigest, secretFiles, versionOf } from './contents.ts';
import {
  type BackupHeader,
  digestOf,
  entrySchema,
  isSafePath,
  MOST_HEADER_BYTES,
  openSecrets,
  readHeader,
} from './format.ts';
import { beginRestore, carryOut, type Rename, settleRestore, undo } from './journal.ts';

export interface RestoredBackup {
  createdAt: number;
  files: number;
  withSecrets: boolean;
  /** Where the former content of the data folder is; null if it was empty. */
  before: string | null;
}

/**
 * Replaces the content of the data folder by that of a backup. Everything is unpacked and checked beside it first, so
 * that a backup which can't be used changes nothing. The former content is kept. Throws BACKUP_… errors,
 * ALREADY_RUNNING and DISK_FULL.
 */
export async function restoreBackup(options: {
  dataFolder: string;
  file: string;
  passphrase: string | undefined;
  withoutSecrets: boolean;
  now: number;
  signal: AbortSignal;
  machine?: string;
  /** Default: the system's. */
  rename?: Rename;
}): Promise<RestoredBackup> {
  const { dataFolder, file, now, signal, rename } = options;
  const { header, line } = await headerOf(file);
  const secrets = secretsOf(header, options);
  const lock = tryLock(dataFolder);
  if (lock === null)
    throw new PilotlightError('ALREADY_RUNNING', { next: 'Quit Pilotlight, then try again.' });
  let work: string | null = null;
  try {
    settleRestore(dataFolder);
    work = mkdtempSync(join(dataFolder, 'unfinished-restore-'));
    const fresh = join(work, 'new');
    mkdirSync(fresh, { mode: 0o700 });
    const files = await unpack({
      file,
      start: Buffer.byteLength(line),
      header: digestOf(line),
      fresh,
      signal,
    });
    for (const [name, content] of secrets ?? [])
      writeFileSync(join(fresh, name), content, { mode: 0o600, flush: true });
    signal.throwIfAborted();
    refuseNewer(fresh);
    const before = swap(dataFolder, { work, now, keepsSecrets: secrets === null, rename });
    return { createdAt: header.createdAt, files, withSecrets: secrets !== null, before };
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new PilotlightError('DISK_FULL', { cause: error });
    throw error;
  } finally {
    if (work !== null) rmSync(work, { recursive: true, force: true });
    lock.release();
  }
}

function secretsOf(
  header: BackupHeader,
  options: { passphrase: string | undefined; withoutSecrets: boolean; machine?: string },
): Map<string, Buffer> | null {
  if (header.secrets === null || options.withoutSecrets) return null;
  if (options.passphrase === undefined) throw new PilotlightError('BACKUP_PASSPHRASE_NEEDED');
  const opened = openSecrets(header.secrets, options.passphrase);
  if (header.secrets.bound && header.machine !== (options.machine ?? machineDigest()))
    throw new PilotlightError('BACKUP_OTHER_MACHINE');
  for (const name of opened.keys())
    if (!(secretFiles as readonly string[]).includes(name)) throw new PilotlightError('BACKUP_UNREADABLE');
  return opened;
}

/**
 * The databases themselves say which version wrote them, whatever the header says. Opened by an older one, they would be
 * refused or, worse, misread.
 */
function refuseNewer(folder: string): void {
  const here = { 'state.sqlite': migrations.length, 'tasks.sqlite': TASKS_SCHEMA };
  const indexes = existsSync(join(folder, 'index')) ? readdirSync(join(folder, 'index')) : [];
  const known: [string, number][] = [
    ...Object.entries(here),
    ...indexes
      .filter((name) => name.endsWith('.db'))
      .map((name): [string, number] => [`index/${name}`, INDEX_SCHEMA]),
  ];
  for (const [path, newest] of known) {
    const version = versionOf(join(folder, path));
    if (version > newest)
      throw new PilotlightError('BACKUP_NEWER', { details: { path, version, here: newest } });
  }
}

async function headerOf(file: string): Promise<{ header: BackupHeader; line: string }> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    await using handle = await open(file, 'r');
    while (length < MOST_HEADER_BYTES) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(65_536), 0, 65_536, length);
      if (bytesRead === 0) break;
      length += bytesRead;
      chunks.push(buffer.subarray(0, bytesRead));
      if (buffer.subarray(0, bytesRead).includes(0x0a)) break;
    }
  } catch (cause) {
    throw new PilotlightError('BACKUP_UNREADABLE', { message: `${file} can't be read.`, cause });
  }
  const bytes = Buffer.concat(chunks);
  const end = bytes.indexOf(0x0a);
  if (end === -1) throw new PilotlightError('BACKUP_UNREADABLE');
  const line = bytes.toString('utf8', 0, end + 1);
  return { header: readHeader(line, { program: version, state: migrations.length }), line };
}

/** Returns the number of files. */
async function unpack(options: {
  file: string;
  start: number;
  header: string;
  fresh: string;
  signal: AbortSignal;
}): Promise<number> {
  const { file, start, header, fresh, signal } = options;
  const source = createReadStream(file, { start, signal });
  const stream = source.pipe(createGunzip());
  source.once('error', (error) => stream.destroy(error));
  const reader = createReader(stream);
  const seen = new Set<string>();
  try {
    for (;;) {
      const parsed = entrySchema.safeParse(parse(await reader.line()));
      if (!parsed.success) throw new PilotlightError('BACKUP_UNREADABLE');
      const entry = parsed.data;
      if ('end' in entry) {
        if (entry.entries !== seen.size || entry.header !== header)
          throw new PilotlightError('BACKUP_UNREADABLE');
        // gzip's own checksum follows; without it the file is cut.
        if (!(await reader.isAtEnd())) throw new PilotlightError('BACKUP_UNREADABLE');
        return seen.size;
      }
      const { path, size } = entry;
      const [top = ''] = path.split('/');
      if (!isSafePath(path) || isLeftOut(top) || seen.has(path))
        throw new PilotlightError('BACKUP_UNREADABLE');
      seen.add(path);
      mkdirSync(dirname(join(fresh, path)), { recursive: true, mode: 0o700 });
      await using target = await open(join(fresh, path), 'wx', 0o600);
      for await (const chunk of reader.bytes(size)) await target.writeFile(chunk);
      await target.sync();
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === 'Z_BUF_ERROR') throw new PilotlightError('BACKUP_CUT', { cause: error });
    if (code?.startsWith('Z_')) throw new PilotlightError('BACKUP_UNREADABLE', { cause: error });
    throw error;
  } finally {
    source.destroy();
    stream.destroy();
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new PilotlightError('BACKUP_UNREADABLE', { cause });
  }
}

const MOST_LINE_BYTES = 100_000;

function createReader(stream: AsyncIterable<Buffer>) {
  const chunks = stream[Symbol.asyncIterator]();
  let kept: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (done) return false;
    kept = kept.length === 0 ? value : Buffer.concat([kept, value]);
    return true;
  };
  return {
    async line(): Promise<string> {
      for (;;) {
        const end = kept.indexOf(0x0a);
        if (end !== -1) {
          const text = kept.toString('utf8', 0, end);
          kept = kept.subarray(end + 1);
          return text;
        }
        if (kept.length > MOST_LINE_BYTES) throw new PilotlightError('BACKUP_UNREADABLE');
        if (!(await more())) throw new PilotlightError('BACKUP_CUT');
      }
    },
    async *bytes(size: number): AsyncGenerator<Buffer> {
      let rest = size;
      while (rest > 0) {
        if (kept.length === 0 && !(await more())) throw new PilotlightError('BACKUP_CUT');
        const part = kept.subarray(0, rest);
        kept = kept.subarray(part.length);
        rest -= part.length;
        yield part;
      }
    },
    isAtEnd: async (): Promise<boolean> => kept.length === 0 && !(await more()),
  };
}

/**
 * Moves the former content away and the new one in. A move that fails undoes those before it; a process that ends in the
 * middle leaves the rest to the next start.
 * @returns where the former content is
 */
function swap(
  folder: string,
  {
    work,
    now,
    keepsSecrets,
    rename,
  }: { work: string; now: number; keepsSecrets: boolean; rename: Rename | undefined },
): string | null {
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(':', '-');
  let before = `before-restore-${stamp}`;
  for (let count = 2; existsSync(join(folder, before)); count++) before = `before-restore-${stamp}-${count}`;
  const secrets = secretFiles as readonly string[];
  const former = readdirSync(folder).filter(
    (name) => !isLeftOut(name) && !(keepsSecrets && secrets.includes(name)),
  );
  const journal = { work: basename(work), before, former, fresh: readdirSync(join(work, 'new')) };
  beginRestore(folder, journal);
  try {
    carryOut(folder, journal, rename);
  } catch (error) {
    undo(folder, journal);
    throw error;
  }
  return former.length > 0 ? join(folder, before) : null;
}
