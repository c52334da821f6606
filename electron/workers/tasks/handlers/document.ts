/** Documents: the text of PDF, Word, Excel, PowerPoint and EPUB, plain text, Markdown, source code and HTML. */
import { open } from 'node:fs/promises';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { PLACES_FIELD } from '../../../../shared/models/places.ts';
import type { ReadDocument } from '../../documents/document.ts';
import { readDocument } from '../../documents/read-document.ts';
import type { Handler, HandlerOutput } from './handler.ts';

/** The whole file and its text are in memory at once, and V8 has no longer strings than twice this. */
const MOST_BYTES = 256 * 1024 * 1024;

export const documentHandler: Handler = {
  // Of mixed content it takes the text alone.
  contentTypes: ['document', 'mixed'],
  async handle(input, { progress, signal }) {
    if (input.kind === 'url') throw new PilotlightError('HANDLER_MISSING');
    const bytes = await readWhole(input.path);
    signal.throwIfAborted();
    progress(0.1);
    const read = await readDocument(bytes, input.name, {
      signal,
      progress: (share) => progress(0.1 + 0.9 * share),
    });
    return outputOf(read, { name: input.name, sizeBytes: bytes.length });
  },
};

/** @param from the name of the file, or the address; and its size */
export function outputOf(
  { text, title, format, places, about }: ReadDocument,
  from: { name: string; sizeBytes: number },
): HandlerOutput {
  return {
    content: text,
    metadata: {
      ...about,
      title: title ?? from.name,
      format,
      sizeBytes: from.sizeBytes,
      characters: text.length,
      ...(places.length > 0 ? { [PLACES_FIELD]: places } : {}),
    },
  };
}

/** Rejects with FILE_TOO_LARGE and the system's errors. */
export async function readWhole(path: string, most = MOST_BYTES): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size > most) {
      throw new PilotlightError('FILE_TOO_LARGE', {
        message: fact('FILE_OVER_LIMIT', { bytes: size, limit: most }),
      });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
