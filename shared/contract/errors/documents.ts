/** Errors of documents, web pages and pictures that tasks read. */
import type { Catalogue } from './entry.ts';

export const documentErrors = {
  DOCUMENT_BROKEN: {
    message: 'The document is damaged, or is not what its name says.',
    next: 'Open it in its own program, save it again and send that copy.',
    status: 422,
  },
  DOCUMENT_ENCRYPTED: {
    message: 'The document is protected by a password.',
    next: 'Save a copy without a password and send that.',
    status: 422,
  },
  DOCUMENT_UNPACKS_TOO_LARGE: {
    message: 'The document unpacks to more than documents do, so it was not unpacked.',
    next: 'If you trust it, split it and send its parts.',
    status: 422,
  },
} as const satisfies Catalogue;
