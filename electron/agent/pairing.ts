/** Pairing: a panel gets the token with a code that a person types, or with a line that a person pastes. */
import { randomBytes, randomInt } from 'node:crypto';
import { sameSecret } from '../adapters/http/same-secret.ts';
import { AgentError } from './errors.ts';

export interface PairingOffer {
  /** Six digits. */
  code: string;
  /** Part of the line to paste; too long to guess. */
  secret: string;
  secondsLeft: number;
}

export interface Pairing {
  /** Opens a new offer, which replaces the previous one. */
  open(): PairingOffer;
  /** Accepts the code or the secret once. Throws PAIRING_CLOSED. */
  take(given: string): void;
}

const OPEN_MS = 10 * 60_000;
/** Wrong tries, of a million codes; after that a new offer is required. */
const TRIES = 5;

export function createPairing({ monotonic }: { monotonic: () => number }): Pairing {
  let offer: { code: string; secret: string; until: number; tries: number } | null = null;

  return {
    open() {
      const code = String(randomInt(0, 1_000_000)).padStart(6, '0');
      offer = {
        code,
        secret: randomBytes(18).toString('base64url'),
        until: monotonic() + OPEN_MS,
        tries: TRIES,
      };
      return { code, secret: offer.secret, secondsLeft: OPEN_MS / 1000 };
    },
    take(given) {
      if (offer === null || monotonic() >= offer.until) {
        offer = null;
        throw new AgentError('PAIRING_CLOSED');
      }
      const plain = given.replaceAll(/\s/g, '');
      const right = [offer.code, offer.secret].map((one) => sameSecret(one, plain)).includes(true);
      if (right) {
        offer = null;
        return;
      }
      offer.tries -= 1;
      if (offer.tries === 0) offer = null;
      throw new AgentError('PAIRING_CLOSED');
    },
  };
}
