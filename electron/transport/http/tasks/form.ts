/** Reads forms with one file, which goes on to the disk as it comes: no more of it is in memory than is on its way. */
import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { TaskFile } from '../../../core/ports/task-files.ts';
import { wrongField } from './fields.ts';

export interface Form {
  /** Of several fields with one name, the last one. */
  fields: ReadonlyMap<string, string>;
  file: TaskFile | null;
}

export interface FormOptions {
  /** Name of the field with the file. Files of other fields are read away. */
  fileField: string;
  /** Ends with the signal, and then leaves nothing behind. */
  save(name: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<TaskFile>;
  /** The form turned out to be wrong after its file had been saved. */
  discard(file: TaskFile): Promise<void>;
  signal: AbortSignal;
}

const MOST_FIELDS = 64;
const FIELD_BYTES = 4_000_000;
const ALL_FIELDS_BYTES = 8_000_000;
const UNNAMED = 'upload';
const BUFFERED_BYTES = 16 * 1024;

/**
 * Rejects with FIELD_WRONG, BAD_REQUEST for what is no form or ends early, the reason of the signal, or what `save`
 * rejects with. What was saved is discarded then.
 */
export async function receiveForm(request: IncomingMessage, options: FormOptions): Promise<Form> {
  const { fileField, signal } = options;
  signal.throwIfAborted();
  const parser = createParser(request, fileField);
  const fields = new Map<string, string>();
  const ended = new AbortController();
  const failure = Promise.withResolvers<never>();
  const finished = Promise.withResolvers<void>();
  let saving: Promise<TaskFile> | null = null;

  const fail = (error: unknown) => failure.reject(error);
  const broken = (cause: unknown) => fail(brokenForm(cause));
  const left = () => {
    if (!request.readableEnded) broken(new Error('The body ended early.'));
  };
  const abort = () => fail(signal.reason);

  let fieldsLength = 0;
  parser.on('field', (name, value, _nameIsCut, isCut) => {
    fieldsLength += value.length;
    if (isCut || fieldsLength > ALL_FIELDS_BYTES) {
      fail(wrongField(name, fact('FIELD_TOO_LONG', { field: name, limit: FIELD_BYTES })));
    } else fields.set(name, value);
  });
  parser.on('fieldsLimit', () =>
    fail(wrongField('body', fact('FORM_TOO_MANY_FIELDS', { most: MOST_FIELDS }))),
  );
  parser.on('file', (name, content, fileName: string | undefined) => {
    // It ends with the parser, or because it could not be saved: either says why.
    content.on('error', () => {});
    if (name !== fileField) {
      content.resume();
      return;
    }
    if (saving !== null) {
      content.resume();
      fail(wrongField(fileField, fact('FIELD_TWICE', { field: fileField })));
      return;
    }
    saving = options.save(fileName || UNNAMED, content, ended.signal);
    saving.catch(fail);
    ended.signal.addEventListener('abort', () => content.destroy(), { once: true });
  });
  parser.on('error', broken);
  parser.on('finish', () => finished.resolve());
  signal.addEventListener('abort', abort, { once: true });
  request.on('error', broken);
  request.on('close', left);
  request.pipe(parser);

  try {
    await Promise.race([finished.promise, failure.promise]);
    // Its last piece may still be on the way to the disk.
    const file = saving === null ? null : await Promise.race([saving, failure.promise]);
    return { fields, file };
  } catch (error) {
    ended.abort(error);
    const saved = await Promise.resolve(saving).catch(() => null);
    if (saved !== null) await options.discard(saved);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    request.off('error', broken);
    request.off('close', left);
    request.unpipe(parser);
    failure.promise.catch(() => {});
  }
}

/** A field with this name is a file even if the program gives it no file name. */
function createParser(request: IncomingMessage, fileField: string): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: request.headers as BusboyHeaders,
      // What is on its way in each stream; a piece from the network may be larger.
      ...{ highWaterMark: BUFFERED_BYTES, fileHwm: BUFFERED_BYTES },
      limits: { fields: MOST_FIELDS, fieldSize: FIELD_BYTES },
      isPartAFile: (name, _type, fileName) => fileName !== undefined || name === fileField,
    });
  } catch (cause) {
    throw brokenForm(cause);
  }
}

const brokenForm = (cause: unknown) =>
  new PilotlightError('BAD_REQUEST', { message: fact('FORM_BROKEN'), cause });
