/** How a worker reaches whoever uses it: Node's channel to its parent, Electron's port, or a port that was handed over. */
import { HANDED_PORT_OPTION, isAboutChild } from '../adapters/processes/child-messages.ts';
import { type HandedPort, type ParentPort, parentPort } from '../adapters/processes/parent-port.ts';

export interface WorkerChannel {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The other end has gone; never called where only the watchdog can notice that. */
  onClose(listener: () => void): void;
}

export function openChannel(argv: readonly string[] = process.argv): WorkerChannel {
  const parent = parentPort();
  if (parent === undefined) return nodeChannel();
  return argv.includes(HANDED_PORT_OPTION) ? handedChannel(parent) : parentChannel(parent);
}

function nodeChannel(): WorkerChannel {
  return {
    send(message) {
      // The other end may go at any moment; `disconnect` then ends this process.
      if (process.connected) process.send?.(message, undefined, undefined, () => {});
    },
    onMessage: (listener) => void process.on('message', listener),
    onClose: (listener) => void process.once('disconnect', listener),
  };
}

function parentChannel(parent: ParentPort): WorkerChannel {
  return {
    send: (message) => parent.postMessage(message),
    onMessage: (listener) =>
      parent.on('message', ({ data }) => {
        if (!isAboutChild(data)) listener(data);
      }),
    onClose() {},
  };
}

/** A worker answers, so it has nothing to send before the port is there. */
function handedChannel(parent: ParentPort): WorkerChannel {
  const port = Promise.withResolvers<HandedPort>();
  let opened: HandedPort | null = null;
  parent.on('message', ({ ports = [] }) => {
    const [handed] = ports;
    if (handed === undefined || opened !== null) return;
    opened = handed;
    port.resolve(handed);
  });
  return {
    send: (message) => opened?.postMessage(message),
    onMessage: (listener) =>
      void port.promise.then((handed) => {
        handed.on('message', ({ data }) => listener(data));
        handed.start();
      }),
    onClose: (listener) => void port.promise.then((handed) => handed.on('close', listener)),
  };
}
