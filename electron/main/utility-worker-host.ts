/** Runs worker processes as utility processes of Electron, where a packaged program cannot fork plain Node. */
import type { UtilityProcess, utilityProcess } from 'electron';
import { createEmitter } from '../../shared/emitter.ts';
import { coreWatchArguments } from '../adapters/processes/core-watch.ts';
import type { WorkerExit, WorkerHost } from '../adapters/processes/worker-host.ts';
import type { Log } from '../core/ports/log.ts';

export interface UtilityWorkerHostOptions {
  utilityProcess: Pick<typeof utilityProcess, 'fork'>;
  /** Absolute path of the worker's entry. */
  entry: string;
  /** Its name in the system's list of processes. */
  serviceName: string;
  /** Kills a process at once, by its id. */
  killProcess(pid: number): void;
  log?: Pick<Log, 'error'>;
}

const MAX_STDERR = 4096;

/** The same interface as the host for plain Node; see electron/adapters/processes. */
export function createUtilityWorkerHost(options: UtilityWorkerHostOptions): WorkerHost {
  const { utilityProcess: processes, entry, serviceName, killProcess, log } = options;
  return {
    start() {
      const child: UtilityProcess = processes.fork(entry, coreWatchArguments({ holdsInput: false }), {
        serviceName,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderrTail = '';
      const hear = (text: string) => {
        stderrTail = (stderrTail + text).slice(-MAX_STDERR);
      };
      child.stderr?.on('data', (chunk: Buffer) => hear(chunk.toString('utf8')));
      child.on('error', (type, location) => hear(`${type} at ${location}`));

      const exits = createEmitter<[WorkerExit]>({ name: 'worker', log });
      let ended: WorkerExit | null = null;
      child.once('exit', (code) => {
        ended = { code, signal: null, stderrTail };
        exits.emit(ended);
      });

      return {
        get pid() {
          return child.pid;
        },
        send(message) {
          if (ended === null) child.postMessage(message);
        },
        onMessage: (listener) => void child.on('message', listener),
        onExit(listener) {
          if (ended !== null) listener(ended);
          else exits.on(listener);
        },
        kill() {
          if (ended !== null) return;
          // Electron's own kill sends SIGTERM, which a worker that hangs would ignore.
          if (child.pid === undefined) child.kill();
          else killProcess(child.pid);
        },
      };
    },
  };
}
