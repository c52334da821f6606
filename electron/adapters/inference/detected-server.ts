/**
 * The server at an address, whatever it speaks: Ollama's dialect first, else OpenAI's. It is detected by the first
 * answer, and again when another server answers there.
 */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { InferenceServer } from '../../core/ports/inference.ts';
import type { Http } from '../../core/ports/network.ts';
import { createOllamaServer } from './ollama.ts';
import { createOpenAiServer } from './openai-server.ts';

export function connectServer({ http, url }: { http: Http; url: string }): InferenceServer {
  const ollama = createOllamaServer({ http, url });
  const openAi = createOpenAiServer({ http, url });
  let current = ollama;

  /** Asks the present one. If it speaks another dialect, the answer comes from the other one. */
  async function detecting<Answer>(
    ask: (server: InferenceServer) => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const asked = current;
    try {
      return await ask(asked);
    } catch (error) {
      if (signal.aborted || !speaksOtherDialect(error)) throw error;
      const other = asked === ollama ? openAi : ollama;
      await other.loaded(signal).catch((otherError: unknown) => {
        // It would have answered, if it were let in.
        throw isPilotlightError(otherError) && otherError.code === 'SERVER_LOCKED' ? otherError : error;
      });
      current = other;
      return ask(other);
    }
  }

  return {
    get product() {
      return current.product;
    },
    url,
    get capabilities() {
      return current.capabilities;
    },
    version: (signal) => detecting((server) => server.version(signal), signal),
    installed: (signal, options) => detecting((server) => server.installed(signal, options), signal),
    loaded: (signal) => detecting((server) => server.loaded(signal), signal),
    describe: (model, signal) => current.describe(model, signal),
    load: (model, options, signal) => current.load(model, options, signal),
    unload: (model, signal) => current.unload(model, signal),
    pull: (model, onProgress, signal) => current.pull(model, onProgress, signal),
    remove: (model, signal) => current.remove(model, signal),
    embed: (model, texts, signal) => current.embed(model, texts, signal),
  };
}

/** A page that is not there, or an answer in another shape. */
function speaksOtherDialect(error: unknown): boolean {
  if (!isPilotlightError(error)) return false;
  const status = error.details?.status;
  return (
    error.code === 'NOT_AN_INFERENCE_SERVER' ||
    (error.code === 'SERVER_ERROR' && (status === 404 || status === 405 || status === 501))
  );
}
