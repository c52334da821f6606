/** The simulator's types: models, GPUs, the server's environment, and a loaded runner. */

/** `0.33` places layers with llama.cpp's own server (since 0.30), `0.24` with Ollama's placement. */
export type Profile = '0.24' | '0.33';

export type Capability = 'completion' | 'embedding' | 'tools' | 'insert' | 'vision' | 'thinking';

/** One tag in the library of a server. Sizes in bytes, times in milliseconds since the epoch. */
export interface ModelDefinition {
  /** Full name with its tag, as `tags` shows it. */
  name: string;
  /** Digest of the manifest, 64 hex digits, without `sha256:`. */
  digest: string;
  /** Digest of the weights. Two tags with one blob share a runner. */
  blob: string;
  sizeBytes: number;
  family: string;
  parameterSize: string;
  parameterCount: number;
  quantization: string;
  capabilities: readonly Capability[];
  blockCount: number;
  headCount: number;
  kvHeads: number;
  headDim: number;
  /** The context the model was trained for; a longer one is reduced to it. */
  contextLength: number;
  embeddingLength: number;
  modifiedAt: number;
  /** PARAMETER lines of the Modelfile; `num_gpu` here pins a placement, for /v1 too. */
  parameters?: Readonly<Record<string, number | string | boolean>>;
  template?: string;
  /** SYSTEM of the Modelfile. */
  system?: string;
  /** The model that it was made from. */
  parent?: string;
  /** Of the weights; only show reports them. */
  feedForwardLength?: number;
  vocabSize?: number;
  /** More of what the file of the weights says, for show: `llama.rope.freq_base`. */
  info?: Readonly<Record<string, unknown>>;
  /** Buffers for computing, bytes for each token of the context. Default none. */
  computeBytesPerToken?: number;
  /**
   * Made by `ollama create` from safetensors: tags stops reading its file early, says `completion` and gives no lengths,
   * whatever the model is.
   */
  madeByCreate?: boolean;
  /** Its weights are gone from the disk, or end early: a load fails when it reads this tensor. */
  broken?: 'lost' | { tensor: string; endBytes: number; fileBytes: number };
}

export interface GpuDefinition {
  id: string;
  name: string;
  vramBytes: number;
  /** VRAM that the desktop and other programs use. */
  baselineBytes: number;
  /** Power at full load, watts. */
  boardWatts: number;
}

/** The `OLLAMA_*` variables that change behaviour. */
export interface Environment {
  /** OLLAMA_MAX_LOADED_MODELS; 0 = three per GPU (three without one). */
  maxLoadedModels: number;
  /** OLLAMA_NUM_PARALLEL; multiplies the context; always 1 for embedding models. */
  numParallel: number;
  /** OLLAMA_MAX_QUEUE */
  maxQueue: number;
  /** OLLAMA_KEEP_ALIVE, milliseconds, `Infinity` = indefinitely. */
  keepAliveMs: number;
  /** OLLAMA_LOAD_TIMEOUT, milliseconds without progress. */
  loadTimeoutMs: number;
  /** OLLAMA_SCHED_SPREAD */
  schedSpread: boolean;
  /** OLLAMA_GPU_OVERHEAD, bytes kept free on each GPU. */
  gpuOverheadBytes: number;
  /** OLLAMA_CONTEXT_LENGTH; 0 = derived from the amount of VRAM. */
  contextLength: number;
}

export const DEFAULT_ENVIRONMENT: Environment = {
  maxLoadedModels: 0,
  numParallel: 1,
  maxQueue: 512,
  keepAliveMs: 5 * 60_000,
  loadTimeoutMs: 5 * 60_000,
  schedSpread: false,
  gpuOverheadBytes: 0,
  contextLength: 0,
};

/** How fast this machine is. Rates per second; the times of a partial placement lie in between. */
export interface Speeds {
  gpuTextsPerSecond: number;
  cpuTextsPerSecond: number;
  /** For a model of 5 GB; smaller models are proportionally faster. */
  gpuTokensPerSecond: number;
  cpuTokensPerSecond: number;
  loadBytesPerSecond: number;
  /** Start of the runner process, before the weights are read. */
  loadBaseMs: number;
  /** From an expired runner to its unload; a request in this gap attaches to the dying runner. */
  expiryLatencyMs: number;
  /** From the unload's start until ps no longer shows the model: a part, and more for each GB. */
  unloadMs: number;
  unloadMsPerGb: number;
  /** From the unload's start until its VRAM is free: a part, and more for each GB. Usually before ps shows it. */
  vramReleaseMs: number;
  vramReleaseMsPerGb: number;
}

export const DEFAULT_SPEEDS: Speeds = {
  gpuTextsPerSecond: 1000,
  cpuTextsPerSecond: 60,
  gpuTokensPerSecond: 60,
  cpuTokensPerSecond: 6,
  loadBytesPerSecond: 2_000_000_000,
  loadBaseMs: 300,
  expiryLatencyMs: 20,
  unloadMs: 107,
  unloadMsPerGb: 14,
  vramReleaseMs: 86,
  vramReleaseMsPerGb: 7,
};

/** The options that a runner is started with; a request that differs in one of them reloads it. */
export interface LoadOptions {
  numCtx: number;
  numBatch: number;
  /** −1 = automatic, 0 = CPU, N = that many layers. */
  numGpu: number;
  /** `null` = chosen by the server; that differs from any value, 0 too. */
  mainGpu: number | null;
  /** `null` = chosen by the server. */
  useMmap: boolean | null;
  numThread: number;
  /** Whether a full context is shifted; a field of the request, not an option. */
  shift: boolean;
}

/** Where a model's bytes are. `perGpu` has one entry per GPU of the machine. */
export interface Allocation {
  sizeBytes: number;
  perGpu: readonly number[];
  layers: number;
}

/** What `ps` reports about a loaded runner. */
export interface RunnerView {
  model: ModelDefinition;
  state: 'loading' | 'ready' | 'unloading';
  sizeBytes: number;
  sizeVramBytes: number;
  /** VRAM that the process really uses; differs from `sizeVramBytes` under the false-GPU fault. */
  actualVramBytes: number;
  expiresAt: number;
  contextLength: number;
  inFlight: number;
  options: LoadOptions;
}

export class OllamaError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
