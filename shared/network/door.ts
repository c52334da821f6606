/** Answers that do not come from the server itself, but from what is in front of it: a login, a redirect. Pure. */

/**
 * - `login`: it wants a login or a key
 * - `elsewhere`: it sends to another address; `to` is null if it does not say where
 */
export type Door = { kind: 'login' } | { kind: 'elsewhere'; to: string | null };

export interface DoorReply {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
}

/** 511 is what a network answers before a person has logged in. */
const LOGIN_STATUS: ReadonlySet<number> = new Set([401, 403, 407, 511]);
/** A page that asks for a password, as a proxy shows it with status 200. */
const PASSWORD_FIELD = /<input\b[^<>]*\btype\s*=\s*["']?password\b/i;
const MOST_SEARCHED = 64 * 1024;
const MOST_SHOWN = 200;

/** null if the answer may be the server's own. `url` is the address that was asked. */
export function readDoor({ status, headers, text }: DoorReply, url: string): Door | null {
  if (LOGIN_STATUS.has(status)) return { kind: 'login' };
  if (status >= 300 && status < 400 && status !== 304)
    return { kind: 'elsewhere', to: placeOf(headers.location, url) };
  const page = text.slice(0, MOST_SEARCHED);
  return /^\s*</.test(page) && PASSWORD_FIELD.test(page) ? { kind: 'login' } : null;
}

/** Without a query, which often contains a token. */
function placeOf(location: string | undefined, url: string): string | null {
  if (location === undefined || !URL.canParse(location, url)) return null;
  const { protocol, host, pathname } = new URL(location, url);
  return `${protocol}//${host}${pathname}`.slice(0, MOST_SHOWN);
}
