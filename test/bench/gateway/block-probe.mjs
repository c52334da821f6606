// Loaded into the gateway's process: notes the longest block of its event loop, and writes it into a file when asked.
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const file = process.env.PILOTLIGHT_BENCH_BLOCKS;
if (isMainThread && file !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  // SIGUSR2 asks for the longest block since the last time, milliseconds.
  process.on('SIGUSR2', () => {
    writeFileSync(`${file}.new`, String(delays.max / 1e6));
    renameSync(`${file}.new`, file);
    delays.reset();
  });
}
