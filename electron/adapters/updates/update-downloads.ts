/** Downloads of updates: continued where they broke off, to a name of their own until they are verified. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { UpdateFile } from '../../../shared/models/update-manifest.ts';
import type { Http, HttpStream } from '../../core/ports/network.ts';
import type { UpdateDownloads } from '../../core/ports/updates.ts';
import { systemCode } from '../system-code.ts';
import { fileDigest } from './file-digest.ts';
import { inFolder, openFollowing, unreachable } from './open-following.ts';

/** That much of the disk stays free for everything else. */
const SPARE_BYTES = 50_000_000;
/** Between two reports of progress, bytes. */
const REPORT_EVERY = 262_144;

/** Downloads are in `folder`; what was kept of earlier versions is elsewhere. */
export function createUpdateDownloads(options: {
  http: Pick<Http, 'open'>;
  folder: string;
  /** Free bytes of the disk; null if that is not known. */
  freeBytes?: (folder: string) => Promise<number | null>;
}): UpdateDownloads {
  const { http, folder, freeBytes = freeBytesOf } = options;

  return {
    async fetch({ address, file, onProgress, signal }) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = nameOf(file);
      const path = join(folder, `${name}-${file.name}`);
      const part = join(folder, `${name}.part`);
      try {
        await sweep(folder, name);
        if (await isIntact(path, file)) return path;
        await rm(path, { force: true });
        await receive({
          http,
          url: inFolder(address, file.name),
          file,
          part,
          folder,
          freeBytes,
          onProgress,
          signal,
        });
        await rename(part, path);
        return path;
      } catch (error) {
        const code = systemCode(error);
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
        // A part would only keep the disk full.
        await rm(part, { force: true });
        throw new PilotlightError('DISK_FULL', { cause: error });
      }
    },
    isIntact,
    remove: (path) => rm(path, { force: true }),
  };
}

/** By its digest, so that a part is never continued with another file. */
const nameOf = ({ sha512 }: UpdateFile): string => Buffer.from(sha512, 'base64').toString('hex').slice(0, 24);

/** What earlier downloads of other files left. */
async function sweep(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(name)) await rm(join(folder, entry), { force: true, recursive: true });
  }
}

async function isIntact(
  path: string,
  { size, sha512 }: Pick<UpdateFile, 'size' | 'sha512'>,
): Promise<boolean> {
  try {
    // A link or a pipe is none of ours, whatever it leads to.
    const found = await lstat(path);
    if (!found.isFile() || found.size !== size) return false;
    return (await fileDigest(path)) === sha512;
  } catch {
    return false;
  }
}

interface Receiving {
  http: Pick<Http, 'open'>;
  url: string;
  file: UpdateFile;
  part: string;
  folder: string;
  freeBytes: (folder: string) => Promise<number | null>;
  onProgress(doneBytes: number): void;
  signal: AbortSignal;
}

/** Resolves when the part has every byte, is the signed file and is on the disk. */
async function receive(receiving: Receiving): Promise<void> {
  const { http, url, file, part, folder, freeBytes, onProgress, signal } = receiving;
  let { have, hash } = await readPart(part, file, signal);
  const free = await freeBytes(folder);
  if (free !== null && free < file.size - have + SPARE_BYTES) throw new PilotlightError('DISK_FULL');
  if (have < file.size) {
    const stream = await openFollowing(http, {
      ...{ url, signal },
      ...(have > 0 && { headers: { range: `bytes=${have}-` } }),
    });
    try {
      const from = startOf(stream, { have, file });
      if (from === 0 && have > 0) [have, hash] = [0, createHash('sha512')];
      await using target = await open(part, from === 0 ? 'w' : 'r+', 0o600);
      await chmod(part, 0o600);
      let reported = have;
      for await (const chunk of bodyOf(stream, signal)) {
        if (have + chunk.length > file.size) throw new PilotlightError('UPDATE_DAMAGED');
        await writeAll(target, chunk, have);
        hash.update(chunk);
        have += chunk.length;
        if (have - reported < REPORT_EVERY) continue;
        reported = have;
        onProgress(have);
      }
      await target.sync();
    } catch (error) {
      stream.close();
      if (isPilotlightError(error) && error.code === 'UPDATE_DAMAGED') await rm(part, { force: true });
      throw error;
    }
    onProgress(have);
  }
  if (have < file.size) throw new PilotlightError('UPDATE_BROKEN_OFF');
  if (hash.digest('base64') === file.sha512) return;
  await rm(part, { force: true });
  throw new PilotlightError('UPDATE_DAMAGED');
}

/** What has arrived before, and its digest so far. A part that is too long is of no use. */
async function readPart(
  part: string,
  file: UpdateFile,
  signal: AbortSignal,
): Promise<{ have: number; hash: Hash }> {
  const hash = createHash('sha512');
  const size = await lstat(part).then(
    (found) => (found.isFile() ? found.size : -1),
    () => 0,
  );
  if (size < 0 || size > file.size) await rm(part, { force: true, recursive: true });
  else if (size > 0)
    for await (const chunk of createReadStream(part, { signal })) hash.update(chunk as Buffer);
  return { have: size < 0 || size > file.size ? 0 : size, hash };
}

/** Where the answer begins: where it was asked to, or at 0. Throws if it is no part of the signed file. */
function startOf(
  { status, headers }: HttpStream,
  { have, file }: { have: number; file: UpdateFile },
): number {
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (status === 206 && have > 0) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
    if (Number(from) !== have || Number(total) !== file.size) throw new PilotlightError('UPDATE_DAMAGED');
    return have;
  }
  if (status === 416) throw new PilotlightError('UPDATE_DAMAGED');
  if (status !== 200) throw unreachable(`The server answered with status ${status}.`);
  // It says itself that it has another file.
  if (!Number.isNaN(length) && length !== file.size) throw new PilotlightError('UPDATE_DAMAGED');
  return 0;
}

async function* bodyOf({ body }: HttpStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new PilotlightError('UPDATE_BROKEN_OFF', { cause: error });
  }
}

async function writeAll(
  target: {
    write(bytes: Uint8Array, offset: number, length: number, at: number): Promise<{ bytesWritten: number }>;
  },
  chunk: Uint8Array,
  at: number,
): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await target.write(chunk, done, chunk.length - done, at + done);
    done += bytesWritten;
  }
}

async function freeBytesOf(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
