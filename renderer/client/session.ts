/**
 * The session of this browser: its bearer is kept for every tab of this origin and this core, and is sent only to a
 * core that has proved that it knows it.
 */
import type { WireError } from '../../shared/contract/errors.ts';
import { exchangePath, proofPath } from '../../shared/contract/link-names.ts';
import { type Cryptography, isProof, newNonce } from './core-proof.ts';
import { ownError, readWireError } from './errors.ts';

type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export interface SessionPlace {
  /** The fragment of the address, with its `#`. */
  hash(): string;
  /** Replaces the fragment without a new history entry. */
  replaceHash(hash: string): void;
  /** Shared by the tabs of this origin. */
  storage: Kept;
  /** Of this tab: where earlier versions kept a bearer. */
  tabStorage: Kept;
  /** Names the core that served the page. */
  coreId: string;
  origin: string;
  crypto: Cryptography;
  fetch: (path: string, init: RequestInit) => Promise<Response>;
}

export type Session = { bearer: string } | { error: WireError };

export interface SessionKeeper {
  /** Where the session is kept: other tabs that sign in or out change it. */
  readonly storageKey: string;
  /**
   * The bearer for the next connection. LINK_LOST and OTHER_PROGRAM may pass; any other error needs a new one-time
   * address.
   */
  open(): Promise<Session>;
  /** Takes the one-time token out of the address, if there is one; true then. */
  takeToken(): boolean;
}

interface Signed {
  id: string;
  bearer: string;
}

const earlierKey = 'pilotlight.bearer';

/** `#token=…` → the token; null if the fragment is a page. */
export function tokenFromHash(hash: string): string | null {
  const match = /^#\/?(?:.*[?&])?token=([^&]+)/.exec(hash);
  try {
    return match?.[1] ? decodeURIComponent(match[1]) : null;
  } catch {
    return null;
  }
}

/**
 * A token is removed from the address at once, so that it is not copied, bookmarked or left in the history; it stays in
 * memory until the core has answered.
 */
export function createSessionKeeper(place: SessionPlace): SessionKeeper {
  const storageKey = `pilotlight.session.${place.coreId}`;
  let token: string | null = null;
  /** This tab was signed in. */
  let wasSignedIn = false;

  function takeToken(): boolean {
    const found = tokenFromHash(place.hash());
    if (found === null) return false;
    token = found;
    place.replaceHash('#/fleet');
    return true;
  }

  /** What signs this tab in, if it is not signed in: the token of its address, or the bearer of an earlier version. */
  function ticket(): { token: string } | { earlierBearer: string } | null {
    if (token !== null) return { token };
    const earlierBearer = place.tabStorage.getItem(earlierKey);
    return earlierBearer === null ? null : { earlierBearer };
  }

  function dropTicket(): void {
    token = null;
    place.tabStorage.removeItem(earlierKey);
  }

  async function open(): Promise<Session> {
    const session = await find();
    if (!('error' in session)) wasSignedIn = true;
    // Another tab was told first, and has removed the session that they shared.
    else if (wasSignedIn && session.error.code === 'UNAUTHORIZED')
      return { error: ownError('SESSION_ENDED') };
    return session;
  }

  async function find(): Promise<Session> {
    const kept = readSigned(place.storage.getItem(storageKey));
    const proved = kept === null ? null : await prove(place, kept);
    if (proved !== null && proved !== 'proved') {
      if (isPassing(proved)) return { error: proved };
      // Another tab may have signed in meanwhile.
      const ended = proved.code === 'SESSION_ENDED';
      if (ended && readSigned(place.storage.getItem(storageKey))?.id === kept?.id) {
        place.storage.removeItem(storageKey);
      }
    }
    const live = proved === 'proved' ? kept : null;
    const given = ticket();
    if (given === null) {
      if (live !== null) return { bearer: live.bearer };
      return { error: proved !== null && proved !== 'proved' ? proved : ownError('UNAUTHORIZED') };
    }
    const signed = await exchange(place, given, live);
    if ('error' in signed) {
      if (isPassing(signed.error)) return signed;
      dropTicket();
      // A used address, opened again in a browser that is signed in.
      return live === null ? signed : { bearer: live.bearer };
    }
    dropTicket();
    place.storage.setItem(storageKey, JSON.stringify(signed));
    return { bearer: signed.bearer };
  }

  takeToken();
  return { storageKey, open, takeToken };
}

const isPassing = ({ code }: WireError) => code === 'LINK_LOST' || code === 'OTHER_PROGRAM';

/** Asks the core to prove itself, without sending the bearer. The error otherwise. */
async function prove(place: SessionPlace, { id, bearer }: Signed): Promise<'proved' | WireError> {
  const nonce = newNonce(place.crypto);
  const answer = await post(place, proofPath, { session: id, nonce });
  if (answer === null) return ownError('LINK_LOST');
  const { ok, body } = answer;
  if (ok && isRecord(body) && typeof body.proof === 'string') {
    const { proof } = body;
    const proved = await isProof(place.crypto, { bearer, nonce, origin: place.origin, proof });
    return proved ? 'proved' : ownError('OTHER_PROGRAM');
  }
  const error = readWireError(body);
  if (error?.code === 'SESSION_ENDED' || error?.code === 'UNAUTHORIZED') return error;
  return ownError(error === null ? 'OTHER_PROGRAM' : 'LINK_LOST');
}

async function exchange(
  place: SessionPlace,
  given: { token: string } | { earlierBearer: string },
  live: Signed | null,
): Promise<Signed | { error: WireError }> {
  const answer = await post(place, exchangePath, given, live?.bearer);
  if (answer === null) return { error: ownError('LINK_LOST') };
  const { ok, body } = answer;
  if (ok && isRecord(body) && typeof body.bearer === 'string' && typeof body.session === 'string') {
    return { id: body.session, bearer: body.bearer };
  }
  return { error: readWireError(body) ?? ownError('UNAUTHORIZED') };
}

/** null if nothing answers. */
async function post(
  place: SessionPlace,
  path: string,
  content: object,
  bearer?: string,
): Promise<{ ok: boolean; body: unknown } | null> {
  try {
    const response = await place.fetch(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: JSON.stringify(content),
    });
    return { ok: response.ok, body: await response.json().catch(() => null) };
  } catch {
    return null;
  }
}

function readSigned(text: string | null): Signed | null {
  try {
    const { id, bearer } = JSON.parse(text ?? 'null') as Partial<Signed>;
    return typeof id === 'string' && typeof bearer === 'string' ? { id, bearer } : null;
  } catch {
    return null;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
