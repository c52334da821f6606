/** Errors of folders, files and their index. */
import type { Catalogue } from './entry.ts';

export const indexingErrors = {
  FOLDER_NOT_FOUND: { message: 'This folder does not exist.', next: 'Check the path.', status: 400 },
  BAD_PATTERN: {
    message: 'A pattern has too many wildcards.',
    next: 'Use at most four * in one name, and at most two ** in one line.',
    status: 400,
  },
  NOT_A_FOLDER: {
    message: 'This is a file, not a folder.',
    next: 'Choose the folder that contains it.',
    status: 400,
  },
  FOLDER_UNREADABLE: { message: 'This folder cannot be read.', next: 'Check its permissions.', status: 400 },
  OWN_DATA_FOLDER: {
    message: "This folder contains Pilotlight's own data, which is never indexed.",
    next: 'Choose another folder.',
    status: 400,
  },
  FILE_BINARY: { message: 'Not a text file.', next: 'No action is needed; it is skipped.', status: 422 },
  FILE_EMPTY: { message: 'The file is empty.', next: 'No action is needed; it is skipped.', status: 422 },
  FILE_TOO_LARGE: {
    message: 'The file is larger than the limit.',
    next: 'Raise the limit in Settings, or leave the file out.',
    status: 422,
  },
  FILE_UNREADABLE: {
    message: 'The file cannot be read.',
    next: 'Check its permissions, then index again.',
    status: 422,
  },
  FILE_CHANGED: {
    message: 'The file changed while it was being read.',
    next: 'Index again when the file no longer changes.',
    status: 409,
  },
  FILE_TOO_COSTLY: {
    message: 'Reading the file takes too long.',
    next: 'It is skipped until it changes; everything else is indexed. To try it again, read every file again.',
    status: 422,
  },
  FILE_ENCODING: {
    message: 'The encoding of the text was not recognised.',
    next: 'Save it as UTF-8.',
    status: 422,
  },
  SYMLINK_LOOP: {
    message: 'The link leads back to a folder that contains it.',
    next: 'No action is needed; it is skipped.',
    status: 422,
  },
  OUTSIDE_FOLDER: {
    message: 'The path leads outside the folder.',
    next: 'Add the folder that it leads to.',
    status: 422,
  },
  EMBEDDER_UNAVAILABLE: {
    message: 'No machine that is awake has this embedding model.',
    next: 'Wake a machine that has it, or let the job wait.',
    status: 409,
  },
  EMBEDDER_MISMATCH: {
    message: 'This index was created with another embedder.',
    next: 'To change the embedder, rebuild the index.',
    status: 409,
  },
  DIMENSION_MISMATCH: {
    message: 'The vectors and the index have different dimensions.',
    next: 'Rebuild the index.',
    status: 409,
  },
  JOB_RUNNING: {
    message: 'An index job is already running.',
    next: 'Wait until it finishes, or cancel it.',
    status: 409,
  },
  NOTHING_TO_INDEX: { message: 'There is no folder to index.', next: 'Add a folder first.', status: 409 },
  INDEX_CORRUPT: {
    message: 'The index file is damaged.',
    next: 'It was set aside; index again to rebuild it.',
    status: 500,
  },
  QDRANT_UNREACHABLE: {
    message: 'Qdrant cannot be reached.',
    next: 'Start it, or check its address in Settings, Index. Until then, searches there find keywords only.',
    status: 503,
  },
  QDRANT_REFUSED: {
    message: 'Qdrant refused a request.',
    next: 'Check its API key in Settings, Index, and that it is version 1.10 or newer.',
    status: 502,
  },
  QDRANT_COLLECTION_LOST: {
    message: 'The collection of this folder is missing in Qdrant.',
    next: 'Its vectors are sent again; search again in a moment.',
    status: 503,
  },
  QDRANT_NOT_SET: {
    message: 'No Qdrant server is set.',
    next: 'Set its address in Settings, Index.',
    status: 409,
  },
  INDEX_BUSY: {
    message: 'The index did not answer in time.',
    next: 'Try again in a moment.',
    status: 503,
  },
  INDEX_INCOMPLETE: {
    message: 'The index of this folder is incomplete, because its file was damaged.',
    next: 'Index the folder again; only what is missing is indexed.',
    status: 409,
  },
  INDEX_NEWER: {
    message: 'The index was written by a newer Pilotlight.',
    next: 'Update Pilotlight, or remove the folder and add it again.',
    status: 409,
  },
  WORKER_LOST: {
    message: 'The index worker stopped unexpectedly.',
    next: 'It restarts automatically; nothing that was saved is lost.',
    status: 503,
  },
} as const satisfies Catalogue;
