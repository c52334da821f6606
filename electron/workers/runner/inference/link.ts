/** One inference process: its calls, and their end with it. */
import { fromWireError } from '../../../../shared/contract/errors.ts';
import { type WorkerHost, wasKilled } from '../../../adapters/processes/worker-host.ts';
import type {
  FromWorker,
  MethodOf,
  ParamsOf,
  ResultOf,
  ToWorker,
} from '../../../adapters/processes/worker-protocol.ts';
import type { Timer } from '../../../core/ports/time.ts';
import type { InferenceContract } from './protocol.ts';

type Method = MethodOf<InferenceContract>;

/** `hung`: killed, because a call took too long. `outside`: killed by a person or the system. `closed`: killed by us. */
export type EndReason = 'crashed' | 'hung' | 'outside' | 'closed';

/** The process ended before it answered. */
export class ProcessEnded extends Error {
  readonly reason: EndReason;
  readonly stderr: string;

  constructor(reason: EndReason, stderr: string) {
    super(`The inference process ended (${reason}).`);
    this.reason = reason;
    this.stderr = stderr;
  }
}

export interface CallOptions {
  deadlineMs?: number | undefined;
  /** Asks the process to give the call up; it is answered all the same. */
  signal?: AbortSignal | undefined;
}

export interface InferenceLink {
  readonly pid: number | undefined;
  /**
   * Rejects with the process's error, or ProcessEnded. After the deadline the process is killed. It does one thing after
   * the other, so the deadline of a call begins when those before it are answered. It begins again when the process
   * reports that it is getting on with the call.
   */
  call<M extends Method>(
    method: M,
    params: ParamsOf<InferenceContract, M>,
    options?: CallOptions,
  ): Promise<ResultOf<InferenceContract, M>>;
  /** Resolves when it has ended, whatever the reason. */
  readonly ended: Promise<ProcessEnded>;
  kill(): void;
}

export interface LinkOptions {
  host: WorkerHost;
  timer(ms: number, fn: () => void): Timer;
  config: InferenceContract['config'];
  onDefect(cause: string): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  deadlineMs: number | undefined;
  timer: Timer | null;
}

export function startInference({ host, timer, config, onDefect }: LinkOptions): InferenceLink {
  const child = host.start();
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let killedAs: EndReason | null = null;
  let end: ProcessEnded | null = null;

  function kill(reason: EndReason): void {
    killedAs ??= reason;
    child.kill();
  }

  function take(id: number): Pending | undefined {
    const found = pending.get(id);
    pending.delete(id);
    found?.timer?.cancel();
    watchOldest();
    return found;
  }

  function renew(id: number): void {
    const found = pending.get(id);
    if (found?.timer == null) return;
    found.timer.cancel();
    found.timer = null;
    watchOldest();
  }

  function watchOldest(): void {
    if (end !== null) return;
    for (const one of pending.values()) {
      if (one.deadlineMs === undefined) continue;
      one.timer ??= timer(one.deadlineMs, () => kill('hung'));
      return;
    }
  }

  const send = (message: ToWorker<InferenceContract>) => child.send(message);

  child.onMessage((received) => {
    const message = received as FromWorker<InferenceContract>;
    if (message.kind === 'progress') renew(message.id);
    else if (message.kind === 'result') take(message.id)?.resolve(message.value);
    else if (message.kind === 'error') {
      if (message.cause !== null) onDefect(message.cause);
      take(message.id)?.reject(fromWireError(message.error, message.said));
    }
  });

  const ended = new Promise<ProcessEnded>((resolve) => {
    child.onExit((exit) => {
      end = new ProcessEnded(killedAs ?? (wasKilled(exit) ? 'outside' : 'crashed'), exit.stderrTail);
      for (const id of [...pending.keys()]) take(id)?.reject(end);
      resolve(end);
    });
  });
  send({ kind: 'configure', config });

  return {
    get pid() {
      return child.pid;
    },
    ended,
    kill: () => kill('closed'),
    call(method, params, { deadlineMs, signal } = {}) {
      if (end !== null) return Promise.reject(end);
      lastId += 1;
      const id = lastId;
      const cancel = () => {
        if (end === null) send({ kind: 'cancel', id });
      };
      signal?.addEventListener('abort', cancel, { once: true });
      return new Promise<never>((resolve, reject) => {
        pending.set(id, { resolve: resolve as (value: unknown) => void, reject, deadlineMs, timer: null });
        watchOldest();
        send({ kind: 'call', id, method, params } as ToWorker<InferenceContract>);
      }).finally(() => signal?.removeEventListener('abort', cancel));
    },
  };
}
