/** Compares an answer of a server with the same one through the gateway, byte by byte but for times. */
import type { RawResponse } from '../ollama-recordings/raw-http.ts';

/** What the gateway adds to an answer. */
const ADDED = /^x-pilotlight-|^x-accel-buffering$|^access-control-expose-headers$/;
/** Of one connection, or the time. */
const OWN = /^(?:date|connection|keep-alive)$/;

/**
 * Returns what differs, as sentences. `fromTable`: the gateway answers it by itself, with its length; a server sends a
 * long listing in chunks.
 */
export function compareDoors(
  direct: RawResponse | null,
  through: RawResponse | null,
  { fromTable }: { fromTable: boolean },
): string[] {
  if (direct === null || through === null)
    return direct === through ? [] : [`only one of them answered: ${(direct ?? through)?.text}`];
  const differences: string[] = [];
  const say = (what: string, one: unknown, other: unknown) => {
    if (one !== other) differences.push(`${what}: directly ${one}, through the gateway ${other}`);
  };
  say('status', direct.status, through.status);
  const names = new Set([...direct.headers.keys(), ...through.headers.keys()]);
  for (const name of names) {
    if (OWN.test(name) || (ADDED.test(name) && !direct.headers.has(name))) continue;
    const isFraming = name === 'content-length' || name === 'transfer-encoding';
    if (isFraming && (fromTable || (name === 'content-length' && masked(direct.text) !== direct.text)))
      continue;
    say(name, direct.headers.get(name), through.headers.get(name));
  }
  say('body', masked(direct.text), masked(through.text));
  return differences;
}

/**
 * Times and durations as their kind: the two servers were asked at different moments. The core keeps the moment of an
 * expiry, not its zone, so that the gateway says it in UTC.
 */
function masked(text: string): string {
  return text
    .replace(/"(created_at|modified_at)":"(\d{4})[^"]*?(Z|[+-]\d\d:\d\d)"/g, '"$1":"$2 $3"')
    .replace(/"expires_at":"(\d{4})[^"]*"/g, '"expires_at":"$1"')
    .replace(/"(\w+_duration|created|created_at)":\d+/g, '"$1":N');
}
