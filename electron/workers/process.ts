/** The life cycle of a worker process: its channel to the core, its watchdog, and its end within 2 s of the core's. */
import { setTimeout as wait } from 'node:timers';
import { endThisProcess, leadsGroup } from '../adapters/processes/process-group.ts';
import type { FromWorker, ToWorker, WorkerContract } from '../adapters/processes/worker-protocol.ts';
import { openChannel } from './channel.ts';
import { startWatchdog, watchdogOptions } from './watchdog.ts';

export interface WorkerProgram<C extends WorkerContract> {
  receive(message: ToWorker<C>): void;
  /**
   * Stops all work; resolves when nothing delays the exit any more, which may be never.
   * @param options.inOrder the core asked for it, rather than disappearing
   */
  stop(options: { inOrder: boolean }): Promise<void>;
}

export interface WorkerLife<C extends WorkerContract> {
  send(message: FromWorker<C>): void;
  /** Ends the process at once. A clean exit waits for every thread, and one in an endless loop would delay it. */
  kill(): void;
}

/** How long a clean exit may take, milliseconds. */
const EXIT_LIMIT_MS = 500;

/** @param entry program of the watchdog thread; see watchdog.ts */
export function serveWorker<C extends WorkerContract>(
  entry: string,
  create: (life: WorkerLife<C>) => WorkerProgram<C>,
): void {
  const channel = openChannel();
  startWatchdog(entry, watchdogOptions(process.argv));

  const kill = () => endThisProcess();

  const program = create({
    send: channel.send,
    kill,
  });

  function stop(inOrder: boolean): void {
    wait(kill, EXIT_LIMIT_MS);
    try {
      // A group is ended as a whole.
      program.stop({ inOrder }).then(() => (leadsGroup() ? kill() : process.exit(0)), kill);
    } catch {
      kill();
    }
  }

  function receive(message: ToWorker<C>): void {
    if (message.kind === 'stop') stop(true);
    else program.receive(message);
  }

  channel.onMessage((message) => receive(message as ToWorker<C>));
  channel.onClose(() => stop(false));
  // Ctrl+C reaches the whole process group; the core decides when this process ends.
  process.on('SIGINT', () => {});
}
