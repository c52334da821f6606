/** The messages between a core and its worker processes. All of them survive a structured clone. */
import type { WireError } from '../../../shared/contract/errors.ts';
import type { AnyMessage } from '../../../shared/text/index.ts';

/** The messages of one kind of worker. */
export interface WorkerContract {
  /** Sent once, before anything else. */
  config: unknown;
  calls: Record<string, { params: unknown; result: unknown }>;
  /** Reported by a call while it runs. */
  progress: unknown;
  /** Sent by the worker on its own. */
  event: unknown;
}

export type MethodOf<C extends WorkerContract> = keyof C['calls'] & string;
export type ParamsOf<C extends WorkerContract, M extends MethodOf<C>> = C['calls'][M]['params'];
export type ResultOf<C extends WorkerContract, M extends MethodOf<C>> = C['calls'][M]['result'];

export type CallMessage<C extends WorkerContract = WorkerContract> = {
  [M in MethodOf<C>]: { kind: 'call'; id: number; method: M; params: ParamsOf<C, M> };
}[MethodOf<C>];

export type ToWorker<C extends WorkerContract = WorkerContract> =
  | { kind: 'configure'; config: C['config'] }
  | CallMessage<C>
  | { kind: 'cancel'; id: number }
  | { kind: 'stop' };

export type FromWorker<C extends WorkerContract = WorkerContract> =
  | { kind: 'result'; id: number; value: unknown }
  /** `said` is the error's message as a fact, if it is one; `cause` the stack of an error without a code, for the log. */
  | { kind: 'error'; id: number; error: WireError; said: AnyMessage | null; cause: string | null }
  | { kind: 'progress'; id: number; progress: C['progress'] }
  | { kind: 'event'; event: C['event'] };
