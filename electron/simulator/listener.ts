/** TCP listeners on loopback that close and come back on the same port. */
import { randomInt } from 'node:crypto';
import type { Server } from 'node:net';

/**
 * Below the range from which systems take ports for outgoing connections, so that nobody is given a
 * machine's port while it sleeps.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const TRIES = 50;

/** Listens and says on which port. 0 = any; `'stable'` = one that will still be free later. */
export async function listen(server: Server, host: string, port: number | 'stable'): Promise<number> {
  if (port !== 'stable') return listenOnce(server, host, port);
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    try {
      return await listenOnce(server, host, randomInt(FIRST_PORT, LAST_PORT));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  return listenOnce(server, host, 0);
}

function listenOnce(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => {
      server.removeListener('listening', onListening);
      reject(error);
    };
    const onListening = () => {
      server.removeListener('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    };
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen(port, host);
  });
}

/** Stops accepting; open connections are the caller's. */
export function stopListening(server: Server): void {
  if (server.listening) server.close();
}
