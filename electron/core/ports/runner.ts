/** ONNX runners: the protocol to one of them, and the process on this computer. */
import type { CatalogueModel, RunnerFace, RunnerStatus } from '../../../shared/models/runner.ts';

export interface RunnerEmbedRequest {
  model: string;
  /** Of its files: a runner that has others under the name refuses. null for any. */
  hash: string | null;
  texts: readonly string[];
  /** Some models treat what is searched for differently from what is searched in. A query also goes first. */
  as: 'query' | 'passage';
}

export interface RunnerVectors {
  /** One for each text, in order, all finite and of one length. */
  vectors: Float32Array[];
  /** Hash of the model that made them; null if the runner does not say. */
  hash: string | null;
}

/**
 * One runner. Every call rejects with a PilotlightError: HOST_UNREACHABLE, HOST_TIMEOUT, NAME_NOT_RESOLVED,
 * NOT_A_RUNNER (HTML, truncated JSON), RUNNER_REFUSED (token), SERVER_BUSY (with `details.retryAfterMs`), RUNNER_ERROR
 * (the runner's message in `details.server`), and the codes listed at each call.
 */
export interface RunnerLink {
  readonly url: string;
  status(signal: AbortSignal): Promise<RunnerStatus>;
  /** MODEL_NOT_FOUND, RUNNER_MODEL_CHANGED, SERVER_ERROR for vectors that are not right. No deadline of its own. */
  embed(request: RunnerEmbedRequest, signal: AbortSignal): Promise<RunnerVectors>;
  /**
   * @param image base64
   * PICTURE_UNREADABLE, MODEL_NOT_FOUND.
   */
  faces(image: string, signal: AbortSignal): Promise<{ faces: RunnerFace[]; gpu: boolean }>;
  /** ALREADY_EXISTS. Resolves when its files are read, which takes seconds for large ones. */
  addModel(model: { path: string; name: string }, signal: AbortSignal): Promise<void>;
  /** MODEL_NOT_FOUND. */
  removeModel(name: string, signal: AbortSignal): Promise<void>;
  /** MODEL_NOT_FOUND. */
  loadModel(name: string, signal: AbortSignal): Promise<void>;
  /** MODEL_NOT_FOUND. */
  dropModel(name: string, signal: AbortSignal): Promise<void>;
  catalogue(signal: AbortSignal): Promise<CatalogueModel[]>;
  /** Resolves when it is there and verified. NOT_FOUND for a name that is not in the catalogue. */
  pull(
    name: string,
    onProgress: (progress: { doneBytes: number; totalBytes: number | null }) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

export type ConnectRunner = (options: { url: string; token: string | null }) => RunnerLink;

export interface OpenRunner {
  url: string;
  token: string;
  /** Whether this core started it; another program's is left running. */
  owned: boolean;
  /** The data folder whose runner it is, if that is another one: its models and settings apply. */
  sharedFrom: string | null;
  /** Called once, when it has ended without having been asked to. */
  onExit(listener: (exit: { code: number | null }) => void): void;
  stop(): Promise<void>;
}

/** The runner of this computer. */
export interface LocalRunner {
  /** Whether it has any model, without starting it. */
  hasModels(): Promise<boolean>;
  /** Starts it, or finds the one that runs. Rejects with RUNNER_NOT_STARTED. */
  open(options: LocalRunnerOptions, signal: AbortSignal): Promise<OpenRunner>;
}

/** What it is started with. */
export interface LocalRunnerOptions {
  provider: 'auto' | 'dml' | 'coreml' | 'cuda' | 'webgpu' | 'cpu';
  modelsFolder: string | null;
  idleSeconds: number;
  catalogueUrl: string | null;
  /** Immich's model folder; null if there is none. */
  immichCache: string | null;
}
