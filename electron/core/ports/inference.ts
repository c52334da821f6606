/** Inference servers. */
import type { ServerCapability } from '../../../shared/models/fleet.ts';
import type { DescribedModel, InstalledModel, LoadedModel } from '../../../shared/models/placement.ts';

export interface LoadOptions {
  /**
   * `auto` leaves num_gpu out; `cpu` asks for 0 layers; a number asks for exactly that many layers, which
   * has no fallback when they do not fit.
   */
  layers: 'auto' | 'cpu' | number;
  /** Seconds; negative keeps it loaded indefinitely, `null` leaves the server's default. */
  keepAliveSeconds: number | null;
  /** Sent only if given, because a different context length reloads the model. */
  contextLength?: number;
}

export interface Embeddings {
  /** One for each text, in order. */
  vectors: Float32Array[];
  /** How long the server took, as it reports, milliseconds; null if it does not. */
  serverMs: number | null;
}

/**
 * One inference server. Every call rejects with a PilotlightError: HOST_UNREACHABLE, HOST_TIMEOUT,
 * NOT_AN_INFERENCE_SERVER (HTML, truncated JSON), SERVER_ERROR (the server's message in `details.server`),
 * MODEL_NOT_FOUND, OUT_OF_MEMORY, SERVER_BUSY.
 */
export interface InferenceServer {
  /** The product's name, for display only. Like the capabilities, it is known once the server has answered. */
  readonly product: string;
  readonly url: string;
  readonly capabilities: ReadonlySet<ServerCapability>;
  /** null if it does not say. */
  version(signal: AbortSignal): Promise<string | null>;
  /** Without those that run elsewhere, unless asked for: nothing is sent to them by itself. */
  installed(signal: AbortSignal, options?: { withCloud?: boolean }): Promise<InstalledModel[]>;
  /** Empty if it doesn't report them (`says-placement`); then it only says that the server answers. */
  loaded(signal: AbortSignal): Promise<LoadedModel[]>;
  describe(model: string, signal: AbortSignal): Promise<DescribedModel>;
  /** Loads without generating anything. Resolves when the server says it is loaded. No total deadline. */
  load(model: string, options: LoadOptions, signal: AbortSignal): Promise<void>;
  /** Asks to unload; the server does so later, so poll `loaded` until the model is no longer listed. */
  unload(model: string, signal: AbortSignal): Promise<void>;
  /** `as`: what the texts are to a search, for servers that treat the two differently. Default `passage`. */
  embed(
    model: string,
    texts: readonly string[],
    signal: AbortSignal,
    options?: { as?: 'query' | 'passage' },
  ): Promise<Embeddings>;
}

export type ConnectInferenceServer = (url: string) => InferenceServer;
