/** `pilotlight+agent://192.168.1.30:8765/#secret`: the part after # is never sent to a server by accident. */

export const PAIRING_SCHEME = 'pilotlight+agent://';

export function formatPairingLine(host: string, port: number, secret: string): string {
  return `${PAIRING_SCHEME}${host.includes(':') ? `[${host}]` : host}:${port}/#${secret}`;
}

/** The address of the agent as written, and the secret; null for anything else. */
export function parsePairingLine(line: string): { address: string; secret: string } | null {
  if (!line.startsWith(PAIRING_SCHEME)) return null;
  const [address = '', secret = ''] = line.slice(PAIRING_SCHEME.length).split('#');
  const isRight = /^[\w-]{16,64}$/.test(secret) && address.replace(/\/$/, '') !== '';
  return isRight ? { address, secret } : null;
}
