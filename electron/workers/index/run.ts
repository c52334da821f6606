/** What the index worker's program runs: in the process itself, and in each of its threads. */
import { isMainThread, workerData } from 'node:worker_threads';
import type { IndexWorkerOptions } from './process.ts';

/** @param entry absolute path of the calling program, which the threads run too */
export async function runIndexWorker(entry: string, options: IndexWorkerOptions = {}): Promise<void> {
  const role = isMainThread ? 'worker' : (workerData as { role: 'reader' | 'watchdog' }).role;
  // Each thread loads only what it needs.
  if (role === 'worker') (await import('./process.ts')).serveIndex(entry, options);
  else if (role === 'reader') (await import('./reader-thread.ts')).serveReader(options.cut);
  else (await import('../watchdog.ts')).runWatchdog();
}
