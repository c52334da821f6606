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
  WEB_ADDRESS_WRONG: {
    message: 'This is no web address that can be fetched.',
    next: 'Use an http or https address; write an IPv4 address as four decimal numbers.',
    status: 422,
  },
  WEB_PRIVATE: {
    message: 'The address leads into an own network, which tasks may not read.',
    next: 'If that is meant, name its host in Settings → Tasks.',
    status: 422,
  },
  WEB_MISSING: {
    message: 'The web server does not have this page, or does not hand it out.',
    next: 'Open the address in a browser; a page that needs a login cannot be fetched.',
    status: 422,
  },
  WEB_FAILED: {
    message: 'The web server could not answer.',
    next: 'Try again later.',
    status: 502,
  },
  WEB_REDIRECTS: {
    message: 'The address redirects again and again.',
    next: 'Open it in a browser and use the address that it ends at.',
    status: 422,
  },
  WEB_NOT_TEXT: {
    message: 'There is no page or document at this address.',
    next: 'Send it as its own kind of content, such as image or audio.',
    status: 422,
  },
} as const satisfies Catalogue;
