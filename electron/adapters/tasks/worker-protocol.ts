/** The messages between a task worker and the program that started it: the core, an agent, or its own command line. */
import type { TaskQueueName, WorkerType } from '../../../shared/models/tasks.ts';

export interface TaskWorkerConfig {
  /** Address of Pilotlight, without a slash at the end. */
  server: string;
  /** Key with the right `tasks`. */
  token: string;
  /** Stays the same across restarts. */
  id: string;
  name: string;
  /** null: `gpu` if this computer has one. */
  type: WorkerType | null;
  /** null: those of its type. */
  queues: TaskQueueName[] | null;
  slots: number;
  version: string;
  /** Of the agent that started it; null for none. */
  agentId: string | null;
  /** Absolute path; null for none. */
  sharedFolder: string | null;
  /** It checks itself, and takes only the task that is meant for it. */
  checkOnly?: boolean;
  /** Memory of one handler unless the server says otherwise, MiB. */
  memoryLimitMb: number;
}

/** Why it gets no tasks. */
export interface TaskWorkerTrouble {
  code: string;
  message: string;
  next: string;
}

export interface TaskWorkerStatus {
  /** `refused`: the server does not let it work; see `trouble`. `unreachable`: it does not answer. */
  state: 'connecting' | 'online' | 'draining' | 'unreachable' | 'refused';
  /** Tasks that it has. */
  active: number;
  trouble: TaskWorkerTrouble | null;
}

/** Config of `configure`, and the calls, of `WorkerContract`. */
export interface TaskWorkerContract {
  config: TaskWorkerConfig;
  calls: {
    /** Takes nothing more; resolves when it has no task left, or after this time: what is left is given back then. */
    drain: { params: { withinMs: number }; result: null };
  };
  progress: never;
  /** Whenever it changes. */
  event: { kind: 'status'; status: TaskWorkerStatus };
}
