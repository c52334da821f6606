/** A file that a person named, for a request in JSON. */
import { readFile } from 'node:fs/promises';
import { PilotlightError } from '../../shared/contract/errors.ts';

/** Rejects with BAD_REQUEST and the system's reason. */
export async function readAsBase64(path: string): Promise<string> {
  try {
    return (await readFile(path)).toString('base64');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PilotlightError('BAD_REQUEST', {
      message: `The file cannot be read: ${reason}`,
      next: 'Check the path and its permissions.',
      cause: error,
    });
  }
}
