/** Whether this is the address of a Redis or Valkey server; its path is the number of a database. */
export function isRedisAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') return false;
  return /^rediss?:$/.test(url.protocol) && /^(?:\/\d{0,5})?$/.test(url.pathname);
}
