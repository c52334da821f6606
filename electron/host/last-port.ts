import { basename, join } from 'node:path';
import { isPilotlightError } from '../../shared/contract/errors.ts';
import { writeDurably } from '../adapters/durable-write.ts';
import { withCodedUnsafe } from '../adapters/private-file.ts';
import { readContent, trySetAside } from '../adapters/set-aside.ts';
import type { Log } from '../core/ports/log.ts';

export interface Listening {
  url: string;
  /** The port of the last start, if another program uses it. */
  taken: number | null;
}

const portPath = (dataFolder: string) => join(dataFolder, 'port');

/**
 * Listens on the port of the last start, so that a page that is still open finds the core again; on any free port if
 * there was none or another program uses it. Checking first whether it is free would not reserve it.
 */
export async function listenAtLastPort(
  dataFolder: string,
  listen: (port: number) => Promise<string>,
  log: Pick<Log, 'warn'>,
): Promise<Listening> {
  const port = readPort(dataFolder, log);
  if (port !== null) {
    try {
      return { url: await listen(port), taken: null };
    } catch (error) {
      if (!isPilotlightError(error) || error.code !== 'PORT_IN_USE') throw error;
    }
  }
  return { url: await listen(0), taken: port };
}

/** A convenience only: if it cannot be written, the next start picks a free port. */
export function rememberPort(dataFolder: string, port: number): void {
  try {
    writeDurably(portPath(dataFolder), `${port}\n`);
  } catch {}
}

function readPort(dataFolder: string, log: Pick<Log, 'warn'>): number | null {
  const path = portPath(dataFolder);
  const content = withCodedUnsafe(() => readContent(path, 'file'));
  if (content.kind === 'missing') return null;
  const text = content.kind === 'read' ? content.text.trim() : '';
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1024 && port <= 65_535) return port;
  const keptAs = trySetAside(path);
  log.warn('The file with the last port was damaged; using a free port.', {
    keptAs: keptAs === null ? null : basename(keptAs),
  });
  return null;
}
