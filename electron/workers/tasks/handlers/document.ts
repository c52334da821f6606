/** Documents: the text of PDF, Word, Excel, PowerPoint and EPUB, plain text, Markdown, source code and HTML. */
import { readDocument } from '../../documents/read-document.ts';
import type { Handler } from './handler.ts';
import { documentComponents } from './samples.ts';
import { outputOf, readUrl, readWhole } from './text-output.ts';

export const documentHandler: Handler = {
  // Of mixed content it takes the text alone.
  contentTypes: ['document', 'mixed'],
  components: documentComponents,
  async handle(input, { allowedHosts, progress, signal }) {
    if (input.kind === 'url') return readUrl(input.url, { allowedHosts, progress, signal });
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
