/** The entry of the inference process, a child of the runner's door. The only program that loads onnxruntime. */
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { InferenceContract } from './protocol.ts';

if (isMainThread) {
  const { serveWorker } = await import('../../process.ts');
  const { createRpcServer } = await import('../../rpc.ts');
  const { createInference } = await import('./graphs.ts');
  serveWorker<InferenceContract>(fileURLToPath(import.meta.url), ({ send }) => {
    const { handlers, configure } = createInference();
    const { receive } = createRpcServer<InferenceContract>({ send, configure, handlers });
    // A run cannot be stopped; nothing of it is kept.
    return { receive, stop: async () => {} };
  });
} else (await import('../../watchdog.ts')).runWatchdog();
