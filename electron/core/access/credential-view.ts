/** A credential as it is shown, and as it is checked. Pure. */
import type { CredentialRecord, CredentialView } from '../../../shared/models/access.ts';
import type { KnownCredential } from './check-credential.ts';
import { endsAt } from './lifetime.ts';

export function viewOf(record: CredentialRecord): CredentialView {
  const { id, kind, name, rights, chosen, createdAt, lastUsedAt, digest, models, requestsPerMinute } = record;
  return {
    id,
    kind,
    name,
    rights,
    chosen,
    damaged: digest === null,
    createdAt,
    lastUsedAt,
    expiresAt: endsAt(record),
    models,
    requestsPerMinute,
  };
}

/** What is needed to check a secret, and the limits of its key at the gateway. */
export type KnownKey = KnownCredential & Pick<CredentialRecord, 'models' | 'requestsPerMinute'>;

/** null for a damaged one, which no secret matches. */
export function knownOf(record: CredentialRecord): KnownKey | null {
  const { id, kind, name, rights, digest, origin, revokedAt, models, requestsPerMinute } = record;
  if (digest === null) return null;
  return {
    id,
    kind,
    name,
    rights,
    digest: Buffer.from(digest, 'hex'),
    origin,
    endsAt: endsAt(record),
    revoked: revokedAt !== null,
    models,
    requestsPerMinute,
  };
}
