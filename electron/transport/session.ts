import { isPilotlightError, PilotlightError, toWireError } from '../../shared/contract/errors.ts';
import { type ClientMessage, clientMessageSchema, type ServerMessage } from '../../shared/contract/link.ts';
import type { Scope } from '../../shared/contract/methods.ts';
import { type Frame, isStreamName, rightOfStream } from '../../shared/contract/streams.ts';
import type { Log } from '../core/ports/log.ts';
import type { Streams } from '../core/runtime/streams.ts';
import type { TopicSubscription } from '../core/runtime/topic.ts';
import { createDispatcher, type Dispatcher, type DispatcherOptions, parseRequest } from './dispatcher.ts';

interface SessionBase {
  streams: Streams;
  /** What the other end may do; fixed when the link was created. */
  scopes: ReadonlySet<Scope>;
  /** The credential of the other end. Default: none. */
  credentialId?: string | null;
  /**
   * Puts a message on the link. Returns false if the link's buffer is full: the stream of that frame then waits for
   * `drained` and continues with the newest values. Must not throw.
   */
  send(message: ServerMessage): boolean;
  log: Log;
  /** Calls in progress at the same time; more are answered with SERVER_BUSY. Default 64. */
  maxCalls?: number;
  /** Open subscriptions; more are answered with SERVER_BUSY. Default 64. */
  maxSubscriptions?: number;
}

export type SessionOptions = SessionBase & ({ dispatcher: Dispatcher } | DispatcherOptions);

/** The server's side of one link: calls, cancels and subscriptions of one sender. */
export interface Session {
  /** Handles one raw message. A malformed one is answered with an error and changes nothing. */
  receive(message: unknown): void;
  /** The link's buffer has room again. */
  drained(): void;
  /** Ends each subscription and notifies the other end. */
  endStreams(): void;
  /** The link is lost: aborts its calls and ends its subscriptions. Nothing more is sent. */
  close(): void;
  readonly calls: number;
  readonly subscriptions: number;
}

export function createSession(options: SessionOptions): Session {
  const { streams, scopes, credentialId = null, log, maxCalls = 64, maxSubscriptions = 64 } = options;
  const dispatcher = 'dispatcher' in options ? options.dispatcher : createDispatcher(options);
  const calls = new Map<number, AbortController>();
  const subscriptions = new Map<number, TopicSubscription>();
  let closed = false;
  let ended = false;

  function send(message: ServerMessage): boolean {
    return closed ? true : options.send(message);
  }

  function fail(id: number, error: unknown): void {
    send({ type: 'error', id, error: describe(error, log) });
  }

  function call({ id, method, params }: Extract<ClientMessage, { type: 'call' }>): void {
    if (calls.size >= maxCalls) throw tooMany('calls', maxCalls);
    const controller = new AbortController();
    calls.set(id, controller);
    void dispatcher
      .call({ method, params, scopes, credentialId, signal: controller.signal })
      .then(
        (result) => void send({ type: 'result', id, result }),
        (error: unknown) => fail(id, error),
      )
      .finally(() => calls.delete(id));
  }

  function subscribe({ id, stream, cursor }: Extract<ClientMessage, { type: 'subscribe' }>): void {
    if (ended) throw new PilotlightError('STOPPING');
    if (!isStreamName(stream)) throw new PilotlightError('UNKNOWN_STREAM', { details: { stream } });
    const right = rightOfStream(stream);
    if (!scopes.has(right)) throw new PilotlightError('FORBIDDEN', { details: { stream, scope: right } });
    if (subscriptions.size >= maxSubscriptions) throw tooMany('subscriptions', maxSubscriptions);
    const deliver = (frame: Frame) => send({ type: 'frame', id, frame });
    subscriptions.set(id, streams[stream].subscribe(cursor, deliver));
  }

  function cancel(id: number): void {
    calls.get(id)?.abort(new PilotlightError('CANCELLED'));
    const subscription = subscriptions.get(id);
    subscriptions.delete(id);
    subscription?.end();
  }

  function endSubscriptions(): number[] {
    const ids = [...subscriptions.keys()];
    for (const subscription of subscriptions.values()) subscription.end();
    subscriptions.clear();
    return ids;
  }

  return {
    receive(raw) {
      if (closed) return;
      try {
        const message = parseRequest(clientMessageSchema, raw);
        if (message.type === 'cancel') {
          cancel(message.id);
          return;
        }
        if (calls.has(message.id) || subscriptions.has(message.id)) throw idInUse(message.id);
        if (message.type === 'call') call(message);
        else subscribe(message);
      } catch (error) {
        fail(idOf(raw), error);
      }
    },
    drained() {
      for (const subscription of [...subscriptions.values()]) subscription.resume();
    },
    endStreams() {
      ended = true;
      for (const id of endSubscriptions()) send({ type: 'end', id });
    },
    close() {
      if (closed) return;
      closed = true;
      endSubscriptions();
      for (const controller of calls.values()) controller.abort(new PilotlightError('LINK_LOST'));
      calls.clear();
    },
    get calls() {
      return calls.size;
    },
    get subscriptions() {
      return subscriptions.size;
    },
  };
}

/** What may cross the link. A defect is logged with its stack and sent as INTERNAL without details. */
export function describe(error: unknown, log: Log) {
  const wire = toWireError(error);
  if (wire.code === 'INTERNAL' && !isPilotlightError(error)) {
    log.error('A method failed unexpectedly.', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
  return wire;
}

/** The id of a malformed message if it has one, so that its sender knows which it was; otherwise 0. */
function idOf(raw: unknown): number {
  if (typeof raw !== 'object' || raw === null || !('id' in raw)) return 0;
  return typeof raw.id === 'number' && Number.isSafeInteger(raw.id) && raw.id >= 0 ? raw.id : 0;
}

function idInUse(id: number): PilotlightError {
  return new PilotlightError('BAD_REQUEST', {
    message: `The id ${id} is already in use on this link.`,
    details: { fields: [{ path: 'id', message: 'in use' }] },
  });
}

function tooMany(what: string, limit: number): PilotlightError {
  return new PilotlightError('SERVER_BUSY', {
    message: `This link already has ${limit} open ${what}.`,
    details: { limit },
  });
}
