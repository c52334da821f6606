/** The index worker's own thread: the channel to the core, the server behind it. */
import { setTimeout as wait } from 'node:timers';
import type { FromIndexWorker, ToIndexWorker } from '../../adapters/vectors/protocol.ts';
import type { cutFile } from '../../core/indexing/cut.ts';
import type { Timer } from '../../core/ports/time.ts';
import { startWatchdog, watchdogOptions } from '../watchdog.ts';
import { createReader } from './reader.ts';
import { startReaderThread } from './reader-thread.ts';
import { createIndexServer } from './server.ts';

/** The port that Electron gives a utility process; not in Node's own types. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

/** Overrides for tests. */
export interface IndexWorkerOptions {
  cut?: typeof cutFile;
  /** After how long a file is written down as one that is being read, milliseconds. Default 3 s. */
  attemptAfterMs?: number;
  /** Memory that reading one file may take, MiB. Default 2,048. */
  mostMemoryMb?: number;
}

/** How long a clean exit may take, milliseconds. */
const EXIT_LIMIT_MS = 500;

/** @param entry what the threads run */
export function serveProcess(
  entry: string,
  { attemptAfterMs = 3000, mostMemoryMb = 2048 }: IndexWorkerOptions,
): void {
  const parentPort = (process as { parentPort?: ParentPort }).parentPort;
  startWatchdog(entry, watchdogOptions(process.argv));
  function timer(ms: number, fn: () => void): Timer {
    const timeout = wait(fn, ms).unref();
    return { cancel: () => clearTimeout(timeout) };
  }
  const server = createIndexServer({
    send(message: FromIndexWorker) {
      if (parentPort !== undefined) parentPort.postMessage(message);
      // The parent may go at any moment; `disconnect` ends this process then.
      else if (process.connected) process.send?.(message, undefined, undefined, () => {});
    },
    now: () => Date.now(),
    timer,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    reader: createReader({ startThread: () => startReaderThread(entry, mostMemoryMb), timer, onStuck: kill }),
    run: String(process.pid),
    attemptAfterMs,
  });

  /** A clean exit waits for every thread; one in an endless loop would hold it up indefinitely. */
  function kill(): void {
    process.kill(process.pid, 'SIGKILL');
  }

  function stop(inOrder: boolean): void {
    wait(kill, EXIT_LIMIT_MS);
    try {
      server.stop({ inOrder }).then(() => process.exit(0), kill);
    } catch {
      kill();
    }
  }

  function receive(message: ToIndexWorker): void {
    if (message.kind === 'stop') stop(true);
    else server.receive(message);
  }

  if (parentPort !== undefined) parentPort.on('message', (event) => receive(event.data as ToIndexWorker));
  else {
    process.on('message', (message) => receive(message as ToIndexWorker));
    process.once('disconnect', () => stop(false));
  }
  // The person's Ctrl+C reaches the whole group; the parent decides when this process ends.
  process.on('SIGINT', () => {});
}
