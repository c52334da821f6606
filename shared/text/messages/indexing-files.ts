import { formatBytes, plural } from '../../units.ts';
import { list } from '../grammar.ts';

/** Formats that are recognised by their first bytes and contain no plain text. */
const formats = {
  pdf: 'a PDF document',
  zip: 'a ZIP archive',
  gzip: 'a gzip archive',
  bzip2: 'a bzip2 archive',
  xz: 'an xz archive',
  '7z': 'a 7-Zip archive',
  rar: 'a RAR archive',
  zstd: 'a Zstandard archive',
  png: 'a PNG image',
  jpeg: 'a JPEG image',
  gif: 'a GIF image',
  riff: 'a RIFF media file',
  ogg: 'an Ogg media file',
  mp3: 'an MP3 file',
  flac: 'a FLAC file',
  elf: 'a program',
  font: 'a font',
  sqlite: 'a database',
  rtf: 'a rich text document',
  'office-binary': 'an old Office document, such as .doc, .xls or .ppt',
};
export type FileFormat = keyof typeof formats;

/** Why files and folders are left out, and why they fail. */
export const indexingFileMessages = {
  FILE_IS_EMPTY: () => 'The file is empty.',
  FILE_HAS_ONLY_SPACE: () => 'The file contains only white space.',
  FILE_HAS_ONLY_DATA: () => 'The file contains only encoded data.',
  PAGE_HAS_NO_TEXT: () => 'The page contains no text.',
  FILE_IS_NOT_TEXT: () => 'Not a text file.',
  FILE_HAS_FORMAT: ({ format }: { format: FileFormat }) => `Not a text file: ${formats[format]}.`,
  FILE_IS_UTF_32: () => 'The text is encoded as UTF-32, which is not supported.',
  FILE_NOT_VALID_ENCODING: ({ encoding }: { encoding: string }) => `The text is not valid ${encoding}.`,
  FILE_ENCODING_UNKNOWN: () =>
    'The character encoding is unknown: it is not Unicode, and nothing says which other one.',
  FILE_NOT_INDEXED: () => 'There is no such file in the index.',
  FILE_OVER_LIMIT: ({ bytes, limit }: { bytes: number; limit: number }) =>
    `Too large: ${formatBytes(bytes)} (limit ${formatBytes(limit)}).`,
  NOT_A_REGULAR_FILE: () => 'A device, pipe or socket, not a file.',
  FILE_NAME_NOT_UTF_8: () => 'The name is not valid UTF-8.',
  FILE_NO_LONGER_EXISTS: () => 'The file no longer exists.',
  FILE_ACCESS_DENIED: () => 'Access to the file is denied.',
  /** `code` is the system's, such as EIO. */
  FILE_CANNOT_BE_READ: ({ code }: { code: string | null }) =>
    `The file cannot be read${code === null ? '' : ` (${code})`}.`,
  FOLDER_CANNOT_BE_READ: ({ code }: { code: string | null }) =>
    `The folder cannot be read${code === null ? '' : ` (${code})`}.`,
  FILE_NEEDS_TOO_MUCH_MEMORY: () => 'Reading the file takes too much memory.',
  FILE_BREAKS_READER: ({ error }: { error: string }) => `Pilotlight failed to read this file (${error}).`,
  REPORT_THIS_FILE: () => 'Everything else is indexed. Please report this file as a bug.',

  LEFT_OUT_BY_IGNORE_FILE: ({ files, folders }: { files: number; folders: number }) =>
    `Its rules leave out ${list([
      ...(files > 0 ? [plural(files, 'file')] : []),
      ...(folders > 0 ? [plural(folders, 'folder')] : []),
    ])}.`,
  IGNORE_FILE_UNREADABLE: () => 'Its rules cannot be read, so the folder is left as it was indexed before.',
  IGNORE_LINES_LEFT_OUT: ({ lines }: { lines: number }) =>
    `${plural(lines, 'line')} with too many wildcards ${lines === 1 ? 'is' : 'are'} not obeyed.`,

  OWN_DATA_LEFT_OUT: () => "It contains Pilotlight's own data, which is never indexed.",

  LINK_LEADS_OUTSIDE: () => 'The link leads outside the folder.',
  LINK_LEADS_UP: () => 'The link leads to a folder that contains it.',
  LINK_LEADS_TO_ITSELF: () => 'The link leads to itself.',
  LINK_ALREADY_FOLLOWED: () => 'Another link already leads to this folder.',
  LINK_LEADS_NOWHERE: () => 'The target of the link does not exist.',
  LINK_CANNOT_BE_FOLLOWED: ({ code }: { code: string }) => `The link cannot be followed (${code}).`,

  FOLDER_ON_OTHER_DISK: () => 'The folder is empty and on another disk than before.',
  CHECK_DISK_CONNECTED: () =>
    'Check that its disk is connected. If it is meant to be empty, rebuild the index.',

  // Calls between core and the index worker that went wrong.
  INDEX_WAS_CLOSED: () => 'The index was closed during the call.',
  WRONG_VECTOR_COUNT: ({ vectors, chunks }: { vectors: number; chunks: number }) =>
    `Got ${plural(vectors, 'vector')} for ${plural(chunks, 'chunk')}.`,
  WRONG_DIMENSIONS: ({ dimensions }: { dimensions: number }) =>
    `A vector does not have the ${dimensions} dimensions of the index.`,
  VECTOR_NOT_FINITE: () => 'A vector contains a value that is not a finite number.',
  TOO_MANY_PREPARED: ({ files }: { files: number }) =>
    `${plural(files, 'prepared file')} ${files === 1 ? 'has' : 'have'} not been stored yet.`,
  STORE_SOME_FIRST: () => 'Commit or discard some of them first.',
  PREPARED_FILE_LOST: () => 'This prepared file is no longer available.',
  PREPARE_AGAIN: () => 'Prepare it again; nothing that was committed is lost.',
};
