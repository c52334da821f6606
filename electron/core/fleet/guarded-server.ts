import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { ConnectionLoss } from './server-process.ts';

export interface ServerGuard {
  /** Aborted when the machine goes off. */
  unreachable(): AbortSignal;
  /** A connection broke: the server may have been restarted. */
  onLost(loss: ConnectionLoss): void;
  /** The server was asked to unload a model. */
  onUnload(model: string): void;
}

/**
 * A server whose calls are aborted when its machine goes off. A suspended machine leaves connections half open, and
 * loads and batches have no deadline, so they would otherwise hang indefinitely.
 */
export function guardServer(server: InferenceServer, guard: ServerGuard): InferenceServer {
  async function watched<Result>(
    signal: AbortSignal,
    call: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    try {
      using either = eitherOf(signal, guard.unreachable());
      return await call(either.signal);
    } catch (error) {
      const loss = lossOf(error);
      if (loss !== null) guard.onLost(loss);
      throw error;
    }
  }
  return {
    get product() {
      return server.product;
    },
    url: server.url,
    get capabilities() {
      return server.capabilities;
    },
    version: (signal) => watched(signal, server.version),
    installed: (signal, options) => watched(signal, (inner) => server.installed(inner, options)),
    loaded: (signal) => watched(signal, server.loaded),
    describe: (model, signal) => watched(signal, (either) => server.describe(model, either)),
    load: (model, options, signal) => watched(signal, (either) => server.load(model, options, either)),
    unload(model, signal) {
      guard.onUnload(model);
      return watched(signal, (either) => server.unload(model, either));
    },
    pull: (model, onProgress, signal) => watched(signal, (either) => server.pull(model, onProgress, either)),
    remove: (model, signal) => watched(signal, (either) => server.remove(model, either)),
    embed: (model, texts, signal) => watched(signal, (either) => server.embed(model, texts, either)),
  };
}

/** null for an error that says nothing about the connection. */
export function lossOf(error: unknown): ConnectionLoss | null {
  if (!isPilotlightError(error) || error.code !== 'HOST_UNREACHABLE') return null;
  const reason = error.details?.reason;
  return reason === 'refused' ? 'refused' : reason === 'reset' ? 'broken' : null;
}
