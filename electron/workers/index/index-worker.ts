/** The entry of the index worker: a child process of Node, or a utility process of Electron. */
import { setTimeout as wait } from 'node:timers';
import type { FromIndexWorker, ToIndexWorker } from '../../adapters/vectors/protocol.ts';
import { createIndexServer } from './server.ts';

/** What Electron gives a utility process; not in Node's own types. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

const parentPort = (process as { parentPort?: ParentPort }).parentPort;

const server = createIndexServer({
  send(message: FromIndexWorker) {
    if (parentPort !== undefined) parentPort.postMessage(message);
    // The parent may go at any moment; `disconnect` ends this process then.
    else if (process.connected) process.send?.(message, undefined, undefined, () => {});
  },
  now: () => Date.now(),
  timer(ms, fn) {
    const timeout = wait(fn, ms).unref();
    return { cancel: () => clearTimeout(timeout) };
  },
  pause: () => new Promise((resolve) => setImmediate(resolve)),
});

function stop(): void {
  try {
    server.stop();
  } finally {
    process.exit(0);
  }
}

function receive(message: ToIndexWorker): void {
  if (message.kind === 'stop') stop();
  else server.receive(message);
}

if (parentPort !== undefined) parentPort.on('message', (event) => receive(event.data as ToIndexWorker));
else {
  process.on('message', (message) => receive(message as ToIndexWorker));
  process.once('disconnect', stop);
}
// The person's Ctrl+C reaches the whole group; the parent decides when this process ends.
process.on('SIGINT', () => {});
