/** Who sends a request, and what that caller may do. */
import type { IncomingMessage } from 'node:http';
import { fact } from '../../../shared/models/message.ts';
import { printable } from '../../../shared/printable.ts';
import { allRightsOf, type Right } from '../../../shared/rights.ts';
import type { Authentication } from '../../adapters/http/authentication.ts';
import { bearerOf } from '../../adapters/http/authentication.ts';
import { checkCredential } from '../../core/access/check-credential.ts';
import { matchesPriority } from '../../core/fleet/model-placement.ts';
import type { GatewayTable, TableCredential } from '../../core/gateway/model.ts';
import { Refusal } from './refusal.ts';

export interface Caller {
  /** null for a client on this computer without a key. */
  credential: TableCredential | null;
}

const anonymous: Caller = { credential: null };

/** The secret that a request carries; null for none. One in the path comes first: it was meant for the gateway. */
export function secretOf({ headers }: IncomingMessage, inPath: string | null): string | null {
  if (inPath !== null) return inPath;
  const { authorization } = headers;
  if (authorization !== undefined) return bearerOf(authorization) ?? '';
  const key = headers['x-api-key'];
  return typeof key === 'string' ? key : null;
}

export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (/^(?:::ffff:)?127\./.test(address) || address === '::1');
}

/**
 * A client on this computer may send any text as a key, because many programs insist on one; it is only used if it is
 * right.
 */
export function identify(
  table: GatewayTable,
  secret: string | null,
  { now, local, origin }: { now: number; local: boolean; origin: string | null },
): Authentication<Caller> {
  const needed = !local || table.settings.keyOnLoopback;
  if (secret === null) return needed ? { refused: 'missing' } : { principal: anonymous };
  const verdict = checkCredential(table.credentials, secret, { now, origin });
  if (verdict.outcome === 'accepted')
    return { principal: { credential: verdict.credential as TableCredential } };
  if (!needed) return { principal: anonymous };
  return { refused: 'wrong' };
}

/** Throws GATEWAY_RIGHT_MISSING. */
export function checkRight({ credential }: Caller, right: Right): void {
  if (credential !== null && !allRightsOf(credential.rights).has(right)) {
    throw new Refusal('GATEWAY_RIGHT_MISSING');
  }
}

export function mayUse({ credential }: Caller, model: string): boolean {
  return credential?.models == null || matchesPriority(model, credential.models);
}

/** Throws MODEL_NOT_ALLOWED. */
export function checkModel(caller: Caller, model: string): void {
  if (!mayUse(caller, model)) {
    throw new Refusal('MODEL_NOT_ALLOWED', {
      message: fact('GATEWAY_MODEL_FORBIDDEN', { model: printable(model) }),
    });
  }
}
