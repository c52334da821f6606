/** How long a credential is accepted. Pure. */
import type { CredentialRecord } from '../../../shared/models/access.ts';

const DAY_MS = 86_400_000;
/** A session ends when its browser was not used for this long, */
export const SESSION_IDLE_MS = 30 * DAY_MS;
/** and this long after its last sign-in in any case. */
export const SESSION_LONGEST_MS = 90 * DAY_MS;
/** How long an ended credential is remembered, so that its holder learns why it is refused. */
export const REMEMBER_ENDED_MS = 30 * DAY_MS;

export type Ending = 'live' | 'expired' | 'revoked';
type Dated = Pick<CredentialRecord, 'kind' | 'createdAt' | 'lastUsedAt' | 'expiresAt' | 'revokedAt'>;

/** When it ends if it is not used again; null for never. A revocation is not considered. */
export function endsAt({ kind, createdAt, lastUsedAt, expiresAt }: Omit<Dated, 'revokedAt'>): number | null {
  if (kind !== 'session') return expiresAt;
  return Math.min((lastUsedAt ?? createdAt) + SESSION_IDLE_MS, expiresAt ?? createdAt + SESSION_LONGEST_MS);
}

export function endingOf(record: Dated, now: number): Ending {
  if (record.revokedAt !== null) return 'revoked';
  const end = endsAt(record);
  // A clock that was set back ends nothing.
  return end !== null && now >= end ? 'expired' : 'live';
}

/** Whether nobody needs to know any more that it existed. A key that expired stays until a person revokes it. */
export function isForgotten(record: Dated, now: number): boolean {
  const end = record.revokedAt ?? (record.kind === 'session' ? endsAt(record) : null);
  return end !== null && now >= end + REMEMBER_ENDED_MS;
}
