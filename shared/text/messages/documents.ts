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
};
