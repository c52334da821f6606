/**
 * Tabs that were opened by a version whose bearers were signed instead of stored. They work until this run ends, and
 * trade their bearer in for a session when they are reloaded.
 */
import { createHmac } from 'node:crypto';
import { digestOf, findSecret, sameSecret } from '../../adapters/http/same-secret.ts';

const LIFE_MS = 7 * 24 * 3_600_000;

export interface EarlierTabs {
  isBearer(bearer: string): boolean;
  /** Accepts a bearer once; it is worth nothing afterwards. */
  tradeIn(bearer: string): boolean;
}

/** @param key the key that signed them, which is gone from the disk; null if there was none */
export function createEarlierTabs(key: Buffer | null, now: () => number): EarlierTabs {
  const traded: Buffer[] = [];

  /** `<random>.<issued, base 36>.<HMAC-SHA256 of both>` */
  function isBearer(bearer: string): boolean {
    if (key === null) return false;
    const [random = '', issued = '', signature = '', ...rest] = bearer.split('.');
    const signed = createHmac('sha256', key).update(`${random}.${issued}`).digest('base64url');
    if (!sameSecret(signature, signed) || rest.length > 0) return false;
    return now() - Number.parseInt(issued, 36) < LIFE_MS && findSecret(traded, bearer) < 0;
  }

  return {
    isBearer,
    tradeIn(bearer) {
      if (!isBearer(bearer)) return false;
      traded.push(digestOf(bearer));
      return true;
    },
  };
}
