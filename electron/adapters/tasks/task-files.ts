/** Uploads and results of tasks: each is a file named by its id, beside a small one with what is known of it. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { TaskFile, TaskFiles } from '../../core/ports/task-files.ts';
import type { Clock, Ids } from '../../core/ports/time.ts';
import { draftOf } from '../leftovers.ts';
import { systemCode } from '../system-code.ts';
import { cleanFileName } from './file-name.ts';
import { createFolderFlush, flushFile, taskFileError } from './flush.ts';

const factsSchema = z.object({
  kind: z.enum(['upload', 'result']),
  name: z.string(),
  sizeBytes: z.number(),
  sha256: z.string(),
  createdAt: z.number(),
  taskId: z.string().nullable().default(null),
});

/** What `ids.next('file')` makes, and nothing that could lead out of the folder. */
const ID = /^file_[A-Za-z0-9-]{1,80}$/;
const FACTS = '.json';
const DRAFT = '.part';
/** Small pieces are gathered: each write costs a turn of a thread. */
const WRITE_BYTES = 256 * 1024;
/** What all uploads gather together, so that many at once don't fill the memory; but each at least a piece. */
const GATHERED_BYTES = 4 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

export function createTaskFiles({
  folder,
  clock,
  ids,
}: {
  folder: string;
  clock: Pick<Clock, 'now'>;
  ids: Ids;
}): TaskFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const dataPath = (id: string) => join(folder, id);
  const factsPath = (id: string) => join(folder, `${id}${FACTS}`);
  /** Being written by this process. */
  const writing = new Set<string>();
  /** Owners that are on their way to the disk. */
  const attaching = new Map<string, { taskId: string | null }>();
  /** For each list in progress, what was written since it began. */
  const lists = new Set<Set<string>>();
  const touch = (id: string) => {
    for (const touched of lists) touched.add(id);
  };
  const flush = createFolderFlush(folder);
  const bytesAtOnce = (): number =>
    Math.max(PIECE_BYTES, Math.min(WRITE_BYTES, Math.floor(GATHERED_BYTES / Math.max(1, writing.size))));

  function get(id: string): TaskFile | null {
    if (!ID.test(id)) return null;
    try {
      const facts = factsSchema.safeParse(JSON.parse(readFileSync(factsPath(id), 'utf8')));
      const found = statSync(dataPath(id), { throwIfNoEntry: false });
      return facts.success && found?.isFile() ? { id, ...facts.data, ...attaching.get(id) } : null;
    } catch {
      return null;
    }
  }

  function present(id: string): TaskFile {
    const file = get(id);
    if (file === null) throw new PilotlightError('NOT_FOUND', { details: { fileId: id } });
    return file;
  }

  async function writeFacts(id: string, facts: Omit<TaskFile, 'id'>, durable: boolean): Promise<void> {
    const draft = draftOf(factsPath(id));
    const handle = await openNew(draft);
    try {
      try {
        await handle.writeFile(JSON.stringify(facts));
        if (durable) await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, factsPath(id));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  async function receive(
    handle: FileHandle,
    content: AsyncIterable<Uint8Array>,
    mostBytes: number,
    signal: AbortSignal,
  ): Promise<{ sizeBytes: number; sha256: string }> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let gathered: Uint8Array[] = [];
    let gatheredBytes = 0;
    async function write(): Promise<void> {
      const [parts, bytes] = [gathered, gatheredBytes];
      gathered = [];
      gatheredBytes = 0;
      if (bytes > 0) await writeAll(handle, parts, bytes);
    }
    for await (const part of content) {
      signal.throwIfAborted();
      sizeBytes += part.byteLength;
      if (sizeBytes > mostBytes) throw new PilotlightError('UPLOAD_TOO_LARGE', { details: { mostBytes } });
      hash.update(part);
      gathered.push(part);
      gatheredBytes += part.byteLength;
      if (gatheredBytes >= bytesAtOnce()) await write();
    }
    await write();
    signal.throwIfAborted();
    return { sizeBytes, sha256: hash.digest('hex') };
  }

  return {
    async save({ kind, name, content, taskId = null }, { sha256, mostBytes }, signal) {
      signal.throwIfAborted();
      const id = ids.next('file');
      const draft = `${dataPath(id)}${DRAFT}`;
      writing.add(id);
      touch(id);
      try {
        const handle = await open(draft, 'wx', 0o600);
        let received: { sizeBytes: number; sha256: string };
        try {
          received = await receive(handle, content, mostBytes, signal);
        } finally {
          await handle.close();
        }
        if (sha256 !== undefined && sha256.toLowerCase() !== received.sha256) {
          throw new PilotlightError('CHECKSUM_MISMATCH');
        }
        const facts = { kind, name: cleanFileName(name), ...received, createdAt: clock.now(), taskId };
        // An upload is worth nothing before a task uses it: it is flushed then.
        const durable = taskId !== null;
        await Promise.all([writeFacts(id, facts, durable), durable ? flushFile(draft) : undefined]);
        // It exists from here on: facts without a file are leftovers.
        await rename(draft, dataPath(id));
        if (durable) await flush();
        return { id, ...facts };
      } catch (error) {
        await Promise.all([draft, dataPath(id), factsPath(id)].map((path) => rm(path, { force: true })));
        throw taskFileError(error);
      } finally {
        writing.delete(id);
      }
    },
    get,
    async attach(id, taskId) {
      const { id: _id, ...facts } = present(id);
      const owner = { taskId };
      attaching.set(id, owner);
      touch(id);
      try {
        await Promise.all([writeFacts(id, { ...facts, taskId }, true), flushFile(dataPath(id))]);
        await flush();
      } catch (error) {
        throw taskFileError(error);
      } finally {
        if (attaching.get(id) === owner) attaching.delete(id);
      }
    },
    path: (id) => dataPath(present(id).id),
    read: async (id, from = 0) => createReadStream(dataPath(present(id).id), { start: from }),
    async text(id, mostBytes) {
      const handle = await open(dataPath(present(id).id));
      try {
        const { size } = await handle.stat();
        const bytes = Buffer.alloc(Math.min(size, mostBytes));
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        // A character that the limit cut in two is left out.
        return new TextDecoder().decode(bytes.subarray(0, filled), { stream: true });
      } finally {
        await handle.close();
      }
    },
    async remove(fileIds) {
      for (const id of fileIds) {
        if (!ID.test(id)) continue;
        await rm(dataPath(id), { force: true });
        await rm(factsPath(id), { force: true });
      }
    },
    async list() {
      const touched = new Set([...writing, ...attaching.keys()]);
      lists.add(touched);
      const names = await readdir(folder).finally(() => lists.delete(touched));
      const present = new Set(names);
      const files: TaskFile[] = [];
      for (const name of names) {
        const id = name.replace(/\.(json|part)(\.\d+\.new)?$/, '');
        if (!ID.test(id)) continue;
        const isWhole = present.has(id) && present.has(`${id}${FACTS}`);
        if (touched.has(id) && !isWhole) continue;
        // What a killed process left in the middle of a write.
        if (!isWhole || name.endsWith(DRAFT) || name.endsWith('.new')) {
          if (!touched.has(id)) await rm(join(folder, name), { force: true });
          continue;
        }
        if (name !== id) continue;
        const facts = factsSchema.safeParse(await readJson(factsPath(id)));
        if (facts.success) files.push({ id, ...facts.data, ...attaching.get(id) });
        else if (facts.error) files.push(await unknownFile(id, dataPath(id)));
      }
      return files.sort((one, other) => one.createdAt - other.createdAt);
    },
  };
}

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await handle.writev(parts);
  if (bytesWritten === bytes) return;
  const rest = Buffer.concat(parts).subarray(bytesWritten);
  for (let written = 0; written < rest.byteLength; ) {
    written += (await handle.write(rest, written, rest.byteLength - written)).bytesWritten;
  }
}

/** What a killed process left at this name is replaced; a link that waits there is not followed. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    await rm(path, { force: true });
    return open(path, 'wx', 0o600);
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Its facts are damaged: it still takes space, and is deleted by its age like every other. */
async function unknownFile(id: string, path: string): Promise<TaskFile> {
  const found = statSync(path, { throwIfNoEntry: false });
  return {
    id,
    kind: 'upload',
    name: id,
    sizeBytes: found?.size ?? 0,
    sha256: '',
    createdAt: found?.mtimeMs ?? 0,
    taskId: null,
  };
}
