import type { WireError } from '../../shared/contract/errors.ts';
import { exchangePath } from '../../shared/contract/link-names.ts';
import { ownError, readWireError } from './errors.ts';

const storageKey = 'pilotlight.bearer';

export interface SessionPlace {
  /** The fragment of the address, with its `#`. */
  hash(): string;
  /** Replaces the fragment without a new history entry. */
  replaceHash(hash: string): void;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  fetch: (path: string, init: RequestInit) => Promise<Response>;
}

export type Session = { bearer: string } | { error: WireError };

/** `#token=…` → the token; null if the fragment is a page. */
export function tokenFromHash(hash: string): string | null {
  const match = /^#\/?(?:.*[?&])?token=([^&]+)/.exec(hash);
  return match?.[1] ? decodeURIComponent(match[1]) : null;
}

/**
 * Opens this tab’s session from the one-time token in the address, or from the bearer stored before a reload. The token
 * is removed from the address at once, so that it is not copied, bookmarked or left in the history; it stays in memory
 * until the core has answered.
 */
export function createSessionOpener(place: SessionPlace): () => Promise<Session> {
  let token = tokenFromHash(place.hash());
  if (token !== null) place.replaceHash('#/fleet');

  return async () => {
    const kept = place.storage.getItem(storageKey);
    if (token === null) return kept ? { bearer: kept } : { error: ownError('UNAUTHORIZED') };
    const session = await exchange(place, token);
    if ('error' in session && session.error.code === 'LINK_LOST') return session;
    token = null;
    // A used address, opened again in the tab that used it: the tab still has its bearer.
    if ('error' in session) return kept ? { bearer: kept } : session;
    place.storage.setItem(storageKey, session.bearer);
    return session;
  };
}

/** Forgets the bearer because the core no longer recognises it. */
export function forgetSession(storage: SessionPlace['storage']): void {
  storage.removeItem(storageKey);
}

async function exchange(place: SessionPlace, token: string): Promise<Session> {
  let response: Response;
  try {
    response = await place.fetch(exchangePath, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
  } catch {
    return { error: ownError('LINK_LOST') };
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && hasBearer(body)) return { bearer: body.bearer };
  return { error: readWireError(body) ?? ownError('UNAUTHORIZED') };
}

function hasBearer(body: unknown): body is { bearer: string } {
  return typeof body === 'object' && body !== null && 'bearer' in body && typeof body.bearer === 'string';
}
