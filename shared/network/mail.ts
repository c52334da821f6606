/** Addresses of e-mail: of servers, and of people. */
import { readWebAddress } from './web-address.ts';

const SCHEME = /^smtps?:\/\//i;

/** Whether this is the address of a mail server, `smtp://` or `smtps://`, with or without a user and a password. */
export function isMailServer(text: string): boolean {
  if (!SCHEME.test(text)) return false;
  const read = readWebAddress(text.replace(SCHEME, 'http://'), { password: true });
  return read.ok && read.url.pathname === '/' && read.url.search === '' && read.url.hash === '';
}

/** One sign between a name and a host, and nothing that a list of addresses is made of. */
export const isMailAddress = (text: string): boolean => /^[^\s@<>",;]+@[^\s@<>",;]+$/.test(text);
