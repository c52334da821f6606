/** A process that runs handlers, one task after the other. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { ContentType } from '../../../../shared/models/tasks.ts';
import { serveWorker } from '../../process.ts';
import { createRpcServer } from '../../rpc.ts';
import { coded } from '../failures.ts';
import type { Handler, HandlerOutput } from '../handlers/handler.ts';
import { handlerOf } from '../handlers/table.ts';
import { type HandlerContract, type HandlerResult, MOST_CONTENT_BYTES } from './protocol.ts';

/** Characters of a longer text that its record keeps. */
const BEGINNING = 65_536;

/**
 * @param entry absolute path of the calling program, which its watchdog's thread runs too
 * @param find the handler of a kind of content; null if there is none
 */
export function serveHandlers(
  entry: string,
  find: (contentType: ContentType) => Handler | null = handlerOf,
): void {
  serveWorker<HandlerContract>(entry, ({ send }) => {
    const server = createRpcServer<HandlerContract>({
      send,
      configure: () =>
        send({ kind: 'event', event: { kind: 'ready', memoryBytes: process.memoryUsage.rss() } }),
      handlers: {
        async handle({ contentType, input, options, folder, allowedHosts, means }, { signal, report }) {
          const handler = find(contentType);
          if (handler === null) throw new PilotlightError('HANDLER_MISSING');
          const output = await handler.handle(input, {
            contentType,
            options,
            folder,
            allowedHosts,
            means,
            signal,
            progress: (share, text) =>
              report({ share: Math.min(1, Math.max(0, share)), text: text ?? null, log: '' }),
            log: (line) => report({ share: null, text: null, log: `${line}\n` }),
          });
          return pack(output, folder);
        },
      },
      toCodedError(error) {
        const known = coded(error);
        return known.code === 'INTERNAL' ? error : known;
      },
    });
    return { receive: server.receive, stop: () => server.abortCalls(() => true) };
  });
}

async function pack(output: HandlerOutput, folder: string): Promise<HandlerResult> {
  const { content, metadata, thumbnails = [] } = output;
  const isLong = content.length > MOST_CONTENT_BYTES || Buffer.byteLength(content) > MOST_CONTENT_BYTES;
  const contentPath = isLong ? join(folder, 'result.txt') : null;
  if (contentPath !== null) await writeFile(contentPath, content);
  return {
    content: isLong ? beginningOf(content) : content,
    contentPath,
    metadata,
    thumbnails,
    memoryBytes: process.memoryUsage.rss(),
  };
}

/** Without half a character at its end. */
function beginningOf(content: string): string {
  const isCut = /[\uD800-\uDBFF]/.test(content.charAt(BEGINNING - 1));
  return content.slice(0, isCut ? BEGINNING - 1 : BEGINNING);
}
