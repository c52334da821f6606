import type { AddressInfo, Server } from 'node:net';

export interface ListenAt {
  /** Default: all addresses of this computer. */
  host?: string | undefined;
  /** 0 picks a free one. */
  port: number;
  /** Other processes of this user that say so, too, may listen there at the same time. Linux only. */
  shared?: boolean;
}

/** Starts to listen. Rejects with the system's error. */
export function bind(server: Server, { host, port, shared = false }: ListenAt): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => {
      server.removeListener('listening', onListening);
      reject(error);
    };
    const onListening = () => {
      server.removeListener('error', onError);
      resolve(server.address() as AddressInfo);
    };
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen({
      port,
      ...(host === undefined ? {} : { host }),
      ...(shared ? { reusePort: true } : {}),
      exclusive: true,
    });
  });
}

/** Another program uses the port, or the system reserves it. */
export function isPortTaken(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'EADDRINUSE' || code === 'EACCES';
}
