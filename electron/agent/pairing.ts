/** Pairing: a code that a person reads, or a line that is pasted, gives a panel the token. */
import { randomBytes, randomInt } from 'node:crypto';
import { sameSecret } from '../adapters/http/same-secret.ts';
import { AgentError } from './errors.ts';

export interface PairingOffer {
  /** Six digits. */
  code: string;
  /** In the line to paste; too long to be guessed. */
  secret: string;
  secondsLeft: number;
}

export interface Pairing {
  /** Opens it anew: an offer before this one no longer counts. */
  open(): PairingOffer;
  /** Takes the code or the secret once. Throws PAIRING_CLOSED. */
  take(given: string): void;
}

const OPEN_MS = 10 * 60_000;
/** Of a million codes: then a new one has to be asked for. */
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
