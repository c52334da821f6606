/** Reads pairing input, and keeps tokens until their node is added. */
import { PAIRING_SCHEME, parsePairingLine } from '../../../shared/contract/agent/pairing-line.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { normaliseAgentUrl, sameServerKey } from '../fleet/validate.ts';
import type { Clock } from '../ports/time.ts';
import type { PairingRequest } from './model.ts';

/** As long as an agent accepts a pairing code. */
const KEPT_MS = 600_000;
const MOST_KEPT = 50;

/**
 * Accepts `pilotlight+agent://HOST:PORT/#SECRET`, or an address and six digits. Throws BAD_PAIRING, or BAD_URL for the
 * address.
 */
export function readPairing({ line, url, code }: PairingRequest): { url: string; code: string } {
  const text = line?.trim() ?? '';
  if (text !== '') return readLine(text);
  // People may paste the line into the address field.
  if (url?.trim().startsWith(PAIRING_SCHEME)) return readLine(url.trim());
  const digits = (code ?? '').replaceAll(/[\s-]/g, '');
  if (!/^\d{6}$/.test(digits)) throw new PilotlightError('BAD_PAIRING', { details: { field: 'code' } });
  return { url: normaliseAgentUrl(url ?? '', 'url'), code: digits };
}

function readLine(line: string): { url: string; code: string } {
  const read = parsePairingLine(line);
  if (read === null) throw new PilotlightError('BAD_PAIRING', { details: { field: 'line' } });
  return { url: normaliseAgentUrl(`http://${read.address}`, 'line'), code: read.secret };
}

/** Tokens of agents that belong to no node yet, each kept for ten minutes. */
export function createPairedTokens({ clock }: { clock: Clock }) {
  const kept = new Map<string, { token: string; until: number }>();

  const valid = (found: { token: string; until: number } | undefined) =>
    found !== undefined && found.until > clock.monotonic() ? found.token : null;

  return {
    keep(url: string, token: string): void {
      const key = sameServerKey(url);
      kept.delete(key);
      kept.set(key, { token, until: clock.monotonic() + KEPT_MS });
      const oldest = kept.size > MOST_KEPT ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
    },
    /** Reads it without taking it. */
    peek: (url: string): string | null => valid(kept.get(sameServerKey(url))),
    take(url: string): string | null {
      const key = sameServerKey(url);
      const found = kept.get(key);
      kept.delete(key);
      return valid(found);
    },
  };
}
