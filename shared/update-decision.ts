/** Whether a release is an update for a program, and which file of it. Pure: signature and schema were checked before. */
import type { UpdateFile, UpdateForm, UpdateManifest } from './models/update-manifest.ts';
import { channelOf, compareVersions, isVersion } from './version.ts';

/** A program that could be updated. */
export interface UpdateTarget {
  kind: 'app' | 'agent';
  os: string;
  arch: string;
  /** How it was installed; null for any form of its kind. */
  form: UpdateForm | null;
  /** The version that runs. */
  version: string;
  /** Where this installation is in a staged release: a random number from 0 up to 1 that stays the same. */
  place: number;
}

/**
 * - `newer`: this is an update.
 * - `current`: the program has this version or a newer one; nothing is ever replaced by something older.
 * - `other-channel`: a preview for a stable program, or the other way round.
 * - `held-back`: it is given to a part of the installations only, and this one is not among them yet.
 * - `too-old`: the program has to be updated to `minimumVersion` first.
 * - `no-file`: it has nothing for this system.
 */
export type UpdateDecision =
  | { kind: 'newer'; file: UpdateFile }
  | { kind: 'current' | 'other-channel' | 'held-back' | 'too-old' | 'no-file' };

export function decideUpdate(manifest: UpdateManifest, target: UpdateTarget): UpdateDecision {
  // A program whose own version can't be read is never replaced: it would be unknown whether that is a downgrade.
  if (!isVersion(target.version) || compareVersions(manifest.version, target.version) <= 0)
    return { kind: 'current' };
  if (!isSameChannel(manifest, target.version)) return { kind: 'other-channel' };
  if (compareVersions(target.version, manifest.minimumVersion) < 0) return { kind: 'too-old' };
  const file = fileFor(manifest, target);
  if (file === null) return { kind: 'no-file' };
  return target.place < manifest.rollout ? { kind: 'newer', file } : { kind: 'held-back' };
}

/** A preview is followed by previews of its kind, and at last by the version that it led to. */
function isSameChannel({ channel, version }: UpdateManifest, running: string): boolean {
  // What a manifest calls itself has to fit its version, or a preview could be handed out as stable.
  if (channelOf(version) !== channel) return false;
  const own = channelOf(running);
  return channel === own || (channel === 'stable' && own !== 'stable');
}

/** The only file that fits; null if there is none, or more than one. */
export function fileFor(
  { files }: Pick<UpdateManifest, 'files'>,
  { kind, os, arch, form }: Pick<UpdateTarget, 'kind' | 'os' | 'arch' | 'form'>,
): UpdateFile | null {
  const fitting = files.filter(
    (file) =>
      file.kind === kind && file.os === os && file.arch === arch && (form === null || file.form === form),
  );
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}
