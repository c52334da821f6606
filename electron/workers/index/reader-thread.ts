/** The thread that cuts and embeds, and how the worker starts it. */
import { parentPort, Worker } from 'node:worker_threads';
import { cutFile } from '../../core/indexing/cut.ts';
import { documentText } from '../../core/indexing/document-text.ts';
import { createLexicalEmbedder } from '../../core/indexing/lexical-embedder.ts';
import type { FromReaderThread, ReaderThread, ReadRequest, ShowRequest } from './reader.ts';

/** Chunks embedded between two progress reports. */
const CHUNKS_A_STEP = 250;
/**
 * At the limit V8 grants 16 MB more, in which the thread has to end. Moving a larger young generation into the old one
 * can need more than that, and V8 would then end the whole process.
 */
const YOUNG_GENERATION_MB = 8;

/**
 * @param entry the file that runs `serveReader` when it runs in a thread with this role
 * @param maxMemoryMb a file that needs more ends the thread, not the worker
 */
export function startReaderThread(entry: string, maxMemoryMb: number): ReaderThread {
  const worker = new Worker(entry, {
    workerData: { role: 'reader' },
    resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  worker.unref();
  let code: string | null = null;
  worker.on('error', (error: Error & { code?: string }) => {
    code = error.code ?? error.name;
  });
  return {
    post: (request) => worker.postMessage(request),
    onMessage: (listener) => void worker.on('message', listener),
    onEnd: (listener) => void worker.once('exit', () => listener(code)),
    async terminate() {
      await worker.terminate();
    },
  };
}

export function serveReader(cut: typeof cutFile = cutFile): void {
  const port = parentPort;
  if (port === null) return;
  const embed = createLexicalEmbedder();
  const send = (message: FromReaderThread, transfer: ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);

  function answer({ bytes, path, maxTokens, embed: isWanted }: ReadRequest): void {
    send({ kind: 'step' });
    const found = cut(bytes, path, maxTokens);
    if (!found.ok || !isWanted) {
      send({ kind: 'read', cut: found, vectors: null });
      return;
    }
    const first = found.chunks[0];
    const length = first === undefined ? 0 : embed(first.text).length;
    const vectors = new Float32Array(found.chunks.length * length);
    for (const [at, chunk] of found.chunks.entries()) {
      if (at % CHUNKS_A_STEP === 0) send({ kind: 'step' });
      vectors.set(embed(`${chunk.heading}\n${chunk.text}`), at * length);
    }
    send({ kind: 'read', cut: found, vectors }, [vectors.buffer]);
  }

  port.on('message', (request: ReadRequest | ShowRequest) => {
    try {
      if ('show' in request)
        send({ kind: 'shown', file: documentText(request.bytes, request.path, request.show) });
      else answer(request);
    } catch (error) {
      send({
        kind: 'failed',
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  });
}
