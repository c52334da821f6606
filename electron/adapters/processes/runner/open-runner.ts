/** Starts this computer's runner, or finds the one that runs already. */

import { fromWireError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { createEmitter } from '../../../../shared/emitter.ts';
import type { Log } from '../../../core/ports/log.ts';
import {
  createForkWorkerHost,
  type WorkerExit,
  type WorkerHost,
  type WorkerProcess,
} from '../worker-host.ts';
import type { FromWorker } from '../worker-protocol.ts';
import type { HeldPort } from './hold-port.ts';
import { findInstance, type RunnerEndpoint } from './instance.ts';
import { lendModels } from './lend-models.ts';
import type { RunnerConfig, RunnerContract } from './protocol.ts';
import { openSharedFolder } from './shared-folder.ts';
import { watchRunner } from './watch-runner.ts';

export interface OpenRunnerOptions {
  dataFolder: string;
  /** Absolute path of the runner's program. */
  entry: string;
  version: string;
  log: Log;
  signal: AbortSignal;
  /** The port at which the next one is to listen is kept until it does. */
  held?: Pick<HeldPort, 'makeRoom'> | null;
  config?: Partial<Omit<RunnerConfig, 'dataFolder' | 'version'>>;
  /** Default: child processes of Node. */
  createWorkerHost?: (options: {
    entry: string;
    log: Log;
    nodeFlags: readonly string[];
    env: Record<string, string>;
  }) => WorkerHost;
}

export interface OpenedRunner {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** For `Authorization: Bearer`; paths that change something need it. */
  readonly token: string;
  readonly pid: number;
  /** It was started here, and ends with this process. */
  readonly owned: boolean;
  /** The data folder whose runner it is, if that is another one. */
  readonly sharedFrom: string | null;
  /** Called once, when it has ended; at once if it has already. */
  onExit(listener: (exit: WorkerExit) => void): void;
  /** Ends it if it is owned; resolves when it has ended. */
  stop(): Promise<void>;
}

const usualConfig: Omit<RunnerConfig, 'dataFolder' | 'sharedFolder' | 'version'> = {
  host: '127.0.0.1',
  port: 0,
  token: null,
  idleMs: 300_000,
  threads: null,
  provider: 'auto',
  modelsFolder: null,
  catalogueUrl: null,
  immichCache: null,
};

/**
 * What a request leaves behind is garbage at once, and collected before it has grown by more than a seventh: left to itself
 * the heap grows by half and more under steady load.
 */
const nodeFlags: readonly string[] = ['--max-semi-space-size=8', '--heap-growing-percent=15'];
/** A busy machine takes this long to start a program; one that cannot start says so at once. */
const START_MS = 60_000;
const STOP_MS = 3000;

/** Rejects with RUNNER_STARTING if it does not come up, with the system's reasons, or with the signal's. */
export async function openRunner(options: OpenRunnerOptions): Promise<OpenedRunner> {
  const { dataFolder, signal, log } = options;
  signal.throwIfAborted();
  const sharedFolder = sharedFolderOf(options);
  const running = await findInstance({ dataFolder, sharedFolder }, signal);
  if (running !== null) {
    await lendModels({ dataFolder, to: running, log, signal });
    return found(running, dataFolder);
  }
  const started = await start(options, sharedFolder);
  return started ?? openRunner(options);
}

function sharedFolderOf({ config, log }: OpenRunnerOptions): string | null {
  if (config?.sharedFolder !== undefined) return config.sharedFolder;
  const folder = openSharedFolder();
  if (folder === null) log.debug('There is no folder to share a runner by.');
  return folder;
}

const urlOf = ({ port }: RunnerEndpoint) => `http://127.0.0.1:${port}`;

/** The runner of another program. */
function found(endpoint: RunnerEndpoint, dataFolder: string): OpenedRunner {
  const exits = createEmitter<[WorkerExit]>({ name: 'runner' });
  let ended: WorkerExit | null = null;
  let watch: { stop(): void } | null = null;
  return {
    url: urlOf(endpoint),
    token: endpoint.token,
    pid: endpoint.pid,
    owned: false,
    sharedFrom: endpoint.dataFolder === dataFolder ? null : endpoint.dataFolder,
    onExit(listener) {
      if (ended !== null) return listener(ended);
      exits.on(listener);
      watch ??= watchRunner({
        endpoint,
        onGone() {
          ended = { code: null, signal: null, stderrTail: '' };
          exits.emit(ended);
        },
      });
    },
    stop: async () => watch?.stop(),
  };
}

/** null if another one was faster. */
function start(options: OpenRunnerOptions, sharedFolder: string | null): Promise<OpenedRunner | null> {
  const { dataFolder, version, entry, log, signal, createWorkerHost = createForkWorkerHost } = options;
  const worker = createWorkerHost({ entry, log, nodeFlags, env: { ...oneHeap } }).start();
  const config: RunnerConfig = { ...usualConfig, ...options.config, dataFolder, sharedFolder, version };
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => fail(new PilotlightError('RUNNER_STARTING')), START_MS);
    const abort = () => fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });

    function settle(): void {
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
    }
    function fail(error: unknown): void {
      settle();
      worker.kill();
      reject(error);
    }
    worker.onExit(({ stderrTail }) => {
      settle();
      reject(new PilotlightError('RUNNER_STARTING', { details: { stderr: stderrTail } }));
    });
    worker.onMessage((received) => {
      const message = received as FromWorker<RunnerContract>;
      if (message.kind !== 'event') return;
      const { event } = message;
      if (event.kind === 'opening') return options.held?.makeRoom();
      if (event.kind === 'failed') return fail(fromWireError(event.error));
      settle();
      resolve(event.kind === 'taken' ? null : owned(worker, event.endpoint));
    });
    worker.send({ kind: 'configure', config });
  });
}

function owned(worker: WorkerProcess, endpoint: RunnerEndpoint): OpenedRunner {
  let stopping: Promise<void> | null = null;
  // Its host reports that it ended, but not that it hangs.
  const watch = watchRunner({ endpoint, onGone: () => worker.kill() });
  worker.onExit(watch.stop);
  return {
    url: urlOf(endpoint),
    token: endpoint.token,
    pid: endpoint.pid,
    owned: true,
    sharedFrom: null,
    onExit: worker.onExit,
    stop() {
      watch.stop();
      stopping ??= new Promise((resolve) => {
        const late = setTimeout(() => worker.kill(), STOP_MS);
        worker.onExit(() => {
          clearTimeout(late);
          resolve();
        });
        worker.send({ kind: 'stop' });
      });
      return stopping;
    },
  };
}
