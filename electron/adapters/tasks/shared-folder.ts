/** The folder that this computer and workers share. A path is followed to the end before it is believed. */
import { randomBytes } from 'node:crypto';
import { readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { SHARED_PROOF_FILE } from '../../../shared/contract/task-worker.ts';
import type { OpenSharedFolder } from '../../core/ports/task-files.ts';
import { systemCode } from '../system-code.ts';

const MISSING = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);

const outside = (path: string) => new PilotlightError('FILE_OUTSIDE_FOLDER', { details: { path } });

export const openSharedFolder: OpenSharedFolder = (root) => ({
  async resolve(path) {
    if (path.includes('\0')) throw outside(path);
    // `..` is refused as it is written, because a link before it would change where it leads.
    if (path.split(/[\\/]/).includes('..')) throw outside(path);
    const wanted = isAbsolute(path) ? path : join(root, path.replaceAll('\\', sep));
    try {
      const base = await realpath(root);
      const absolute = await realpath(wanted);
      const inner = relative(base, absolute);
      // Compared by parts: `/data-private` is not inside `/data`.
      const leadsOut = inner === '..' || inner.startsWith(`..${sep}`) || isAbsolute(inner);
      if (leadsOut || inner === '') throw outside(path);
      const found = await stat(absolute);
      if (!found.isFile()) throw new PilotlightError('NOT_FOUND', { details: { path } });
      return { path: inner.split(sep).join('/'), absolute, sizeBytes: found.size };
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ELOOP') throw outside(path);
      if (code !== null && MISSING.has(code)) throw await missing(root, wanted, path);
      throw error;
    }
  },
  async mark() {
    const path = join(root, SHARED_PROOF_FILE);
    try {
      const known = (await readFile(path, 'utf8')).trim();
      if (/^[0-9a-f]{32,128}$/.test(known)) return known;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    const proof = randomBytes(16).toString('hex');
    await writeFile(path, proof);
    return proof;
  },
});

/** A file that is missing elsewhere is none of the caller's business: whether it exists is not said. */
async function missing(root: string, wanted: string, path: string): Promise<PilotlightError> {
  const inner = relative(root, wanted);
  if (inner.startsWith('..') || isAbsolute(inner)) return outside(path);
  return new PilotlightError('NOT_FOUND', { details: { path } });
}
