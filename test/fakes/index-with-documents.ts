/** The index worker with a reader of documents that some of them harm, and little patience. */
import { fileURLToPath } from 'node:url';
import { runIndexWorker } from '../../electron/workers/index/run.ts';

await runIndexWorker(fileURLToPath(import.meta.url), {
  documents: {
    entry: fileURLToPath(new URL('./document-reader.ts', import.meta.url)),
    memoryMb: 256,
    timeMs: 4000,
  },
});
