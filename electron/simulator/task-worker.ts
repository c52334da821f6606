/**
 * The task worker of a simulated machine: the real program, started by the machine's real agent. It ends when the machine
 * sleeps, because a process of this computer cannot be frozen on every system, and starts again when it wakes.
 */
import type { ContentType } from '../../shared/models/tasks.ts';
import type { WorkerHost, WorkerProcess } from '../agent/embedded.ts';

/** Where tasks are, and how the program is started. */
export interface TaskWorkerSource {
  /** null while there is nothing to connect to. */
  connect(): { server: string; token: string } | null;
  host: WorkerHost;
}

/** What is known of it before it has ever run. */
export interface SimulatedTaskWorker {
  id: string;
  name: string;
  type: 'gpu';
  queues: ['gpu-tasks'];
  slots: number;
  contentTypes: ContentType[];
}

export interface TaskWorkerOnMachine {
  readonly about: SimulatedTaskWorker;
  /** For the agent's configuration; null while it has nothing to connect to. */
  config(): Record<string, unknown> | null;
  readonly host: WorkerHost;
  /** The machine sleeps. */
  freeze(): void;
}

export function createTaskWorkerOnMachine(
  source: TaskWorkerSource,
  machine: { id: string; name: string },
): TaskWorkerOnMachine {
  const about: SimulatedTaskWorker = {
    id: `simulated-${machine.id}`,
    name: machine.name,
    type: 'gpu',
    queues: ['gpu-tasks'],
    slots: 1,
    contentTypes: ['document', 'web', 'image', 'audio', 'video', 'youtube', 'mixed'],
  };
  let running: WorkerProcess | null = null;

  return {
    about,
    config() {
      const to = source.connect();
      const { name, type, queues, slots } = about;
      return to && { ...to, name, type, queues, concurrency: slots };
    },
    host: {
      start() {
        const worker = source.host.start();
        running = worker;
        worker.onExit(() => {
          if (running === worker) running = null;
        });
        return {
          ...worker,
          get pid() {
            return worker.pid;
          },
          // The folder of its agent is new each time, and so would be its id.
          send: (message) => worker.send(renamed(message, about.id)),
        };
      },
    },
    freeze: () => running?.kill(),
  };
}

function renamed(message: unknown, id: string): unknown {
  const { kind, config } = message as { kind?: string; config?: object };
  return kind === 'configure' ? { kind, config: { ...config, id, agentId: null } } : message;
}
