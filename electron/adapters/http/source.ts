/**
 * Which requests may be for a listener at all. A page of another site can make a browser send requests to any address
 * of the network, and a name that an attacker owns can be made to resolve to it (DNS rebinding). The former shows in
 * `Origin` and `Sec-Fetch-Site`, the latter in `Host`.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** Whether a request with these headers may be served. */
export type SourceGuard = (headers: IncomingHttpHeaders) => boolean;

/** `Host` must name this computer and our port, `Origin` must be absent or exactly what `Host` says. */
export const ownPages =
  (port: () => number): SourceGuard =>
  ({ host, origin }) => {
    if (host === undefined || !loopbackHosts(port()).includes(host.toLowerCase())) return false;
    return origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`;
  };

/**
 * For a listener in the network: `Host` must be its own address, or a name that a person allowed, so that no other name
 * can be made to lead here. `Origin` must be absent or a page at exactly that `Host`.
 */
export const networkPages =
  (at: () => { address: string; port: number; names: readonly string[] }): SourceGuard =>
  ({ host, origin }) => {
    if (host === undefined) return false;
    const { address, port, names } = at();
    const wanted = host.toLowerCase();
    const own = address.includes(':') ? `[${address}]` : address;
    const isOwn =
      wanted === `${own}:${port}` || names.some((name) => wanted === name || wanted.startsWith(`${name}:`));
    if (!isOwn) return false;
    return origin === undefined || [`http://${wanted}`, `https://${wanted}`].includes(origin.toLowerCase());
  };

/** Programs only: a page that a person happens to open must not control a machine on their network. */
export const noBrowsers: SourceGuard = (headers) => {
  const site = headers['sec-fetch-site'];
  return headers.origin === undefined && (site === undefined || site === 'none');
};

/**
 * Whether a browser sent it, as far as that shows in a GET of an image or a frame: those have no Origin, and over plain
 * HTTP to another machine no `Sec-Fetch-Site` either. PowerShell calls itself Mozilla too.
 */
export function isFromBrowser(headers: IncomingHttpHeaders): boolean {
  const { referer, 'sec-fetch-site': site, 'user-agent': program = '' } = headers;
  return referer !== undefined || site !== undefined || /^Mozilla\/(?!.*PowerShell)/i.test(program);
}

/** Anyone: for a server whose own protocol decides. */
export const anySource: SourceGuard = () => true;

function loopbackHosts(port: number): string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
}
