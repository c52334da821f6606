/** The key that signs addresses of downloads. It is kept, so that a download survives a restart of Pilotlight. */
import { randomBytes } from 'node:crypto';
import type { Secrets } from '../core/ports/state.ts';

const NAME = 'tasks.linkKey';

export function linkKeyOf(secrets: Pick<Secrets, 'get' | 'change'>): string {
  const known = secrets.get(NAME);
  if (known !== null) return known;
  const key = randomBytes(32).toString('hex');
  try {
    secrets.change({ [NAME]: key });
  } catch {
    // On a full disk the addresses are valid until Pilotlight stops.
  }
  return key;
}
