/** Which headers pass the gateway, in both directions. Pure. */

/** Of one connection, never of the request or answer that it carries. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

const notToServer: ReadonlySet<string> = new Set([
  ...hopByHop,
  // Its own, or set for the server.
  'host',
  'expect',
  'content-length',
  // Servers have rules of their own for pages; the gateway has applied its rules.
  'origin',
  'referer',
  // Keys of the gateway stay here.
  'authorization',
  'x-api-key',
  'cookie',
  'x-pilotlight-node',
  // A compressed answer could not be read for its end.
  'accept-encoding',
]);

const notToClient: ReadonlySet<string> = new Set([
  ...hopByHop,
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'x-accel-buffering',
]);

/** Names and values in turn, as they came. `length` is null for a body without a known length. */
export function headersToServer(raw: readonly string[], length: number | null): string[] {
  const named = connectionNames(raw);
  const headers: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    const lower = name.toLowerCase();
    if (notToServer.has(lower) || named?.has(lower)) continue;
    headers.push(name, raw[index + 1] as string);
  }
  if (length !== null) headers.push('content-length', String(length));
  return headers;
}

/** Names in a Connection header concern one connection, too. */
function connectionNames(raw: readonly string[]): Set<string> | null {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    const value = raw[index + 1] as string;
    if (/^(?:keep-alive|close)$/i.test(value)) continue;
    return new Set(value.toLowerCase().split(/\s*,\s*/));
  }
  return null;
}

/** Appends to `into`, names and values in turn. */
export function headersToClient(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  into: string[],
): void {
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || notToClient.has(name)) continue;
    if (typeof value === 'string') into.push(name, value);
    else for (const one of value) into.push(name, one);
  }
}

/** Text for a header, which takes printable ASCII only. */
export function headerText(text: string): string {
  return text.replace(/[^ -~]+/gu, (part) => encodeURIComponent(part.toWellFormed()));
}
