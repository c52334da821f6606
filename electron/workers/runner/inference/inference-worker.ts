/** The entry of the inference process, a child of the runner's door. The only program that loads onnxruntime. */
import { fileURLToPath } from 'node:url';
import { isMainThread, workerData } from 'node:worker_threads';
import type { InferenceContract } from './protocol.ts';

if (isMainThread) {
  const { serveWorker } = await import('../../process.ts');
  const { createRpcServer } = await import('../../rpc.ts');
  const { createInference } = await import('./graphs.ts');
  const { laneChoice } = await import('./lane-choice.ts');
  const { createLanes, startLaneThread } = await import('./lanes.ts');
  const { usualThreads } = await import('./physical-cores.ts');
  const entry = fileURLToPath(import.meta.url);
  serveWorker<InferenceContract>(entry, ({ send, kill }) => {
    const { handlers, configure } = createInference({
      lanesOf(threads) {
        const choice = laneChoice(threads ?? usualThreads());
        return choice.count > 1 ? createLanes(choice, () => startLaneThread(entry)) : null;
      },
    });
    const { receive } = createRpcServer<InferenceContract>({ send, configure, handlers });
    // A run cannot be stopped, and a thread that is ended in one aborts noisily; nothing of it is kept.
    return { receive, stop: async () => kill() };
  });
} else if (workerData?.role === 'lane') (await import('./lane.ts')).runLane();
else (await import('../../watchdog.ts')).runWatchdog();
