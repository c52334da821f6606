import { PilotlightError } from '../../shared/contract/errors.ts';
import { everyRight, type Right } from '../../shared/rights.ts';
import type { Log } from '../core/ports/log.ts';
import type { Streams } from '../core/runtime/streams.ts';
import type { Dispatcher } from './dispatcher.ts';
import { createSession, type Session } from './session.ts';

/**
 * The common part of Electron's MessagePortMain and Node's MessagePort. The former passes an event with `data` and
 * `ports` to the listener, the latter the message itself.
 */
export interface PortLike {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start?(): void;
  close(): void;
}

export interface MessagePortOptions {
  port: PortLike;
  dispatcher: Dispatcher;
  streams: Streams;
  /** Default: all. Whoever has the port is the panel itself. */
  scopes?: ReadonlySet<Right>;
  log: Log;
}

export interface MessagePortLink {
  session: Session;
  /** Ends the streams, then closes the port. */
  stop(): void;
}

/**
 * Serves the contract over a MessagePort. A port's buffer cannot be measured, and its other end is on this machine:
 * frames are never held back, only coalesced.
 */
export function serveMessagePort(options: MessagePortOptions): MessagePortLink {
  const { port, dispatcher, streams, log } = options;
  const scopes = options.scopes ?? everyRight;
  const session = createSession({
    dispatcher,
    streams,
    scopes,
    log,
    send(message) {
      try {
        port.postMessage(message);
      } catch (error) {
        // A result that cannot be cloned is a defect, but its caller is still waiting.
        log.error('A message could not be sent on the port.', { type: message.type, error: String(error) });
        if (message.type === 'result') {
          port.postMessage({
            type: 'error',
            id: message.id,
            error: new PilotlightError('INTERNAL').toWire(),
          });
        }
      }
      return true;
    },
  });
  port.on('message', (message) => session.receive(isPortEvent(message) ? message.data : message));
  port.on('close', () => session.close());
  port.start?.();
  return {
    session,
    stop() {
      session.endStreams();
      session.close();
      port.close();
    },
  };
}

function isPortEvent(message: unknown): message is { data: unknown } {
  return typeof message === 'object' && message !== null && 'data' in message && 'ports' in message;
}
