/**
 * Results that workers send as files, resumed after a break: what has arrived stays open for a while, and the next
 * request continues where the last one ended. The file exists when all of it has arrived and its checksum is right.
 */
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { TaskFile } from '../../../core/ports/task-files.ts';
import type { Clock, Timer } from '../../../core/ports/time.ts';
import type { TasksService } from '../../../core/tasks/model.ts';
import { piecesOf } from './uploads.ts';

/** How long an interrupted upload, or the answer to a finished one, waits for its worker. */
const WAIT_MS = 10 * 60_000;
/** Each that is not complete holds an open file. */
const MOST_OPEN = 256;

export interface ResultKey {
  /** null for the worker that this program runs itself. */
  credentialId: string | null;
  taskId: string;
  token: string;
  sha256: string;
}

export interface ResultUploads {
  /** How many bytes have arrived. */
  received(key: ResultKey): number;
  /**
   * Takes the next part, from its first byte on. Resolves with the file when it was the last one. Rejects with
   * BAD_REQUEST for a part that leaves a gap, CHECKSUM_MISMATCH, UPLOAD_TOO_LARGE, DISK_FULL, LINK_LOST.
   */
  take(
    key: ResultKey,
    part: { from: number; sizeBytes: number },
    request: IncomingMessage,
  ): Promise<TaskFile>;
  /** Interrupted ones leave nothing behind. */
  stop(): void;
}

interface Upload {
  received: number;
  /** What arrives, on its way to the disk. */
  channel: PassThrough;
  abort(reason: PilotlightError): void;
  saved: Promise<TaskFile>;
  isSaved: boolean;
  /** The request that is sending now. */
  sender: IncomingMessage | null;
  timer: Timer | null;
}

export function createResultUploads({
  service,
  clock,
}: {
  service: Pick<TasksService, 'saveResult'>;
  clock: Pick<Clock, 'timer'>;
}): ResultUploads {
  const uploads = new Map<string, Upload>();
  const nameOf = ({ credentialId, taskId, token, sha256 }: ResultKey) =>
    JSON.stringify([credentialId, taskId, token, sha256]);

  function open(name: string, { taskId, sha256 }: ResultKey): Upload {
    makeRoom();
    const channel = new PassThrough();
    // What goes wrong is in `saved`.
    channel.on('error', () => {});
    const stopped = new AbortController();
    const saved = service.saveResult(
      { taskId, name: `${taskId}.txt`, content: channel, sha256 },
      stopped.signal,
    );
    const upload: Upload = {
      received: 0,
      channel,
      abort(reason) {
        stopped.abort(reason);
        channel.destroy(reason);
      },
      saved,
      isSaved: false,
      sender: null,
      timer: null,
    };
    saved.then(
      () => {
        upload.isSaved = true;
      },
      () => {
        channel.destroy();
        forget(name, upload);
      },
    );
    uploads.set(name, upload);
    return upload;
  }

  /** Those that have ended hold nothing but their answer. */
  function makeRoom(): void {
    if (uploads.size < MOST_OPEN) return;
    for (const [name, upload] of uploads) {
      if (!upload.isSaved) continue;
      forget(name, upload);
      return;
    }
    throw new PilotlightError('SERVER_BUSY');
  }

  function forget(name: string, upload: Upload): void {
    upload.timer?.cancel();
    if (uploads.get(name) === upload) uploads.delete(name);
  }

  function wait(name: string, upload: Upload): void {
    upload.timer?.cancel();
    upload.timer = clock.timer(WAIT_MS, () => {
      forget(name, upload);
      upload.abort(new PilotlightError('LINK_LOST'));
    });
  }

  /** Passes on what has not arrived before. */
  async function receive(upload: Upload, from: number, request: IncomingMessage): Promise<void> {
    let at = from;
    for await (const piece of piecesOf(request)) {
      if (upload.sender !== request) throw new PilotlightError('LINK_LOST');
      const known = Math.max(0, upload.received - at);
      at += piece.length;
      if (known >= piece.length) continue;
      const fresh = piece.subarray(known);
      upload.received += fresh.length;
      await written(upload.channel, fresh);
    }
    if (upload.sender !== request) throw new PilotlightError('LINK_LOST');
  }

  return {
    received: (key) => uploads.get(nameOf(key))?.received ?? 0,
    async take(key, { from, sizeBytes }, request) {
      const name = nameOf(key);
      const upload = uploads.get(name) ?? open(name, key);
      const { received } = upload;
      if (from > received || received > sizeBytes) {
        throw new PilotlightError('BAD_REQUEST', {
          message: fact('RESULT_OUT_OF_ORDER', { received }),
          details: { received },
        });
      }
      // A connection that broke without a word may seem to be open still.
      upload.sender?.destroy();
      upload.sender = request;
      upload.timer?.cancel();
      try {
        await receive(upload, from, request);
        if (upload.received < sizeBytes) throw new PilotlightError('LINK_LOST');
        upload.channel.end();
        return await upload.saved;
      } catch (error) {
        // Saving has failed: that is why no more was taken.
        if (upload.channel.destroyed && !upload.isSaved) await upload.saved;
        throw error;
      } finally {
        if (upload.sender === request) {
          upload.sender = null;
          // Also after the last part: its answer may get lost.
          if (uploads.get(name) === upload) wait(name, upload);
        }
      }
    },
    stop() {
      for (const [name, upload] of uploads) {
        forget(name, upload);
        if (!upload.isSaved) upload.abort(new PilotlightError('STOPPING'));
      }
    },
  };
}

/** Resolves when it has gone on, so that no more is in memory than is on its way. */
const written = (channel: PassThrough, piece: Uint8Array) =>
  new Promise<void>((resolve, reject) => {
    channel.write(piece, (error) => (error ? reject(error) : resolve()));
  });
