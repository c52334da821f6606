/** TCP listeners on loopback that close and reopen on the same port. */
import { randomInt } from 'node:crypto';
import type { Server } from 'node:net';
import { bind, isPortTaken } from '../adapters/http/bind.ts';

/**
 * Below the range from which systems assign ports for outgoing connections, so that no other program gets a
 * machine's port while it sleeps.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const TRIES = 50;

/** Listens and returns the port. 0 = any; `'stable'` = one that will still be free later. */
export async function listen(server: Server, host: string, port: number | 'stable'): Promise<number> {
  if (port !== 'stable') return (await bind(server, { host, port })).port;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    try {
      return (await bind(server, { host, port: randomInt(FIRST_PORT, LAST_PORT) })).port;
    } catch (error) {
      if (!isPortTaken(error)) throw error;
    }
  }
  return (await bind(server, { host, port: 0 })).port;
}

/** Stops accepting; open connections remain the caller's. */
export function stopListening(server: Server): void {
  if (server.listening) server.close();
}
