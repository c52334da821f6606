/**
 * Calls to a worker process. The first call starts it; the next call restarts one that has ended, or it is restarted at
 * once if it has to keep running. Repeatable calls are sent to the next worker, once; the others reject with
 * WORKER_LOST.
 *
 * A stuck worker may not notice, so the time limits are enforced here.
 */
import { type ErrorCode, fromWireError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import { createPendingCalls, type LostCall, type PendingCall } from './pending-calls.ts';
import { createRestarts } from './restarts.ts';
import { type WorkerExit, type WorkerHost, type WorkerProcess, wasKilled } from './worker-host.ts';
import type {
  FromWorker,
  MethodOf,
  ParamsOf,
  ResultOf,
  ToWorker,
  WorkerContract,
} from './worker-protocol.ts';

export interface MethodPolicy {
  /** How long the worker may take to answer, milliseconds; null for no limit. */
  deadlineMs: number | null;
  /** The error of a late call, after which the worker keeps running. null: the worker is killed and restarted. */
  lateCode: ErrorCode | null;
  /** Whether a call may be repeated after its worker ended: it changes nothing, or nothing more the second time. */
  isRepeatable: boolean;
}

export interface WorkerEnd {
  /** Identifies the worker that ended. */
  run: string;
  /** The call that it was killed for; null if it wasn't killed for one. */
  killedFor: number | null;
  /** It ended on its own: neither this client nor anyone outside killed it. */
  isCrash: boolean;
}

/** The errors for callers of lost calls, by call id; WORKER_LOST for all others. */
export type Verdicts = ReadonlyMap<number, unknown>;

export interface WorkerClientOptions<C extends WorkerContract> {
  /** The worker's name in the log. */
  name: string;
  host: WorkerHost;
  clock: Pick<Clock, 'timer'>;
  log: Log;
  config: C['config'];
  methods: { readonly [M in MethodOf<C>]: MethodPolicy };
  /** How long a call may stay silent after reporting this, milliseconds; null, the default, for no limit. */
  silenceMs?: (progress: C['progress']) => number | null;
  onEvent?: (event: C['event']) => void;
  /** Called with the lost calls when a worker ended. Calls that it makes at once are sent before all repeated ones. */
  onLost?: (lost: readonly LostCall[], end: WorkerEnd) => Promise<Verdicts>;
  /** Called when a worker was started; calls that it makes are its first ones. */
  onStart?: () => void;
  /** Called when a worker that has to keep running could not be started again. */
  onFailedStart?: () => void;
  /** Called when a worker ended without having been asked to stop. */
  onEnd?: () => void;
  /** Restarts a worker that ended without waiting for a call. Default false. */
  keepRunning?: boolean;
  /** How long `stop` waits before it kills the worker, milliseconds. Default 5 s. */
  stopDeadlineMs?: number;
}

export interface CallOptions<C extends WorkerContract> {
  /** Rejects the call with its reason and cancels it in the worker. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: C['progress']) => void) | undefined;
}

export interface WorkerClient<C extends WorkerContract> {
  /** Rejects with the worker's error, WORKER_LOST, STOPPING, the method's late code or the signal's reason. */
  call<M extends MethodOf<C>>(
    method: M,
    params: ParamsOf<C, M>,
    options?: CallOptions<C>,
  ): Promise<ResultOf<C, M>>;
  /** Starts the worker if it isn't running. */
  start(): void;
  /** Refuses further calls, asks the worker to stop, and kills it at the deadline. Idempotent. */
  stop(): Promise<void>;
  /** The process id; null while no worker runs. */
  pid(): number | null;
}

export function createWorkerClient<C extends WorkerContract>(
  options: WorkerClientOptions<C>,
): WorkerClient<C> {
  const { name, clock, log, methods } = options;
  const pending = createPendingCalls({
    clock,
    deadlineMs: (method) => policyOf(method).deadlineMs,
    silenceMs: (progress) => options.silenceMs?.(progress) ?? null,
    onLate,
    onSilent({ id, method }) {
      log.warn('A worker reported no progress in time and will be restarted.', { worker: name, method });
      kill(id);
    },
  });
  let lastId = 0;
  let worker: WorkerProcess | null = null;
  let stopping: Promise<void> | null = null;
  /** Set while the worker is being killed. */
  let killing: Pick<WorkerEnd, 'killedFor'> | null = null;
  const restarts = createRestarts({ clock, start, onFailed: logFailedStart });

  function policyOf(method: string): MethodPolicy {
    return methods[method as MethodOf<C>];
  }

  function send(message: ToWorker<C>): void {
    worker?.send(message);
  }

  function onLate({ id, method, reject }: PendingCall): void {
    const { lateCode } = policyOf(method);
    if (lateCode === null) {
      log.warn('A worker did not answer in time and will be restarted.', { worker: name, method });
      kill(null);
      return;
    }
    pending.take(id);
    send({ kind: 'cancel', id });
    reject(new PilotlightError(lateCode));
  }

  function kill(killedFor: number | null): void {
    if (worker === null) return;
    killing ??= { killedFor };
    worker.kill();
  }

  function start(): void {
    if (worker !== null) return;
    restarts.cancel();
    const started = options.host.start();
    worker = started;
    // Messages sent before it ended may arrive after its calls were rejected.
    started.onMessage((message) => {
      if (worker === started) receive(message as FromWorker<C>);
    });
    started.onExit((exit) => {
      if (worker === started) onExit(started, exit);
    });
    send({ kind: 'configure', config: options.config });
    if (options.keepRunning) restarts.onStarted();
    options.onStart?.();
  }

  function logFailedStart(error: unknown): void {
    log.error('A worker could not be started.', { worker: name, error: String(error) });
    options.onFailedStart?.();
  }

  function onExit({ pid }: WorkerProcess, exit: WorkerExit): void {
    const reason = killing;
    killing = null;
    worker = null;
    restarts.cancel();
    const lost = pending.takeAll();
    if (stopping !== null) {
      for (const { call } of lost) call.reject(new PilotlightError('STOPPING'));
      return;
    }
    if (reason === null) log.warn('A worker ended unexpectedly.', { worker: name, ...exit });
    options.onEnd?.();
    void recover(lost, {
      run: String(pid),
      killedFor: reason?.killedFor ?? null,
      isCrash: reason === null && !wasKilled(exit),
    });
    if (options.keepRunning && worker === null) restarts.startLater();
  }

  async function recover(lost: readonly LostCall[], end: WorkerEnd): Promise<void> {
    // The channel keeps the order: calls made by `onLost` come before every repeated call.
    const judged = options.onLost?.(lost, end);
    const repeated = lost.filter(({ call }) => policyOf(call.method).isRepeatable && call.losses === 0);
    for (const { call } of repeated) post({ ...call, losses: 1 });
    const verdicts = await judged;
    for (const one of lost) {
      if (repeated.includes(one)) continue;
      one.call.reject(verdicts?.get(one.call.id) ?? new PilotlightError('WORKER_LOST'));
    }
  }

  function receive(message: FromWorker<C>): void {
    if (message.kind === 'event') {
      options.onEvent?.(message.event);
      return;
    }
    if (message.kind === 'progress') {
      pending.report(message.id, message.progress);
      return;
    }
    const call = pending.take(message.id);
    if (call === undefined) return;
    if (message.kind === 'result') call.resolve(message.value);
    else {
      if (message.cause !== null) log.error('A worker failed.', { worker: name, cause: message.cause });
      call.reject(fromWireError(message.error, message.said));
    }
  }

  function post(call: PendingCall): void {
    try {
      start();
    } catch (error) {
      logFailedStart(error);
      call.reject(new PilotlightError('WORKER_LOST', { cause: error }));
      return;
    }
    pending.add(call);
    const { id, method, params } = call;
    send({ kind: 'call', id, method, params } as ToWorker<C>);
  }

  function call<M extends MethodOf<C>>(
    method: M,
    params: ParamsOf<C, M>,
    { signal, onProgress }: CallOptions<C> = {},
  ): Promise<ResultOf<C, M>> {
    if (stopping !== null) return Promise.reject(new PilotlightError('STOPPING'));
    if (signal?.aborted) return Promise.reject(signal.reason);
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      function abort(): void {
        if (pending.take(id) !== undefined) send({ kind: 'cancel', id });
        settle(() => reject(signal?.reason));
      }
      function settle(how: () => void): void {
        signal?.removeEventListener('abort', abort);
        how();
      }
      signal?.addEventListener('abort', abort, { once: true });
      post({
        id,
        method,
        params,
        resolve: (value) => settle(() => resolve(value as ResultOf<C, M>)),
        reject: (error) => settle(() => reject(error)),
        onProgress: onProgress ?? null,
        losses: 0,
      });
    });
  }

  function stopWorker(): Promise<void> {
    restarts.cancel();
    const ending = worker;
    if (ending === null) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline = clock.timer(options.stopDeadlineMs ?? 5000, () => ending.kill());
      ending.onExit(() => {
        deadline.cancel();
        resolve();
      });
      send({ kind: 'stop' });
    });
  }

  return {
    call,
    start() {
      if (stopping === null) start();
    },
    stop() {
      stopping ??= stopWorker();
      return stopping;
    },
    pid: () => worker?.pid ?? null,
  };
}
