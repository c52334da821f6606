/** What the index worker's program does: in the process itself, and in each of the threads that it starts. */
import { isMainThread, workerData } from 'node:worker_threads';
import type { cutFile } from '../../core/indexing/cut.ts';

/** What a test does in another way. */
export interface IndexWorkerOptions {
  cut?: typeof cutFile;
  /** After how long a file is written down as one that is being read, milliseconds. Default 3 s. */
  attemptAfterMs?: number;
  /** Memory that reading one file may take, MiB. Default 2,048. */
  mostMemoryMb?: number;
}

/** @param entry absolute path of the program that calls this; the threads run it, too */
export async function runIndexWorker(entry: string, options: IndexWorkerOptions = {}): Promise<void> {
  const role = isMainThread ? 'worker' : (workerData as { role: 'reader' | 'watchdog' }).role;
  // Each thread loads only what it needs.
  if (role === 'worker') (await import('./process.ts')).serveProcess(entry, options);
  else if (role === 'reader') (await import('./reader-thread.ts')).serveReader(options.cut);
  else (await import('../watchdog.ts')).runWatchdog();
}
