/** The entry of the runner's door: a child process of Node, or a utility process of Electron. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { createChildHost } = await import('../../adapters/processes/child-host.ts');
  const { oneHeap } = await import('../../adapters/processes/memory-environment.ts');
  const { createProcessLog } = await import('../process-log.ts');
  const { serveRunner } = await import('./door/serve.ts');
  const entry = fileURLToPath(import.meta.url);
  // In a build both programs lie in one folder.
  const inference = entry.endsWith('.ts') ? 'inference/inference-worker.ts' : 'inference-worker.mjs';
  // Tensors lie outside the heap; what is in it is garbage at once, and is collected before it adds up.
  const inferenceFlags = ['--max-semi-space-size=4', '--heap-growing-percent=15'];
  const log = createProcessLog((line) => process.stderr.write(line));
  const inferenceHost = createChildHost({
    entry: join(dirname(entry), inference),
    name: 'inference',
    nodeFlags: inferenceFlags,
    env: { ...oneHeap },
    log,
  });
  serveRunner(entry, { inferenceHost, log });
} else (await import('../watchdog.ts')).runWatchdog();
