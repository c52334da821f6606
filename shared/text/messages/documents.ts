import { formatBytes, formatCount } from '../../units.ts';

/** Why the text of a document or page cannot be read. */
export const documentMessages = {
  DOCUMENT_TEXT_OVER_LIMIT: ({ limit }: { limit: number }) =>
    `Its text has more than ${formatCount(limit)} characters.`,
  DOCUMENT_TOO_MANY_PAGES: ({ pages, limit }: { pages: number; limit: number }) =>
    `It has ${formatCount(pages)} pages (limit ${formatCount(limit)}).`,
  DOCUMENT_HAS_NO_TEXT: () => 'The document contains no text.',
  DOCUMENT_HAS_ONLY_PICTURES: () =>
    'The document contains no text. If its pages are pictures, they need text recognition (OCR) first.',
  SAVE_IN_NEW_FORMAT: () => 'Save it as .docx, .xlsx or .pptx and send that.',

  ARCHIVE_TOO_MANY_ENTRIES: ({ entries, limit }: { entries: number; limit: number }) =>
    `The document consists of ${formatCount(entries)} parts (limit ${formatCount(limit)}).`,
  ARCHIVE_UNPACKS_TO: ({ bytes, limit }: { bytes: number; limit: number }) =>
    `The document would unpack to ${formatBytes(bytes)} or more (limit ${formatBytes(limit)}).`,
  ARCHIVE_RATIO_OVER_LIMIT: ({ ratio }: { ratio: number }) =>
    `A part of the document would unpack to ${formatCount(ratio)} times its size, as in a ZIP bomb.`,

  WEB_ANSWERED: ({ status }: { status: number }) => `The web server answered with status ${status}.`,
  WEB_HAS_TYPE: ({ type }: { type: string }) => `At this address there is no text, but ${type}.`,
  WEB_ENCODING_UNKNOWN: () => 'The web server packed its answer in a way that is not supported.',
  WEB_ENCODING_BROKEN: () => 'The packed answer of the web server is damaged.',
};
