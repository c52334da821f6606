/** Recordings and cases that lie beside the repository, not in it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const beside = join(import.meta.dirname, '../../../shared');

/** null where it is missing; throws where CI is set, because the tests must run there. */
export function sharedFolder(name: string): string | null {
  const folder = join(beside, name);
  if (existsSync(folder)) return folder;
  if ((process.env.CI ?? '') !== '' && process.env.CI !== 'false')
    throw new Error(`../shared/${name} is missing, and CI is set.`);
  return null;
}
