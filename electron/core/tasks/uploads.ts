/** Uploads in parts, over a link that carries calls: each is saved while its parts arrive, and is dropped if they stop. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { TaskFile } from '../ports/task-files.ts';
import type { Clock, Ids, Timer } from '../ports/time.ts';

/** An upload without a next part for this long is dropped, milliseconds. */
export const UPLOAD_IDLE_MS = 600_000;
/** At once; a panel that was closed may leave one behind. */
const MOST_UPLOADS = 64;

export interface UploadPart {
  /** null for the first part. */
  uploadId: string | null;
  /** Read with the first part. */
  name: string;
  /** How much was sent before, bytes. */
  offset: number;
  data: Uint8Array;
  last: boolean;
}

export interface PartTaken {
  uploadId: string;
  receivedBytes: number;
  /** null until the last part has arrived. */
  fileId: string | null;
}

export interface Uploads {
  /**
   * Resolves when the part has been written. Rejects with NOT_FOUND (unknown, or dropped meanwhile), BAD_REQUEST (not the
   * next part; nothing is changed), UPLOAD_TOO_LARGE or DISK_FULL, after which nothing of the upload is left.
   */
  take(part: UploadPart): Promise<PartTaken>;
  /** Drops all that are not complete. */
  stop(): void;
}

interface Upload {
  received: number;
  /** A part is being written. */
  busy: boolean;
  push(data: Uint8Array | null): Promise<void>;
  saved: Promise<TaskFile>;
  abort(reason: unknown): void;
  idle: Timer;
}

export function createUploads({
  clock,
  ids,
  save,
}: {
  clock: Pick<Clock, 'timer'>;
  ids: Ids;
  save(file: { name: string; content: AsyncIterable<Uint8Array> }, signal: AbortSignal): Promise<TaskFile>;
}): Uploads {
  const uploads = new Map<string, Upload>();

  function begin(name: string): [string, Upload] {
    if (uploads.size >= MOST_UPLOADS)
      throw new PilotlightError('BAD_REQUEST', { message: fact('TOO_MANY_UPLOADS') });
    const uploadId = ids.next('upload');
    const controller = new AbortController();
    const content = createPushed(controller.signal);
    const saved = save({ name, content: content.read }, controller.signal);
    // A failure is told to the caller of the part that it interrupts.
    saved.catch((error: unknown) => {
      content.fail(error);
      drop(uploadId);
    });
    const upload: Upload = {
      received: 0,
      busy: false,
      push: content.push,
      saved,
      abort: (reason) => controller.abort(reason),
      idle: idleTimer(uploadId),
    };
    uploads.set(uploadId, upload);
    return [uploadId, upload];
  }

  const idleTimer = (uploadId: string) =>
    clock.timer(UPLOAD_IDLE_MS, () => drop(uploadId, new PilotlightError('NOT_FOUND')));

  function drop(uploadId: string, reason?: unknown): void {
    const upload = uploads.get(uploadId);
    if (!upload) return;
    uploads.delete(uploadId);
    upload.idle.cancel();
    if (reason !== undefined) upload.abort(reason);
  }

  function find(uploadId: string): Upload {
    const upload = uploads.get(uploadId);
    if (!upload) throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_UPLOAD') });
    return upload;
  }

  return {
    async take({ uploadId: given, name, offset, data, last }) {
      if (given === null && offset !== 0)
        throw new PilotlightError('BAD_REQUEST', { message: fact('NOT_THE_NEXT_PART', { expected: 0 }) });
      const [uploadId, upload] = given === null ? begin(name) : [given, find(given)];
      if (upload.busy || offset !== upload.received)
        throw new PilotlightError('BAD_REQUEST', {
          message: fact('NOT_THE_NEXT_PART', { expected: upload.received }),
          details: { receivedBytes: upload.received },
        });
      upload.busy = true;
      upload.idle.cancel();
      try {
        if (data.length > 0) await upload.push(data);
        upload.received += data.length;
        if (last) {
          await upload.push(null);
          const file = await upload.saved;
          drop(uploadId);
          return { uploadId, receivedBytes: file.sizeBytes, fileId: file.id };
        }
        upload.idle = idleTimer(uploadId);
        return { uploadId, receivedBytes: upload.received, fileId: null };
      } finally {
        upload.busy = false;
      }
    },
    stop() {
      for (const uploadId of [...uploads.keys()]) drop(uploadId, new PilotlightError('STOPPING'));
    },
  };
}

/** An iterable into which parts are pushed; a push resolves when the reader has asked for the next one. */
function createPushed(signal: AbortSignal) {
  let offered: { data: Uint8Array | null; taken(): void; failed(error: unknown): void } | null = null;
  let wanted: (() => void) | null = null;
  let failure: { error: unknown } | null = null;

  function fail(error: unknown): void {
    failure ??= { error };
    offered?.failed(failure.error);
    offered = null;
    wanted?.();
  }
  signal.addEventListener('abort', () => fail(signal.reason), { once: true });

  async function* read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (offered === null) {
        if (failure) throw failure.error;
        await new Promise<void>((resolve) => {
          wanted = resolve;
        });
        wanted = null;
      }
      const { data, taken } = offered;
      if (data === null) {
        offered = null;
        taken();
        return;
      }
      yield data;
      // The reader has written it and wants more.
      if (failure) throw failure.error;
      offered = null;
      taken();
    }
  }

  return {
    read: read(),
    fail,
    push(data: Uint8Array | null): Promise<void> {
      return new Promise((taken, failed) => {
        if (failure) {
          failed(failure.error);
          return;
        }
        offered = { data, taken, failed };
        wanted?.();
      });
    },
  };
}
