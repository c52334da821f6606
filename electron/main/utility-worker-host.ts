/** Runs worker processes as utility processes of Electron, where a packaged program cannot fork plain Node. */
import type { MessageChannelMain, UtilityProcess, utilityProcess } from 'electron';
import { createEmitter } from '../../shared/emitter.ts';
import {
  type ChildOptions,
  type ChildReport,
  type ChildRequest,
  HANDED_PORT_OPTION,
  isAboutChild,
} from '../adapters/processes/child-messages.ts';
import { coreWatchArguments } from '../adapters/processes/core-watch.ts';
import type { WorkerExit, WorkerHost, WorkerProcess } from '../adapters/processes/worker-host.ts';
import { systemCode } from '../adapters/system-code.ts';
import type { Log } from '../core/ports/log.ts';

export interface UtilityWorkerHostOptions {
  utilityProcess: Pick<typeof utilityProcess, 'fork'>;
  /** Absolute path of the worker's entry. */
  entry: string;
  /** Its name in the system's list of processes. */
  serviceName: string;
  /** Kills a process at once, by its id. */
  killProcess(pid: number): void;
  /** The programs that the worker may have started for it, by the name that it uses. Default: none. */
  children?: Readonly<Record<string, string>> | undefined;
  /** Connects a worker and its child. */
  createChannel?: () => MessageChannelMain;
  log?: Pick<Log, 'error'>;
}

interface UtilityWorker extends WorkerProcess {
  readonly process: UtilityProcess;
}

const MAX_STDERR = 4096;

/** The same interface as the host for plain Node; see electron/adapters/processes. */
export function createUtilityWorkerHost(options: UtilityWorkerHostOptions): WorkerHost {
  const { entry, children } = options;
  return {
    start() {
      const worker = startUtility(options, { entry });
      if (children !== undefined) serveChildren(options, worker);
      return worker;
    },
  };
}

function startUtility(
  { utilityProcess: processes, serviceName, killProcess, log }: UtilityWorkerHostOptions,
  { entry, child: given = null }: { entry: string; child?: ChildOptions | null },
): UtilityWorker {
  const watch = coreWatchArguments({ holdsInput: false });
  const child: UtilityProcess = processes.fork(
    entry,
    given === null ? watch : [...watch, HANDED_PORT_OPTION],
    {
      serviceName,
      ...(given?.env === undefined ? {} : { env: { ...process.env, ...given.env } }),
      ...(given?.nodeFlags === undefined ? {} : { execArgv: [...given.nodeFlags] }),
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
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
    process: child,
    get pid() {
      return child.pid;
    },
    send(message) {
      if (ended === null) child.postMessage(message);
    },
    onMessage: (listener) =>
      void child.on('message', (message) => {
        if (!isAboutChild(message)) listener(message);
      }),
    onExit(listener) {
      if (ended !== null) listener(ended);
      else exits.on(listener);
    },
    kill() {
      if (ended !== null) return;
      // Electron's own kill sends SIGTERM, which a worker that hangs would ignore.
      try {
        if (child.pid === undefined) child.kill();
        else killProcess(child.pid);
      } catch (error) {
        // It has ended, and Electron says so next.
        if (systemCode(error) !== 'ESRCH') throw error;
      }
    },
  };
}

/** Starts and ends the children of a worker as it asks for; they end with it. */
function serveChildren(options: UtilityWorkerHostOptions, worker: UtilityWorker): void {
  const { children = {}, createChannel, log } = options;
  const running = new Map<number, UtilityWorker>();
  const report = (message: ChildReport) => worker.send(message);

  function start(id: number, name: string, given: ChildOptions): void {
    const entry = Object.hasOwn(children, name) ? children[name] : undefined;
    if (entry === undefined || createChannel === undefined) {
      const stderrTail = `There is no program ${name}.`;
      report({ kind: 'child', id, what: 'ended', exit: { code: null, signal: null, stderrTail } });
      return;
    }
    const child = startUtility(options, { entry, child: given });
    running.set(id, child);
    const { port1, port2 } = createChannel();
    child.process.postMessage(null, [port1]);
    worker.process.postMessage({ kind: 'child', id, what: 'connected' } satisfies ChildReport, [port2]);
    child.process.once('spawn', () => {
      if (child.pid !== undefined) report({ kind: 'child', id, what: 'spawned', pid: child.pid });
    });
    child.onExit((exit) => {
      running.delete(id);
      report({ kind: 'child', id, what: 'ended', exit });
    });
  }

  worker.process.on('message', (message: unknown) => {
    if (!isAboutChild(message)) return;
    const request = message as ChildRequest;
    if (request.act === 'kill') {
      running.get(request.id)?.kill();
      return;
    }
    try {
      start(request.id, request.name, request.options);
    } catch (error) {
      log?.error('A process could not be started.', { name: request.name, error: String(error) });
      const exit = { code: null, signal: null, stderrTail: String(error) };
      report({ kind: 'child', id: request.id, what: 'ended', exit });
    }
  });
  worker.onExit(() => {
    for (const child of running.values()) child.kill();
  });
}
