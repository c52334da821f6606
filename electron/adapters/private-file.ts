import { dirname } from 'node:path';
import { writeDurably } from './durable-write.ts';
import { folderError } from './folder-error.ts';

export type WriteFile = (path: string, content: string | Uint8Array) => void;

/** A durable write to the data folder, mode 0600. Throws DISK_FULL or DATA_FOLDER_UNUSABLE. */
export const writePrivateFile: WriteFile = (path, content) => {
  try {
    writeDurably(path, content);
  } catch (error) {
    throw folderError(dirname(path), error);
  }
};
