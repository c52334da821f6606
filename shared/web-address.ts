/** Addresses that a person or a script enters: whether they can be called, and how they are shown. */

/** Whether it is an http or https address that can be called as it is written. */
export function isCallableAddress(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || /[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  try {
    // It is sent as it is decoded.
    decodeURIComponent(username);
    decodeURIComponent(password);
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
