/** Addresses that Pilotlight calls for a person or a script, perhaps with a password: whether it can, and how they are shown. */
import { parseWebUrl } from './web-address.ts';

/** Whether it is an http or https address that can be called as it is written. */
export function isCallableAddress(text: string): boolean {
  const url = /\p{Cc}/u.test(text) ? null : parseWebUrl(text, { query: true, password: true });
  if (url === null) return false;
  try {
    // They are sent as they are decoded.
    decodeURIComponent(url.username);
    decodeURIComponent(url.password);
    return true;
  } catch {
    return false;
  }
}

/** The address without `user:password@`; unchanged if it has none, or is no address. */
export function withoutPassword(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.username === '' && url.password === '') return text;
  url.username = '';
  url.password = '';
  return url.href;
}

export const hasPassword = (text: string): boolean => withoutPassword(text) !== text;

/** Whether it is such an address with a path, whose last part is the topic of an ntfy server. */
export const isTopicAddress = (text: string): boolean =>
  isCallableAddress(text) && URL.canParse(text) && /[^/]/.test(new URL(text).pathname);
