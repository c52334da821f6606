import type { InferenceServer } from '../ports/inference.ts';

/**
 * A server whose calls are aborted when its machine goes off. A suspended machine leaves connections half open, and
 * loads and batches have no deadline, so they would otherwise hang indefinitely.
 */
export function guardServer(server: InferenceServer, unreachable: () => AbortSignal): InferenceServer {
  const either = (signal: AbortSignal) => AbortSignal.any([signal, unreachable()]);
  return {
    product: server.product,
    url: server.url,
    capabilities: server.capabilities,
    version: (signal) => server.version(either(signal)),
    installed: (signal) => server.installed(either(signal)),
    loaded: (signal) => server.loaded(either(signal)),
    describe: (model, signal) => server.describe(model, either(signal)),
    load: (model, options, signal) => server.load(model, options, either(signal)),
    unload: (model, signal) => server.unload(model, either(signal)),
    embed: (model, texts, signal) => server.embed(model, texts, either(signal)),
  };
}
