/** Uploads a result. A connection that breaks is resumed where the server has got to. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { LeaseProof } from '../../../core/ports/task-queue.ts';
import type { Clock } from '../../../core/ports/time.ts';
import type { Backoff } from '../backoff.ts';
import type { TaskServer } from '../link/server.ts';
import { isTransient } from '../link/transient.ts';

/**
 * Returns the id of the file at the server. While the server does not answer, it tries again. Rejects with the server's
 * error, or the signal's reason.
 */
export async function uploadResult(
  path: string,
  proof: LeaseProof,
  {
    server,
    clock,
    backoff,
    signal,
  }: {
    server: Pick<TaskServer, 'upload' | 'uploaded'>;
    clock: Pick<Clock, 'sleep'>;
    backoff: Backoff;
    signal: AbortSignal;
  },
): Promise<string> {
  const { size: sizeBytes } = await stat(path);
  const result = { ...proof, sizeBytes, sha256: await sha256Of(path, signal) };
  for (let isFirst = true; ; isFirst = false) {
    try {
      const from = isFirst ? 0 : await server.uploaded(result, signal);
      return await server.upload(result, from, createReadStream(path, { start: from }), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      await clock.sleep(backoff.next(), signal);
    }
  }
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
