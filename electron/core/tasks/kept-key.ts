/** A random secret of Pilotlight's own that is kept, so that what was made with it stays valid after a restart. */
import { randomBytes } from 'node:crypto';
import type { Secrets } from '../ports/state.ts';

/** `links` signs addresses of downloads; from `workers`, the keys of workers for the gateway are derived. */
const names = { links: 'tasks.linkKey', workers: 'tasks.workerKey' } as const;

export function keptKey(secrets: Pick<Secrets, 'get' | 'change'>, use: keyof typeof names): string {
  const name = names[use];
  const known = secrets.get(name);
  if (known !== null) return known;
  const key = randomBytes(32).toString('hex');
  try {
    secrets.change({ [name]: key });
  } catch {
    // On a full disk, what is made with it is valid until Pilotlight stops.
  }
  return key;
}
