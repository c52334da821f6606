import type { ServerMessage } from '../../shared/contract/link.ts';
import type { MethodInput, MethodName, MethodResult } from '../../shared/contract/methods.ts';
import type { Cursor, Frame, StreamName, StreamValue } from '../../shared/contract/streams.ts';
import { CallError, ownError } from './errors.ts';
import type { Link, LinkStatus } from './link.ts';

/** A frame whose values have the type of their stream. */
export interface TypedFrame<Name extends StreamName> extends Omit<Frame, 'set'> {
  set: [string, StreamValue<Name>][];
}

export interface Client {
  /** Resolves with the method’s result; rejects with a CallError, LINK_LOST if the connection drops. */
  call<Name extends MethodName>(
    method: Name,
    params: MethodInput<Name>,
    options?: { signal?: AbortSignal },
  ): Promise<MethodResult<Name>>;
  /** Frames until the returned function is called; after a lost link it continues where it stopped. */
  subscribe<Name extends StreamName>(
    stream: Name,
    onFrame: (frame: TypedFrame<Name>) => void,
    options?: { cursor?: Cursor | null },
  ): () => void;
  status(): LinkStatus;
  onStatus(listener: (status: LinkStatus) => void): () => void;
  retry(): void;
}

interface PendingCall {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Subscription {
  stream: StreamName;
  id: number;
  cursor: Cursor | null;
  onFrame: (frame: Frame) => void;
}

/** Calls and subscriptions over one link. Each connection gives every subscription a fresh id, so a late frame of an old one cannot be applied twice. */
export function createClient({ link }: { link: Link }): Client {
  const calls = new Map<number, PendingCall>();
  const subscriptions = new Map<number, Subscription>();
  let nextId = 1;
  let wasLive = false;

  function begin(subscription: Subscription): void {
    subscriptions.delete(subscription.id);
    subscription.id = nextId++;
    subscriptions.set(subscription.id, subscription);
    link.send({
      type: 'subscribe',
      id: subscription.id,
      stream: subscription.stream,
      cursor: subscription.cursor,
    });
  }

  function onStatus({ state }: LinkStatus): void {
    if (state === 'live') {
      if (!wasLive) for (const subscription of [...subscriptions.values()]) begin(subscription);
      wasLive = true;
      return;
    }
    wasLive = false;
    const lost = [...calls.values()];
    calls.clear();
    for (const call of lost) call.reject(new CallError(ownError('LINK_LOST')));
  }

  function onMessage(message: ServerMessage): void {
    switch (message.type) {
      case 'result': {
        const call = calls.get(message.id);
        calls.delete(message.id);
        call?.resolve(message.result);
        return;
      }
      case 'error': {
        calls.get(message.id)?.reject(new CallError(message.error));
        calls.delete(message.id);
        return;
      }
      case 'frame': {
        const subscription = subscriptions.get(message.id);
        if (!subscription) return;
        subscription.cursor = message.frame.cursor;
        subscription.onFrame(message.frame);
        return;
      }
      case 'end':
        // The core is stopping: the subscription is kept and resumes on the next connection.
        return;
    }
  }

  link.onMessage(onMessage);
  link.onStatus(onStatus);
  wasLive = link.status().state === 'live';

  return {
    call<Name extends MethodName>(
      method: Name,
      params: MethodInput<Name>,
      options: { signal?: AbortSignal } = {},
    ) {
      const { signal } = options;
      return new Promise<MethodResult<Name>>((resolve, reject) => {
        if (signal?.aborted) return reject(new CallError(ownError('CANCELLED')));
        const id = nextId++;
        const onAbort = () => {
          if (!calls.delete(id)) return;
          link.send({ type: 'cancel', id });
          reject(new CallError(ownError('CANCELLED')));
        };
        const settle = () => signal?.removeEventListener('abort', onAbort);
        calls.set(id, {
          resolve(result) {
            settle();
            // The core has validated its answer against the method’s result schema.
            resolve(result as MethodResult<Name>);
          },
          reject(error) {
            settle();
            reject(error);
          },
        });
        signal?.addEventListener('abort', onAbort, { once: true });
        if (!link.send({ type: 'call', id, method, params })) {
          calls.get(id)?.reject(new CallError(ownError('LINK_LOST')));
          calls.delete(id);
        }
      });
    },

    subscribe(stream, onFrame, options = {}) {
      const subscription: Subscription = {
        stream,
        id: nextId++,
        cursor: options.cursor ?? null,
        onFrame: onFrame as (frame: Frame) => void,
      };
      subscriptions.set(subscription.id, subscription);
      if (link.status().state === 'live') begin(subscription);
      return () => {
        if (subscriptions.delete(subscription.id)) link.send({ type: 'cancel', id: subscription.id });
      };
    },

    status: link.status,
    onStatus: link.onStatus,
    retry: link.retry,
  };
}
