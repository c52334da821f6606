/** The kind of a file, by the language that was recognised in it. Pure. */
import type { FileType } from '../../../shared/models/indexing.ts';
import { documentFormats } from './document-file.ts';

const TYPES: Readonly<Record<string, FileType>> = {
  ...{ markdown: 'markdown', html: 'page', text: 'text' },
  ...Object.fromEntries(documentFormats.map((format) => [format, 'document'])),
};

export const fileTypeOf = (language: string): FileType =>
  Object.hasOwn(TYPES, language) ? (TYPES[language] as FileType) : 'code';
