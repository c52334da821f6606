/** Documents: the text of plain text, Markdown, source code and HTML. Of mixed content it takes the text alone. */
import { open } from 'node:fs/promises';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { textOfFile } from '../../../core/indexing/text-of-file.ts';
import type { Handler } from './handler.ts';

/** The whole file and its text are in memory at once, and V8 has no longer strings than twice this. */
const MOST_BYTES = 256 * 1024 * 1024;

export const documentHandler: Handler = {
  contentTypes: ['document', 'mixed'],
  async handle(input, { progress, signal }) {
    if (input.kind === 'url') throw new PilotlightError('HANDLER_MISSING');
    const bytes = await readWhole(input.path);
    signal.throwIfAborted();
    progress(0.5);
    const file = textOfFile(bytes, input.name);
    if (!file.ok) throw new PilotlightError(file.code, { message: file.reason });
    const { text, title, ok: _, ...about } = file;
    return {
      content: text,
      metadata: { title: title ?? input.name, ...about, sizeBytes: bytes.length, characters: text.length },
    };
  },
};

async function readWhole(path: string): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size > MOST_BYTES) {
      throw new PilotlightError('FILE_TOO_LARGE', {
        message: fact('FILE_OVER_LIMIT', { bytes: size, limit: MOST_BYTES }),
      });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
