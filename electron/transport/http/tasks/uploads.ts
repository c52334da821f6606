/** Files that arrive: as a field of a form, or as the whole body of a request. */
import type { IncomingMessage } from 'node:http';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { TaskFile, TaskFileKind } from '../../../core/ports/task-files.ts';
import type { TasksService } from '../../../core/tasks/model.ts';
import { type Form, receiveForm } from './form.ts';

export interface Uploads {
  /** Rejects with FIELD_WRONG, BAD_REQUEST, UPLOAD_TOO_LARGE, DISK_FULL, or the signal's reason. */
  form(request: IncomingMessage, kind: TaskFileKind, signal: AbortSignal): Promise<Form>;
  /** The body of the request is the file. Rejects with CHECKSUM_MISMATCH too. */
  body(
    request: IncomingMessage,
    file: { name: string; sha256: string | undefined },
    signal: AbortSignal,
  ): Promise<TaskFile>;
  /** Throws UPLOAD_TOO_LARGE. */
  checkSize(bytes: number): void;
}

export const isForm = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');

const MiB = 1_048_576;
/** What the other fields and the borders of a form may take. */
const FORM_BYTES = 2 * MiB;

export function createUploads({
  service,
  limitMb,
}: {
  service: Pick<TasksService, 'files' | 'upload'>;
  /** Of one file, as in the settings. */
  limitMb(): number;
}): Uploads {
  const announced = ({ headers }: IncomingMessage) => Number(headers['content-length'] ?? 0);

  const mostBytes = () => limitMb() * MiB;

  function checkSize(bytes: number): void {
    const limitBytes = mostBytes();
    if (bytes <= limitBytes) return;
    throw new PilotlightError('UPLOAD_TOO_LARGE', { message: fact('UPLOAD_LIMIT', { limitBytes }) });
  }

  return {
    checkSize,
    async form(request, kind, signal) {
      // Before a byte of it is read.
      checkSize(announced(request) - FORM_BYTES);
      return receiveForm(request, {
        fileField: 'file',
        save: (name, content, ended) =>
          service.files.save({ kind, name, content }, { mostBytes: mostBytes() }, ended),
        discard: ({ id }) => service.files.remove([id]),
        signal,
      });
    },
    async body(request, { name, sha256 }, signal) {
      checkSize(announced(request));
      return service.upload({ name, content: piecesOf(request), sha256 }, signal);
    },
  };
}

/** Whoever stops reading leaves the connection open, so that the sender gets an answer. */
export async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw new PilotlightError('LINK_LOST', { cause });
  }
  if (!request.complete) throw new PilotlightError('LINK_LOST');
}
