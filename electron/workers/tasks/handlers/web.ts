/** Web pages: their main text. An address of a document is read as a document. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { readPage } from '../../web/main-text.ts';
import type { Handler } from './handler.ts';
import { webComponents } from './samples.ts';
import { outputOf, readUrl, readWhole } from './text-output.ts';

export const webHandler: Handler = {
  contentTypes: ['web'],
  components: webComponents,
  async handle(input, context) {
    if (input.kind === 'url') return readUrl(input.url, context);
    // A page that was saved.
    const bytes = await readWhole(input.path);
    if (bytes.length === 0) throw new PilotlightError('FILE_EMPTY');
    return outputOf(await readPage(bytes, null), { name: input.name, sizeBytes: bytes.length });
  },
};
