/** A file that a person named, for a request in JSON. */
import { readFile } from 'node:fs/promises';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { systemCode } from '../adapters/system-code.ts';

/** Rejects with BAD_REQUEST, which says what is at that path instead. */
export async function readAsBase64(path: string): Promise<string> {
  try {
    return (await readFile(path)).toString('base64');
  } catch (error) {
    const code = systemCode(error);
    throw new PilotlightError('BAD_REQUEST', {
      message:
        code === 'ENOENT'
          ? `There is no file ${path}.`
          : code === 'EISDIR'
            ? `${path} is a folder, not a file.`
            : `${path} cannot be read.`,
      next: 'Check the path, and that you may read it.',
      cause: error,
    });
  }
}
