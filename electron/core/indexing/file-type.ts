/** The kind of a file, by the language that was recognised in it. Pure. */
import type { FileType } from '../../../shared/models/indexing.ts';

const TYPES: Readonly<Record<string, FileType>> = { markdown: 'markdown', html: 'page', text: 'text' };

export const fileTypeOf = (language: string): FileType =>
  Object.hasOwn(TYPES, language) ? (TYPES[language] as FileType) : 'code';
