/** Sends a file, or the part of it that was asked for. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable, Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PilotlightError } from '../../../../shared/contract/errors.ts';

export interface FileToSend {
  name: string;
  sizeBytes: number;
  /** Hexadecimal, or anything else that another content would not have; null if it is not known. */
  sha256: string | null;
  /** The bytes from one to another, both included. */
  read(from: number, last: number): Promise<AsyncIterable<Uint8Array>>;
  /** If it is not read. */
  close?(): Promise<void>;
}

/** Without NONBLOCK, opening a pipe that replaced the file would keep a thread for good. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * One that may change or vanish at any time: what was checked is what is sent. It stays open until it is read or closed.
 * @param absolute without links: a path that has become one since then is not followed. Rejects with NOT_FOUND.
 */
export async function fileAt(absolute: string, name: string): Promise<FileToSend> {
  const handle = await open(absolute, FLAGS).catch((cause: unknown) => {
    throw new PilotlightError('NOT_FOUND', { cause });
  });
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) throw new PilotlightError('NOT_FOUND');
    return {
      name,
      sizeBytes: Number(stat.size),
      sha256: [stat.ino, stat.size, stat.mtimeNs].map((number) => number.toString(16)).join('-'),
      read: async (from, last) => handle.createReadStream({ start: from, end: last }),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

type Part = { from: number; last: number };

/** @param shownAs its type, for a page that shows it; null to save it */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: FileToSend,
  shownAs: string | null = null,
): Promise<FastifyReply> {
  const { sizeBytes, sha256 } = file;
  const tag = sha256 === null ? null : `"${sha256}"`;
  const isSame = request.headers['if-range'] === undefined || request.headers['if-range'] === tag;
  const part = isSame ? partOf(request.headers.range, sizeBytes) : null;
  reply.headers({
    'content-type': shownAs ?? 'application/octet-stream',
    'content-disposition': `${shownAs === null ? 'attachment' : 'inline'}; filename*=UTF-8''${encodeURIComponent(file.name.toWellFormed())}`,
    'accept-ranges': 'bytes',
    ...(tag === null ? {} : { etag: tag }),
  });
  if (part === 'outside') {
    await file.close?.();
    return reply.code(416).header('content-range', `bytes */${sizeBytes}`).send();
  }
  const { from, last } = part ?? { from: 0, last: sizeBytes - 1 };
  if (part !== null) reply.code(206).header('content-range', `bytes ${from}-${last}/${sizeBytes}`);
  reply.header('content-length', String(last - from + 1));
  if (request.method === 'HEAD' || last < from) {
    await file.close?.();
    return reply.send();
  }
  return reply.send(whole(await file.read(from, last), last - from + 1));
}

/** A file that has become shorter ends the connection: otherwise the client would wait for the rest. */
function whole(content: AsyncIterable<Uint8Array>, bytes: number): Readable {
  let left = bytes;
  const counted = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      left -= chunk.length;
      done(null, chunk);
    },
    flush: (done) => done(left > 0 ? new PilotlightError('FILE_CHANGED') : null),
  });
  const source = content instanceof Readable ? content : Readable.from(content, { objectMode: false });
  // Whichever ends first ends the other; what went wrong reaches the reader of `counted`.
  pipeline(source, counted, () => {});
  return counted;
}

/** Of several parts, or a range that cannot be read, the whole file is sent instead. */
function partOf(range: string | undefined, sizeBytes: number): Part | 'outside' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? '');
  if (match === null) return null;
  const [first = '', end = ''] = match.slice(1);
  if (first === '') {
    const length = Number(end);
    if (end === '') return null;
    return length === 0 || sizeBytes === 0
      ? 'outside'
      : { from: Math.max(0, sizeBytes - length), last: sizeBytes - 1 };
  }
  const from = Number(first);
  const last = end === '' ? sizeBytes - 1 : Math.min(Number(end), sizeBytes - 1);
  if (from >= sizeBytes) return 'outside';
  return last < from ? null : { from, last };
}

/** The bytes up to one, of a file that is read to its end. */
export async function* upTo(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const piece of content) {
    yield piece.length > left ? piece.subarray(0, left) : piece;
    left -= piece.length;
    if (left <= 0) return;
  }
}
