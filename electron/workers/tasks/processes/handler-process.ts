/** One process that runs handlers, as the worker holds it. */
import { fromWireError, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { WorkerExit, WorkerHost } from '../../../adapters/processes/worker-host.ts';
import type { FromWorker, ToWorker } from '../../../adapters/processes/worker-protocol.ts';
import type { Clock } from '../../../core/ports/time.ts';
import {
  type HandlerContract,
  type HandlerJob,
  type HandlerProgress,
  type HandlerResult,
  MEMORY_LIMIT_NOTE,
} from './protocol.ts';

export interface HandlerRun {
  /** Asks the handler to end; it is killed if it does not in time. */
  signal: AbortSignal;
  /** How long it may take to end then, milliseconds; 0 kills it at once. */
  patienceMs(): number;
  /** It is killed after this, milliseconds. */
  timeMs: number;
  onProgress(progress: HandlerProgress): void;
}

export interface HandlerProcess {
  readonly pid: number | undefined;
  /** Whether it has ended, or was killed and ends now. */
  ended(): boolean;
  /** Memory right after its start, and after its last task, bytes; 0 while it is not known. */
  memory(): { atStart: number; now: number };
  /** How many tasks it has had. */
  runs(): number;
  /**
   * One at a time. Rejects with the handler's error, TASK_TIME_LIMIT, TASK_MEMORY_LIMIT or HANDLER_DIED (with the end of
   * its error output in `details.stderr`), or the signal's reason; the work has ended then.
   */
  run(job: HandlerJob, options: HandlerRun): Promise<HandlerResult>;
  kill(): void;
  onEnd(listener: () => void): void;
}

export function startHandlerProcess(
  host: WorkerHost,
  clock: Pick<Clock, 'timer'>,
  onDefect: (cause: string) => void,
): HandlerProcess {
  const child = host.start();
  const send = (message: ToWorker<HandlerContract>) => child.send(message);
  let exit: WorkerExit | null = null;
  let isKilled = false;
  let atStart = 0;
  let now = 0;
  let runs = 0;
  let running: {
    id: number;
    onProgress: HandlerRun['onProgress'];
    settle(result: { value: HandlerResult } | { error: unknown }): void;
  } | null = null;
  let isLate = false;

  child.onMessage((received) => {
    const message = received as FromWorker<HandlerContract>;
    if (message.kind === 'event') {
      atStart = message.event.memoryBytes;
      now = Math.max(now, atStart);
      return;
    }
    if (running === null || message.id !== running.id) return;
    if (message.kind === 'progress') running.onProgress(message.progress);
    else if (message.kind === 'result') {
      const value = message.value as HandlerResult;
      now = value.memoryBytes;
      running.settle({ value });
    } else {
      if (message.cause !== null) onDefect(message.cause);
      const error = fromWireError(message.error, message.said);
      running.settle({ error: message.cause === null ? error : defect(error, message.cause) });
    }
  });
  child.onExit((ended) => {
    exit = ended;
    running?.settle({ error: endError(ended) });
  });
  send({ kind: 'configure', config: null });

  function endError({ code, signal, stderrTail }: WorkerExit): PilotlightError {
    if (isLate) return new PilotlightError('TASK_TIME_LIMIT');
    const isOutOfMemory =
      stderrTail.includes(MEMORY_LIMIT_NOTE) || stderrTail.includes('JavaScript heap out of memory');
    return new PilotlightError(isOutOfMemory ? 'TASK_MEMORY_LIMIT' : 'HANDLER_DIED', {
      details: { code, signal, stderr: stderrTail },
    });
  }

  return {
    pid: child.pid,
    ended: () => isKilled || exit !== null,
    memory: () => ({ atStart, now }),
    runs: () => runs,
    run(job, { signal, patienceMs, timeMs, onProgress }) {
      if (exit !== null) return Promise.reject(endError(exit));
      if (signal.aborted) return Promise.reject(signal.reason);
      runs += 1;
      const id = runs;
      return new Promise((resolve, reject) => {
        let patience: { cancel(): void } | null = null;
        const limit = clock.timer(timeMs, () => {
          isLate = true;
          child.kill();
        });
        function cancel(): void {
          const ms = patienceMs();
          if (ms === 0) child.kill();
          else {
            send({ kind: 'cancel', id });
            patience = clock.timer(ms, child.kill);
          }
        }
        signal.addEventListener('abort', cancel, { once: true });
        running = {
          id,
          onProgress,
          settle(outcome) {
            running = null;
            limit.cancel();
            patience?.cancel();
            signal.removeEventListener('abort', cancel);
            if (signal.aborted) reject(signal.reason);
            else if ('value' in outcome) resolve(outcome.value);
            else reject(outcome.error);
          },
        };
        send({ kind: 'call', id, method: 'handle', params: job });
      });
    },
    kill() {
      isKilled = true;
      child.kill();
    },
    onEnd: (listener) => child.onExit(listener),
  };
}

/** Its stack is for the log of the task. */
const defect = (error: PilotlightError, cause: string) =>
  new PilotlightError(error.code, {
    message: error.message,
    details: { ...error.details, stderr: cause },
    cause: error,
  });
