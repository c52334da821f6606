import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { UnsafePath } from '../../../shared/text/messages/ownership.ts';
import { numbers, trustHere } from './trust.ts';
import { flawsOf, type Trust } from './verdict.ts';

/** Paths that are not ours alone. It never leaves a program: agent and core turn it into an error of their own. */
export class UnsafePathsError extends Error {
  readonly paths: readonly UnsafePath[];

  constructor(paths: readonly UnsafePath[]) {
    super('Other users could change or read these paths.');
    this.paths = paths;
  }
}

export interface OwnFile {
  bytes: Buffer;
  /** Of the file that was read. */
  mode: number;
}

/**
 * Reads a file only if no other user could have changed it, nor read it if it is a secret. What is checked is what was
 * opened; the folders on the way to it are for `inspectFolder`. Throws UnsafePathsError, or the system's error.
 */
export function readOwn(path: string, part: 'file' | 'secret', trust: Trust | null = trustHere()): OwnFile {
  // A pipe in its place would block until something is written to it.
  const handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const facts = fstatSync(handle);
    if (trust !== null) {
      const found = facts.isDirectory() ? 'folder' : part;
      const unsafe = flawsOf(path, facts, { part: found, trust, names: numbers });
      if (unsafe.length > 0) throw new UnsafePathsError(unsafe);
    }
    return { bytes: readFileSync(handle), mode: facts.mode };
  } finally {
    closeSync(handle);
  }
}
