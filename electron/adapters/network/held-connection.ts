import type { HoldConnection } from '../../core/ports/network.ts';
import { toHostError } from './http-errors.ts';
import { openConnection } from './open-connection.ts';

/** Keeps a connection open to see when it closes. Rejects with coded errors. */
export const holdConnection: HoldConnection = async (url, signal, onOpen) => {
  try {
    await openConnection(url, signal, onOpen);
  } catch (error) {
    signal.throwIfAborted();
    throw toHostError(error, 'connect');
  }
};
