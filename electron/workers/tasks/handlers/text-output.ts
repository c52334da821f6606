/** What handlers that read texts have in common. */
import { open } from 'node:fs/promises';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { PLACES_FIELD } from '../../../../shared/models/places.ts';
import { createSystemClock } from '../../../adapters/clock.ts';
import { createNodeHttp } from '../../../adapters/network/http.ts';
import type { ReadDocument } from '../../documents/document.ts';
import { readAddress } from '../../web/read-address.ts';
import { createWebGuard } from '../../web/web-guard.ts';
import type { HandlerContext, HandlerOutput } from './handler.ts';

/** The whole file and its text are in memory at once, and V8 has no longer strings than twice this. */
const MOST_BYTES = 256 * 1024 * 1024;

/** @param from the name of the file, or the address; and its size */
export function outputOf(
  { text, title, format, places, about }: ReadDocument,
  from: { name: string; sizeBytes: number },
): HandlerOutput {
  return {
    content: text,
    metadata: {
      ...about,
      title: title ?? from.name,
      format,
      sizeBytes: from.sizeBytes,
      characters: text.length,
      ...(places.length > 0 ? { [PLACES_FIELD]: places } : {}),
    },
  };
}

/** Rejects with FILE_TOO_LARGE and the system's errors. */
export async function readWhole(path: string, most = MOST_BYTES): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size > most) {
      throw new PilotlightError('FILE_TOO_LARGE', {
        message: fact('FILE_OVER_LIMIT', { bytes: size, limit: most }),
      });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

export async function readUrl(
  url: string,
  { allowedHosts, signal, progress }: Pick<HandlerContext, 'allowedHosts' | 'signal' | 'progress'>,
): Promise<HandlerOutput> {
  const http = createNodeHttp();
  try {
    const tools = { http, clock: createSystemClock(), guard: createWebGuard({ allowedHosts }) };
    const read = await readAddress(url, tools, { signal, progress });
    return outputOf(read, { name: read.url, sizeBytes: read.sizeBytes });
  } finally {
    http.close();
  }
}
