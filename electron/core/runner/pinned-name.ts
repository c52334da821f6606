/** A model's name with its hash, `NAME@HASH`, for callers that know models by a name. Pure. */
import type { RunnerModel } from '../../../shared/models/runner.ts';

/** The name of a model that means exactly these files. */
export const pinnedName = ({ name, hash }: Pick<RunnerModel, 'name' | 'hash'>) => `${name}@${hash}`;

export function readPinnedName(pinned: string): { name: string; hash: string | null } {
  const at = pinned.lastIndexOf('@');
  return at < 0 ? { name: pinned, hash: null } : { name: pinned.slice(0, at), hash: pinned.slice(at + 1) };
}
