/** The parts of a host that the transport tests need, small: some handlers, a log that remembers. */

import type { Log } from '../../electron/core/ports/log.ts';
import type { Handlers } from '../../electron/core/runtime/handlers.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { type MethodName, methodNames } from '../../shared/contract/methods.ts';

export interface RememberingLog extends Log {
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[];
}

export function createRememberingLog(): RememberingLog {
  const lines: RememberingLog['lines'] = [];
  const at =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      lines.push({ level, message, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Handlers of which only some are there; a call of another fails the test by its message. */
export function someHandlers(some: Partial<Handlers>): Handlers {
  const absent = methodNames.map((name): [MethodName, () => never] => [
    name,
    () => {
      throw new Error(`The test did not expect a call of ${name}.`);
    },
  ]);
  return { ...Object.fromEntries(absent), ...some } as Handlers;
}

/** A handler that answers when its signal aborts, and says that it has begun. */
export function untilAborted() {
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const state = { aborted: false };
  const handler = (_params: unknown, { signal }: { signal: AbortSignal }) => {
    begin();
    return new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        state.aborted = true;
        reject(new PilotlightError('CANCELLED'));
      });
    });
  };
  return { begun, state, handler };
}
