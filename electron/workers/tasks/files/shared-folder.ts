/** The folder that this computer shares with Pilotlight, under its path here. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { SHARED_PROOF_FILE } from '../../../../shared/contract/task-worker.ts';

/** A proof is short; another file of that name need not be read to its end. */
const MOST_PROOF = 200;

/** What proves to the core that this is its folder; null if it cannot be read. */
export async function readSharedProof(folder: string): Promise<string | null> {
  try {
    const path = join(folder, SHARED_PROOF_FILE);
    if ((await stat(path)).size > MOST_PROOF) return null;
    const text = (await readFile(path, 'utf8')).trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}

/**
 * The absolute path of a file in the folder, with every link followed. The core has checked the path against its own
 * view of the folder; links may lead elsewhere here. Rejects with FILE_OUTSIDE_FOLDER, NOT_FOUND.
 * @param path relative, with `/`
 */
export async function resolveShared(folder: string, path: string): Promise<string> {
  const parts = path.split('/');
  const isRelative = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  const hasForeignSeparator = path.includes('\0') || (sep === '\\' && /[\\:]/.test(path));
  if (!isRelative || hasForeignSeparator) throw new PilotlightError('FILE_OUTSIDE_FOLDER');
  const root = await realpath(folder).catch(notThere);
  const file = await realpath(join(root, ...parts)).catch(notThere);
  if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new PilotlightError('FILE_OUTSIDE_FOLDER');
  }
  if (!(await stat(file)).isFile()) throw new PilotlightError('NOT_FOUND');
  return file;
}

function notThere(cause: unknown): never {
  throw new PilotlightError('NOT_FOUND', { cause });
}
