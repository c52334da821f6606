/**
 * The worker of this computer: a process that takes tasks of the CPU queue over the core's own port, with a key that exists
 * only in memory. It is started again when it ends, and whenever its settings change.
 */

import type { Settings } from '../../shared/models/settings.ts';
import { createRestarts } from '../adapters/processes/restarts.ts';
import { createForkWorkerHost, type WorkerProcess } from '../adapters/processes/worker-host.ts';
import type { FromWorker, ToWorker } from '../adapters/processes/worker-protocol.ts';
import type { TaskWorkerContract, TaskWorkerStatus } from '../adapters/tasks/worker-protocol.ts';
import type { Log } from '../core/ports/log.ts';
import type { Clock } from '../core/ports/time.ts';
import type { CreateWorkerHost } from './ports.ts';
import { taskWorkerEntry, version } from './program.ts';

export interface OwnTaskWorker {
  /** Once the core's port is open. */
  start(): void;
  /** Gives back what it has. */
  stop(): Promise<void>;
  /** null while none runs. */
  pid(): number | null;
  status(): TaskWorkerStatus | null;
}

export interface OwnTaskWorkerOptions {
  /** Address of the core, without a slash at the end. */
  url(): string;
  token: string;
  name: string;
  settings: {
    current(): Settings;
    onChange(listener: (settings: Settings, previous: Settings) => void): () => void;
  };
  createWorkerHost: CreateWorkerHost | undefined;
  clock: Pick<Clock, 'timer'>;
  log: Log;
  /** Default: the worker's own. */
  entry?: string | undefined;
}

/** How long tasks may take to end when the settings change; when the core stops, they are given back at once. */
const CHANGE_MS = 30_000;
const STOP_MS = 3000;

export function createOwnTaskWorker(options: OwnTaskWorkerOptions): OwnTaskWorker {
  const { token, settings, clock, log, entry = taskWorkerEntry } = options;
  const { createWorkerHost = createForkWorkerHost } = options;
  const host = createWorkerHost({ entry, name: 'tasks', log });
  const restarts = createRestarts({ clock, start: begin, onFailed: logFailedStart });
  let running: WorkerProcess | null = null;
  let status: TaskWorkerStatus | null = null;
  let isStopped = true;
  let stopListening = () => {};
  /** Ends and starts run one after the other. */
  let changing: Promise<void> = Promise.resolve();

  function logFailedStart(error: unknown): void {
    log.error('The worker of this computer could not be started.', { error: String(error) });
  }

  function begin(): void {
    const { embeddedWorker, embeddedSlots, memoryLimitMb } = settings.current().tasks;
    if (isStopped || running !== null || !embeddedWorker) return;
    const worker = host.start();
    running = worker;
    restarts.onStarted();
    worker.onMessage((received) => {
      const message = received as FromWorker<TaskWorkerContract>;
      if (running === worker && message.kind === 'event') status = message.event.status;
    });
    worker.onExit((exit) => {
      if (running !== worker) return;
      running = null;
      status = null;
      restarts.cancel();
      if (isStopped) return;
      log.warn('The worker of this computer ended unexpectedly.', { ...exit });
      restarts.startLater();
    });
    send(worker, {
      kind: 'configure',
      config: {
        server: options.url().replace(/\/+$/, ''),
        token,
        id: 'this-computer',
        name: options.name,
        type: 'cpu',
        queues: ['celery'],
        slots: embeddedSlots,
        version,
        agentId: null,
        // Its tasks name the files where they are.
        sharedFolder: null,
        memoryLimitMb,
      },
    });
  }

  const send = (worker: WorkerProcess, message: ToWorker<TaskWorkerContract>) => worker.send(message);

  /** @param withinMs how long its tasks may take to end */
  function end(withinMs: number): Promise<void> {
    restarts.cancel();
    const worker = running;
    if (worker === null) return Promise.resolve();
    running = null;
    status = null;
    return new Promise((resolve) => {
      const late = clock.timer(withinMs + STOP_MS, worker.kill);
      worker.onExit(() => {
        late.cancel();
        resolve();
      });
      worker.onMessage((received) => {
        const { kind } = received as FromWorker<TaskWorkerContract>;
        if (kind === 'result' || kind === 'error') send(worker, { kind: 'stop' });
      });
      send(worker, { kind: 'call', id: 1, method: 'drain', params: { withinMs } });
    });
  }

  function change(): void {
    changing = changing.then(() => end(CHANGE_MS)).then(begin, logFailedStart);
  }

  return {
    start() {
      isStopped = false;
      stopListening = settings.onChange(({ tasks: now }, { tasks: before }) => {
        const isOther =
          now.embeddedWorker !== before.embeddedWorker || now.embeddedSlots !== before.embeddedSlots;
        if (isOther) change();
      });
      try {
        begin();
      } catch (error) {
        logFailedStart(error);
        restarts.startLater();
      }
    },
    async stop() {
      isStopped = true;
      stopListening();
      await Promise.all([end(0), changing]);
    },
    pid: () => running?.pid ?? null,
    status: () => status,
  };
}
