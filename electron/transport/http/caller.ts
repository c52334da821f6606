/** Who sends a request of the control server, and what that caller may do. */
import type { FastifyRequest } from 'fastify';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Right } from '../../../shared/rights.ts';
import type { Access, Principal } from './access.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null for a request without a valid credential. */
    principal: Principal | null;
    /** Why it has none. */
    whyRefused(): PilotlightError;
  }
}

/** Throws UNAUTHORIZED, or why the credential is no longer accepted. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw request.whyRefused();
  return request.principal;
}

/** Throws FORBIDDEN too. */
export function requireRight(request: FastifyRequest, right: Right): void {
  if (!principalOf(request).rights.has(right)) {
    throw new PilotlightError('FORBIDDEN', { details: { scope: right } });
  }
}

/** Rejects as soon as the caller's credential ends, even if the work does not end with it. */
export async function whileValid<Result>(
  access: Pick<Access, 'uses' | 'endedError'>,
  principal: Principal,
  work: (ended: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const ended = new AbortController();
  const cut = Promise.withResolvers<never>();
  const release = access.uses.hold(principal.credentialId, () => {
    const error = access.endedError(principal);
    ended.abort(error);
    cut.reject(error);
  });
  try {
    return await Promise.race([work(ended.signal), cut.promise]);
  } finally {
    release();
  }
}
