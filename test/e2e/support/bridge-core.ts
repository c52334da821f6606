/**
 * A core made of fixed values, behind the preload bridge: for looks at what is rare in a real fleet (a hundred
 * machines, long names, trouble, a core that says nothing). It runs inside the page, by `addInitScript`.
 */
import type { WireError } from '../../../shared/contract/errors.ts';
import type { ClientMessage, ServerMessage } from '../../../shared/contract/link.ts';

export interface BridgeScene {
  /** Stream → entries. A stream that is not named sends no snapshot: its page stays loading. */
  streams: Record<string, [string, unknown][]>;
  /** Method → its result; another method fails. */
  results: Record<string, unknown>;
  /** Method → what it is refused with, instead of the usual failure. */
  errors?: Record<string, WireError>;
  /** Methods that never answer. */
  unanswered?: readonly string[];
}

/** Serialised into the page, so it may use nothing from outside itself. */
export function installBridge(scene: BridgeScene): void {
  const listeners = new Set<(message: ServerMessage) => void>();
  const subscriptions = new Map<string, number>();
  const waiting = new Map<number, string>();
  let sequence = 1;
  const calls: [string, unknown][] = [];
  const answer = (message: ServerMessage) => {
    queueMicrotask(() => {
      for (const listener of listeners) listener(message);
    });
  };
  const bridge = {
    send(message: ClientMessage) {
      if (message.type === 'subscribe') {
        const set = scene.streams[message.stream];
        if (!set) return;
        subscriptions.set(message.stream, message.id);
        answer({
          type: 'frame',
          id: message.id,
          frame: { kind: 'snapshot', cursor: { epoch: 'scene', sequence: 1 }, set, removed: [] },
        });
      } else if (message.type === 'call') {
        calls.push([message.method, message.params]);
        if (scene.unanswered?.includes(message.method)) {
          waiting.set(message.id, message.method);
          return;
        }
        if (Object.hasOwn(scene.results, message.method)) {
          answer({ type: 'result', id: message.id, result: scene.results[message.method] });
        } else {
          answer({
            type: 'error',
            id: message.id,
            error: scene.errors?.[message.method] ?? {
              code: 'HOST_UNREACHABLE',
              message: 'The machine does not answer.',
              next: 'Check that it is on and that the address is right.',
            },
          });
        }
      } else if (message.type === 'cancel' && waiting.has(message.id)) {
        calls.push([`cancel ${waiting.get(message.id)}`, null]);
      }
    },
    onMessage(listener: (message: ServerMessage) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  Object.defineProperty(window, 'pilotlight', { value: bridge });
  // What changes later, sent by the test.
  Object.defineProperty(window, 'sceneChange', {
    value(stream: string, set: [string, unknown][], removed: string[] = []) {
      const id = subscriptions.get(stream);
      if (id === undefined) return;
      sequence += 1;
      answer({
        type: 'frame',
        id,
        frame: { kind: 'delta', cursor: { epoch: 'scene', sequence }, set, removed },
      });
    },
  });
  // What the panel asked for, in order, for the test to read.
  Object.defineProperty(window, 'sceneCalls', { value: calls });
}
