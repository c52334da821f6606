/** What a check found, in words and as an offer. Pure. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { UpdateFile, UpdateManifest } from '../../../shared/models/update-manifest.ts';
import type { UpdateView } from '../../../shared/models/updates.ts';
import { decideUpdate, type UpdateTarget } from '../../../shared/update-decision.ts';

export interface Finding {
  found: Message;
  /** The update; null if there is none for this program. */
  update: { manifest: UpdateManifest; file: UpdateFile } | null;
}

export function judgeRelease(manifest: UpdateManifest, target: UpdateTarget): Finding {
  const decision = decideUpdate(manifest, target);
  const { version, minimumVersion: minimum } = manifest;
  const without = (found: Message): Finding => ({ found, update: null });
  switch (decision.kind) {
    case 'newer': {
      const { file } = decision;
      return { found: fact('UPDATE_FOUND', { version, bytes: file.size }), update: { manifest, file } };
    }
    case 'current':
      return without(fact('UPDATE_IS_CURRENT'));
    case 'other-channel':
      return without(fact('UPDATE_OTHER_CHANNEL', { version }));
    case 'held-back':
      return without(fact('UPDATE_HELD_BACK', { version }));
    case 'too-old':
      return without(fact('UPDATE_NEEDS_STEP', { version, minimum }));
    case 'no-file':
      return without(fact('UPDATE_NO_FILE', { version }));
  }
}

export const offerOf = ({ update }: Pick<Finding, 'update'>): UpdateView['offer'] =>
  update && {
    version: update.manifest.version,
    date: update.manifest.date,
    notes: update.manifest.notes,
    sizeBytes: update.file.size,
  };
