/** What the access service offers to other domains, to transports and to programs. */
import type { CredentialView, KeyKind } from '../../../shared/models/access.ts';
import type { Right } from '../../../shared/rights.ts';
import type { Verdict } from './check-credential.ts';
import type { KnownKey } from './credential-view.ts';
import type { LentKeys } from './lent-keys.ts';

export interface NewKey {
  name: string;
  kind: KeyKind;
  /** Default: the usual ones of its kind. */
  rights?: readonly Right[] | undefined;
  expiresInDays: number | null;
  /** Default null: all. */
  models?: readonly string[] | null;
  /** Default null: no limit. */
  requestsPerMinute?: number | null;
}

export interface ChosenKey {
  name: string;
  rights: readonly Right[];
  secret: string;
}

/** A credential with its secret, which exists nowhere else after this. */
export interface Issued {
  credential: CredentialView;
  secret: string;
}

export interface SignIn {
  /** The origin that the session is bound to, `http://127.0.0.1:PORT`. */
  origin: string;
  userAgent: string | undefined;
}

export interface AccessService {
  /** Oldest first, without revoked ones. */
  keys(): CredentialView[];
  sessions(): CredentialView[];
  /** null if there is none, or if it was revoked. */
  find(id: string): CredentialView | null;
  /** What it is called, if it is a lent key, too; null if there is none. */
  nameOf(id: string): string | null;
  /** Throws ALREADY_EXISTS, BAD_RIGHTS, TOO_MANY_KEYS or DISK_FULL. */
  addKey(key: NewKey): Issued;
  /**
   * Adds a script's key whose secret a person chose in an earlier version. Not `saved` on a full disk: it works until
   * Pilotlight stops.
   */
  adoptSecret(key: ChosenKey): { name: string; saved: boolean };
  /** Gives the script's key of this name a chosen secret, or adds it; returns what undoes it. Throws DISK_FULL. */
  setSecret(key: ChosenKey): () => void;
  /** Whether it is, or was, the secret of a credential. */
  hasSeen(secret: string): boolean;
  /** Throws NOT_FOUND or DISK_FULL. */
  rotateKey(id: string): Issued;
  /** In force when it returns, even if it cannot be saved yet. Throws NOT_FOUND. */
  revokeKey(id: string): void;
  openSession(signIn: SignIn): Issued;
  /** The browser of a session signed in again: the session lasts as long as a new one. */
  renewSession(id: string): void;
  /** Throws NOT_FOUND. */
  revokeSession(id: string): void;
  /** Revokes every session but this one; returns how many. */
  revokeOtherSessions(id: string | null): number;
  /** Another program has taken this port: the sessions of its origins are revoked, because it could have read them. */
  portTaken(port: number): void;
  /** Whose secret it is. `origin` is where the request says it came from; null if it does not say. */
  check(secret: string, origin: string | null): Verdict;
  /**
   * The proof that this core knows the session (session-proof.ts). Throws SESSION_ENDED, or UNAUTHORIZED for a session
   * that is unknown or of another origin.
   */
  proveSession(question: { id: string; nonce: string; origin: string }): string;
  /** Marks a credential as used. False if it has ended: whatever is open with it must be closed. */
  use(id: string): boolean;
  /** A credential was revoked, or replaced by another secret: whatever is open with it must be closed. */
  onEnded(listener: (id: string) => void): () => void;
  /** What another process needs to check secrets itself. */
  known(): readonly KnownKey[];
  /** Keys of the core's own helpers, for the gateway alone. `known` does not list them. */
  readonly lent: LentKeys;
  /** What `known` returns has changed. */
  onKnownChange(listener: () => void): () => void;
  stop(): void;
}
