import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const portPath = (dataFolder: string) => join(dataFolder, 'port');

/**
 * The port of the last start, so that a page which is still open finds the core again; 0, for any free one,
 * where there was none or another program has it now.
 */
export async function lastFreePort(dataFolder: string): Promise<number> {
  const port = readPort(dataFolder);
  return port !== null && (await isFree(port)) ? port : 0;
}

/** A convenience only: where it cannot be written, the next start takes a free port. */
export function rememberPort(dataFolder: string, port: number): void {
  try {
    writeFileSync(portPath(dataFolder), `${port}\n`, { mode: 0o600 });
  } catch {}
}

function readPort(dataFolder: string): number | null {
  try {
    const text = readFileSync(portPath(dataFolder), 'utf8').trim();
    const port = Number(text);
    return /^\d{1,5}$/.test(text) && port >= 1024 && port <= 65_535 ? port : null;
  } catch {
    return null;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port }, () => probe.close(() => resolve(true)));
  });
}
