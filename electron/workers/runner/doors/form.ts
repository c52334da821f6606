/** Reads forms with files, as they come. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';

export interface FormFile {
  /** Of the field. */
  name: string;
  /** null if the client says none. */
  fileName: string | null;
  bytes: Buffer;
  /** It was longer than the limit, and is cut off there. */
  isCut: boolean;
}

export interface Form {
  /** Of several fields with one name, the last one. */
  fields: ReadonlyMap<string, string>;
  files: readonly FormFile[];
}

export interface FormOptions {
  /** Bytes of one file. */
  fileBytes: number;
  files: number;
  /** Fields that are files even if the client gives them neither a file name nor a type. */
  fileFields: readonly string[];
  signal: AbortSignal;
}

const MOST_FIELDS = 32;
const FIELD_BYTES = 1_000_000;

/**
 * @throws PREDICT_BAD_FORM for what is no form or ends early; PICTURES_TOO_MANY; the signal's reason
 */
export async function readForm(
  { headers, stream }: { headers: IncomingHttpHeaders; stream: Readable },
  { fileBytes, files: mostFiles, fileFields, signal }: FormOptions,
): Promise<Form> {
  signal.throwIfAborted();
  const parser = makeParser(headers, {
    limits: { fileSize: fileBytes, files: mostFiles, fields: MOST_FIELDS, fieldSize: FIELD_BYTES },
    isPartAFile: (name, type, fileName) =>
      fileName !== undefined || type === 'application/octet-stream' || fileFields.includes(name ?? ''),
  });
  const fields = new Map<string, string>();
  const files: FormFile[] = [];
  let tooMany = false;

  return new Promise<Form>((resolve, reject) => {
    function end(how: () => void): void {
      signal.removeEventListener('abort', abort);
      stream.off('error', fail);
      stream.off('close', cut);
      stream.unpipe(parser);
      // What is still to come has no reader, and would keep the connection busy.
      stream.resume();
      how();
    }
    const fail = (cause: unknown) => end(() => reject(new PilotlightError('PREDICT_BAD_FORM', { cause })));
    const cut = () => {
      if (!stream.readableEnded) fail(new Error('The body ended early.'));
    };
    const abort = () => end(() => reject(signal.reason));

    parser.on('field', (name, value) => void fields.set(name, value));
    parser.on('file', (name, file, fileName: string | undefined) => {
      const chunks: Buffer[] = [];
      let isCut = false;
      file.on('data', (chunk: Buffer) => void chunks.push(chunk));
      file.on('limit', () => {
        isCut = true;
      });
      file.on('error', fail);
      file.on('end', () => {
        files.push({ name, fileName: fileName ?? null, bytes: Buffer.concat(chunks), isCut });
      });
    });
    // The rest is read to its end first: a client that is still sending does not see an answer.
    parser.on('filesLimit', () => {
      tooMany = true;
    });
    parser.on('error', fail);
    parser.on('finish', () =>
      end(() => (tooMany ? reject(tooManyFiles(mostFiles)) : resolve({ fields, files }))),
    );
    signal.addEventListener('abort', abort, { once: true });
    stream.on('error', fail);
    stream.on('close', cut);
    stream.pipe(parser);
  });
}

const tooManyFiles = (limit: number) =>
  new PilotlightError('PICTURES_TOO_MANY', {
    message: fact('PICTURES_COUNT', { count: limit + 1, limit }),
  });

type ParserOptions = Omit<ConstructorParameters<typeof Busboy>[0], 'headers'>;

function makeParser(headers: IncomingHttpHeaders, options: ParserOptions): InstanceType<typeof Busboy> {
  try {
    return new Busboy({ ...options, headers: headers as BusboyHeaders });
  } catch (cause) {
    throw new PilotlightError('PREDICT_BAD_FORM', { cause });
  }
}
