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

export interface PullProgress {
  /** `checking`: everything has arrived, and the server compares it with its digest. */
  phase: 'downloading' | 'checking';
  /** Of the layers that the server has named so far. */
  doneBytes: number;
  /** null before the first layer. */
  totalBytes: number | null;
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
  /**
   * Makes the server download a model from the library that its name leads to; resolves when it is there. An abort
   * cancels it, and the server keeps what has arrived. Rejects also with BAD_MODEL_NAME, MODEL_NOT_IN_REGISTRY,
   * REGISTRY_UNREACHABLE, REGISTRY_REFUSED, SERVER_DISK_FULL, SERVER_TOO_OLD, ANSWER_INCOMPLETE. `manages-models`
   */
  pull(model: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<void>;
  /** Deletes a model from its disk. One that is loaded stays loaded, and can then not be unloaded by its name. `manages-models` */
  remove(model: string, signal: AbortSignal): Promise<void>;
  /** `as`: what the texts are to a search, for servers that treat the two differently. Default `passage`. */
  embed(
    model: string,
    texts: readonly string[],
    signal: AbortSignal,
    options?: { as?: 'query' | 'passage' },
  ): Promise<Embeddings>;
}

export type ConnectInferenceServer = (url: string) => InferenceServer;
