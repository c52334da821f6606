import { dirname } from 'node:path';
import { isPilotlightError } from '../../shared/contract/errors.ts';
import { writeDurably } from './durable-write.ts';
import { folderError } from './folder-error.ts';
import { readOwn, UnsafePathsError } from './ownership/read-own.ts';
import { unsafeError } from './ownership/unsafe-error.ts';

export type WriteFile = (path: string, content: string | Uint8Array) => void;

/** A durable write to the data folder, mode 0600. Throws DISK_FULL or DATA_FOLDER_UNUSABLE. */
export const writePrivateFile: WriteFile = (path, content) => {
  try {
    writeDurably(path, content);
  } catch (error) {
    throw folderError(dirname(path), error);
  }
};

/** Reads files; throws UNSAFE_PERMISSIONS in place of UnsafePathsError. */
export function withCodedUnsafe<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw error instanceof UnsafePathsError ? unsafeError(error.paths, error) : error;
  }
}

/** A key of this many bytes; null if there is none. Throws UNSAFE_PERMISSIONS if others could change or read it. */
export function readPrivateKey(path: string, length: number): Buffer | null {
  try {
    const { bytes } = withCodedUnsafe(() => readOwn(path, 'secret'));
    return bytes.length === length ? bytes : null;
  } catch (error) {
    if (isPilotlightError(error)) throw error;
    return null;
  }
}
