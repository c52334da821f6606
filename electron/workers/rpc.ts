/** Answers the calls of a worker's core: one handler per method, abort by call, progress, events. */
import { isPilotlightError, PilotlightError, toWireError } from '../../shared/contract/errors.ts';
import type {
  CallMessage,
  FromWorker,
  MethodOf,
  ParamsOf,
  ResultOf,
  ToWorker,
  WorkerContract,
} from '../adapters/processes/worker-protocol.ts';

export interface CallContext<C extends WorkerContract> {
  id: number;
  /** Aborted when the core cancels the call or the worker stops. */
  signal: AbortSignal;
  report(progress: C['progress']): void;
}

export type Handlers<C extends WorkerContract> = {
  [M in MethodOf<C>]: (
    params: ParamsOf<C, M>,
    context: CallContext<C>,
  ) => ResultOf<C, M> | Promise<ResultOf<C, M>>;
};

export interface RpcServerOptions<C extends WorkerContract> {
  send(message: FromWorker<C>): void;
  configure(config: C['config']): void;
  handlers: Handlers<C>;
  /** Turns a handler's error into one with a code; passes unknown errors on. */
  toCodedError?(error: unknown): unknown;
}

export interface RpcServer<C extends WorkerContract> {
  receive(message: ToWorker<C>): void;
  /** Aborts the matching calls; resolves when they have ended. */
  abortCalls(isMeant: (call: CallMessage<C>) => boolean): Promise<void>;
}

export function createRpcServer<C extends WorkerContract>(options: RpcServerOptions<C>): RpcServer<C> {
  const { send, handlers, toCodedError = (error) => error } = options;
  const running = new Map<
    number,
    { message: CallMessage<C>; controller: AbortController; ended: Promise<void> }
  >();

  async function answer(message: CallMessage<C>, signal: AbortSignal): Promise<void> {
    const { id, method, params } = message;
    const report = (progress: C['progress']) => send({ kind: 'progress', id, progress });
    try {
      const value = await handlers[method](params, { id, signal, report });
      send({ kind: 'result', id, value });
    } catch (error) {
      const coded = signal.aborted ? new PilotlightError('CANCELLED') : toCodedError(error);
      const said = isPilotlightError(coded) ? coded.said : null;
      send({ kind: 'error', id, error: toWireError(coded), said, cause: causeOf(coded) });
    }
  }

  return {
    receive(message) {
      if (message.kind === 'configure') options.configure(message.config);
      else if (message.kind === 'cancel') running.get(message.id)?.controller.abort();
      else if (message.kind === 'call') {
        const controller = new AbortController();
        const ended = answer(message, controller.signal).finally(() => running.delete(message.id));
        running.set(message.id, { message, controller, ended });
      }
    },
    async abortCalls(isMeant) {
      const meant = [...running.values()].filter(({ message }) => isMeant(message));
      for (const { controller } of meant) controller.abort();
      await Promise.all(meant.map(({ ended }) => ended));
    },
  };
}

/** An error without a code is a defect: its stack is sent to the core's log. */
function causeOf(error: unknown): string | null {
  if (isPilotlightError(error)) return null;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
