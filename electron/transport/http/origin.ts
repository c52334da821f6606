/**
 * Which requests may be for us at all. A page of another site can make a browser send requests to
 * 127.0.0.1, and a name that an attacker owns can be made to resolve to it (DNS rebinding). The first shows
 * in `Origin`, the second in `Host`.
 */
export interface RequestSource {
  host: string | undefined;
  origin: string | undefined;
}

/** `Host` must name this computer and our port, `Origin` must be absent or exactly what `Host` says. */
export function isFromHere({ host, origin }: RequestSource, port: number): boolean {
  if (host === undefined || !ourHosts(port).includes(host.toLowerCase())) return false;
  return origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`;
}

function ourHosts(port: number): string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
}
