import { readWebAddress } from './web-address.ts';

const SCHEME = /^rediss?:\/\//i;

/** Whether this is the address of a Redis or Valkey server; its path is the number of a database. */
export function isRedisAddress(text: string): boolean {
  if (!SCHEME.test(text)) return false;
  const read = readWebAddress(text.replace(SCHEME, 'http://'), { password: true });
  return read.ok && /^(?:\/\d{0,5})?$/.test(read.url.pathname);
}
