/** The life of a worker process: its channel to the core, its watchdog, and its end within 2 s of the core's. */
import { setTimeout as wait } from 'node:timers';
import type { FromWorker, ToWorker, WorkerContract } from '../adapters/processes/worker-protocol.ts';
import { startWatchdog, watchdogOptions } from './watchdog.ts';

/** The port that Electron gives a utility process; Node's own types don't have it. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

export interface WorkerProgram<C extends WorkerContract> {
  receive(message: ToWorker<C>): void;
  /**
   * Ends what runs; resolves when nothing holds up the exit any more, which may be never.
   * @param options.inOrder the core asked for it, and didn't just disappear
   */
  stop(options: { inOrder: boolean }): Promise<void>;
}

export interface WorkerLife<C extends WorkerContract> {
  send(message: FromWorker<C>): void;
  /** Ends the process at once. A clean exit waits for every thread; one in an endless loop would hold it up. */
  kill(): void;
}

/** How long a clean exit may take, milliseconds. */
const EXIT_LIMIT_MS = 500;

/** @param entry what the watchdog's thread runs; see watchdog.ts */
export function serveWorker<C extends WorkerContract>(
  entry: string,
  create: (life: WorkerLife<C>) => WorkerProgram<C>,
): void {
  const parentPort = (process as { parentPort?: ParentPort }).parentPort;
  startWatchdog(entry, watchdogOptions(process.argv));

  function kill(): void {
    process.kill(process.pid, 'SIGKILL');
  }

  const program = create({
    send(message) {
      if (parentPort !== undefined) parentPort.postMessage(message);
      // The core may end at any moment; `disconnect` ends this process then.
      else if (process.connected) process.send?.(message, undefined, undefined, () => {});
    },
    kill,
  });

  function stop(inOrder: boolean): void {
    wait(kill, EXIT_LIMIT_MS);
    try {
      program.stop({ inOrder }).then(() => process.exit(0), kill);
    } catch {
      kill();
    }
  }

  function receive(message: ToWorker<C>): void {
    if (message.kind === 'stop') stop(true);
    else program.receive(message);
  }

  if (parentPort !== undefined) parentPort.on('message', (event) => receive(event.data as ToWorker<C>));
  else {
    process.on('message', (message) => receive(message as ToWorker<C>));
    process.once('disconnect', () => stop(false));
  }
  // The person's Ctrl+C reaches the whole group; the core decides when this process ends.
  process.on('SIGINT', () => {});
}
