import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPilotlightError } from '../../shared/contract/errors.ts';

const portPath = (dataFolder: string) => join(dataFolder, 'port');

/**
 * Listens at the port of the last start, so that a page which is still open finds the core again; at any free one
 * where there was none, or another program has it now. Asking first whether it is free would not hold it.
 */
export async function listenAtLastPort(
  dataFolder: string,
  listen: (port: number) => Promise<string>,
): Promise<string> {
  const port = readPort(dataFolder);
  if (port !== null) {
    try {
      return await listen(port);
    } catch (error) {
      if (!isPilotlightError(error) || error.code !== 'PORT_IN_USE') throw error;
    }
  }
  return listen(0);
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
