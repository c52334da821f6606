/** Downloads a file by a signed address. A connection that breaks is resumed where it broke. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Clock } from '../../../core/ports/time.ts';
import type { Backoff } from '../backoff.ts';
import type { TaskServer } from '../link/server.ts';
import { isTransient } from '../link/transient.ts';

export interface Download {
  /** Signed, relative to the server. */
  address: string;
  /** null if that is not known: then the end of the answer counts. */
  sizeBytes: number | null;
  /** Hexadecimal; null if it is not known. */
  sha256: string | null;
  /** Where it goes; the file is created. */
  path: string;
}

/**
 * Resolves when the whole file is there and its checksum is right. Rejects with LINK_EXPIRED, CHECKSUM_MISMATCH,
 * NOT_FOUND, the system's errors, or the signal's reason. While the server does not answer, it tries again.
 */
export async function download(
  { address, sizeBytes, sha256, path }: Download,
  { server, clock, backoff, signal }: DownloadTools,
): Promise<void> {
  let file = await open(path, 'w');
  try {
    const progress = { hash: createHash('sha256'), at: 0 };
    for (let isWhole = sizeBytes === 0; !isWhole; ) {
      try {
        const before = progress.at;
        const { from, body } = await server.download(address, progress.at, signal);
        if (from !== progress.at) {
          // A server that sends the whole again, because it cannot resume.
          if (from !== 0) throw new PilotlightError('CHECKSUM_MISMATCH');
          await file.close();
          file = await open(path, 'w');
          progress.hash = createHash('sha256');
          progress.at = 0;
        }
        await receive(body.body, { file, progress, sizeBytes });
        if (progress.at > before) backoff.reset();
        isWhole = sizeBytes === null || progress.at === sizeBytes;
        if (!isWhole) await clock.sleep(backoff.next(), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isTransient(error) && !isBroken(error)) throw error;
        await clock.sleep(backoff.next(), signal);
      }
    }
    if (sha256 !== null && progress.hash.digest('hex') !== sha256.toLowerCase()) {
      throw new PilotlightError('CHECKSUM_MISMATCH');
    }
  } finally {
    await file.close();
  }
}

export interface DownloadTools {
  server: Pick<TaskServer, 'download'>;
  clock: Pick<Clock, 'sleep'>;
  backoff: Backoff;
  signal: AbortSignal;
}

async function receive(
  body: AsyncIterable<Uint8Array>,
  { file, progress, sizeBytes }: ReceiveInto,
): Promise<void> {
  for await (const chunk of body) {
    if (sizeBytes !== null && progress.at + chunk.length > sizeBytes) {
      throw new PilotlightError('CHECKSUM_MISMATCH');
    }
    await file.write(chunk, 0, chunk.length, progress.at);
    progress.hash.update(chunk);
    progress.at += chunk.length;
  }
}

interface ReceiveInto {
  file: FileHandle;
  progress: { hash: ReturnType<typeof createHash>; at: number };
  sizeBytes: number | null;
}

/** A body that ended too early. */
const isBroken = (error: unknown) =>
  error instanceof PilotlightError && error.code === 'NOT_AN_INFERENCE_SERVER';
