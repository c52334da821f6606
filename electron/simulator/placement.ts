/** Where a model would be placed: pure decisions over sizes and free memory. */
import { binaryBytes } from './go-values.ts';
import type { Allocation, LoadOptions, ModelDefinition, Profile } from './model.ts';

export interface GpuState {
  totalBytes: number;
  freeBytes: number;
}

export interface PlacementQuestion {
  profile: Profile;
  model: ModelDefinition;
  options: LoadOptions;
  parallel: number;
  /** GPUs that the server discovered and that still respond. */
  gpus: readonly GpuState[];
  freeSystemBytes: number;
  /** Whether other models are resident, which could make room. */
  othersLoaded: boolean;
  spread: boolean;
  overheadBytes: number;
}

export type PlacementAnswer =
  | { kind: 'load'; allocation: Allocation }
  | { kind: 'evict' }
  /** `atLoad`: the runner starts and dies; otherwise it is refused before it starts. */
  | { kind: 'fail'; atLoad: boolean; message: string };

const MIB = 1024 ** 2;
/** The share of free VRAM that a new model may take beside resident ones, since 0.30. */
const SHARE_BESIDE_OTHERS = 0.8;
/** What automatic placement leaves free on each GPU, since 0.30. */
const LEFT_FREE_BYTES = 1024 * MIB;
/** What each process with anything on a GPU holds there beside the model, since 0.30. */
const CUDA_CONTEXT_BYTES = 588 * MIB;

/** VRAM of a runner's process on one GPU, of which ps reports only `modelBytes`. */
export function processBytes(profile: Profile, modelBytes: number): number {
  return modelBytes > 0 && profile === '0.33' ? modelBytes + CUDA_CONTEXT_BYTES : modelBytes;
}

/** The context a runner gets: never longer than the model was trained for. */
export function effectiveContext(model: ModelDefinition, options: LoadOptions): number {
  return Math.min(options.numCtx, model.contextLength);
}

/** Of the 16-bit key-value cache. */
export function cacheBytes(model: ModelDefinition, options: LoadOptions, parallel: number): number {
  const context = effectiveContext(model, options);
  return 2 * model.blockCount * model.kvHeads * model.headDim * context * parallel * 2;
}

/** The file, the cache and the buffers for computing, bytes. */
export function predictedBytes(model: ModelDefinition, options: LoadOptions, parallel: number): number {
  const buffers = (model.computeBytesPerToken ?? 0) * effectiveContext(model, options);
  return model.sizeBytes + cacheBytes(model, options, parallel) + buffers;
}

export function isEmbeddingOnly(model: ModelDefinition): boolean {
  return model.capabilities.includes('embedding') && !model.capabilities.includes('completion');
}

/** Embedding models run one at a time, whatever OLLAMA_NUM_PARALLEL is. */
export function effectiveParallel(model: ModelDefinition, numParallel: number): number {
  return isEmbeddingOnly(model) ? 1 : Math.max(1, numParallel);
}

export function decidePlacement(question: PlacementQuestion): PlacementAnswer {
  const { model, options, parallel, gpus } = question;
  const sizeBytes = predictedBytes(model, options, parallel);
  if (options.numGpu === 0 || gpus.length === 0) return onCpu(question, sizeBytes);

  const allLayers = model.blockCount + 1;
  const explicit = options.numGpu > 0;
  const wanted = explicit ? Math.min(options.numGpu, allLayers) : allLayers;
  const neededBytes = Math.round((sizeBytes * wanted) / allLayers);
  const modern = question.profile === '0.33';
  const share = question.othersLoaded && modern ? SHARE_BESIDE_OTHERS : 1;
  const reserve = modern ? CUDA_CONTEXT_BYTES + (explicit ? 0 : LEFT_FREE_BYTES) : 0;
  const free = gpus.map((gpu) => Math.max(0, gpu.freeBytes - question.overheadBytes - reserve));
  const perGpu = allocate(neededBytes, free, share, question.spread, options.mainGpu ?? 0);
  if (perGpu) return { kind: 'load', allocation: { sizeBytes, perGpu, layers: wanted } };
  if (question.othersLoaded) return { kind: 'evict' };
  if (explicit) return outOfMemory(question, neededBytes, Math.max(...free));

  const layerBytes = sizeBytes / allLayers;
  const layersPerGpu = free.map((bytes) => Math.floor(bytes / layerBytes));
  const layers = layersPerGpu.reduce((sum, count) => sum + count, 0);
  if (layers === 0) return onCpu(question, sizeBytes);
  const systemBytes = sizeBytes - layers * layerBytes;
  if (systemBytes > question.freeSystemBytes) return systemMemoryShort(question, systemBytes);
  return {
    kind: 'load',
    allocation: { sizeBytes, perGpu: layersPerGpu.map((count) => Math.round(count * layerBytes)), layers },
  };
}

/** One GPU if it fits, the preferred one first and then the emptiest; otherwise all of them. */
function allocate(
  neededBytes: number,
  free: readonly number[],
  share: number,
  spread: boolean,
  mainGpu: number,
): number[] | null {
  const zeros = free.map(() => 0);
  if (!spread || free.length === 1) {
    const preference = (index: number) =>
      mainGpu > 0 && index === mainGpu ? Number.MAX_VALUE : (free[index] ?? 0);
    const order = free.map((_, index) => index).sort((a, b) => preference(b) - preference(a));
    for (const index of order) {
      if (neededBytes <= (free[index] ?? 0) * share) {
        return zeros.map((_, other) => (other === index ? neededBytes : 0));
      }
    }
  }
  const totalFree = free.reduce((sum, bytes) => sum + bytes, 0);
  if (free.length < 2 || neededBytes > totalFree * share) return null;
  const parts = free.map((bytes) => Math.floor((neededBytes * bytes) / totalFree));
  const rest = neededBytes - parts.reduce((sum, bytes) => sum + bytes, 0);
  return parts.map((bytes, index) => (index === 0 ? bytes + rest : bytes));
}

function onCpu(question: PlacementQuestion, sizeBytes: number): PlacementAnswer {
  if (sizeBytes > question.freeSystemBytes) {
    return question.othersLoaded ? { kind: 'evict' } : systemMemoryShort(question, sizeBytes);
  }
  return { kind: 'load', allocation: { sizeBytes, perGpu: question.gpus.map(() => 0), layers: 0 } };
}

function systemMemoryShort(question: PlacementQuestion, neededBytes: number): PlacementAnswer {
  if (question.profile === '0.24') {
    const needed = binaryBytes(neededBytes);
    const available = binaryBytes(question.freeSystemBytes);
    return {
      kind: 'fail',
      atLoad: false,
      message: `model requires more system memory (${needed}) than is available (${available})`,
    };
  }
  const { step, bytes } = firstMissing(question, neededBytes, question.freeSystemBytes);
  return died([
    `ggml_aligned_malloc: insufficient memory (attempted to allocate ${(bytes / MIB).toFixed(2)} MB)`,
    `ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size ${bytes}`,
    `alloc_tensor_range: failed to allocate CPU buffer of size ${bytes}`,
    failedStep(step, 'CPU'),
  ]);
}

type Step = 'weights' | 'cache' | 'compute';

/** llama-server allocates the weights first, then the cache, then the buffers for computing. */
function firstMissing(
  { model, options, parallel }: Pick<PlacementQuestion, 'model' | 'options' | 'parallel'>,
  neededBytes: number,
  freeBytes: number,
): { step: Step; bytes: number } {
  const share = neededBytes / predictedBytes(model, options, parallel);
  const weights = Math.round(model.sizeBytes * share);
  const cache = Math.round(cacheBytes(model, options, parallel) * share);
  if (weights > freeBytes) return { step: 'weights', bytes: weights };
  if (weights + cache > freeBytes) return { step: 'cache', bytes: cache };
  return { step: 'compute', bytes: neededBytes - weights - cache };
}

function failedStep(step: Step, where: string): string {
  const failed = 'llama_init_from_model: failed to initialize the context: failed to allocate';
  if (step === 'weights') return `error loading model: unable to allocate ${where} buffer`;
  return step === 'cache' ? `${failed} buffer for kv cache` : `${failed} compute pp buffers`;
}

/** What llama-server printed before it ended. */
function died(lines: readonly string[]): PlacementAnswer {
  const message = `llama-server process has terminated: exit status 1: ${lines.join('\n')}`;
  return { kind: 'fail', atLoad: true, message };
}

/** An explicit number of layers has no fallback. */
export function outOfMemory(
  question: Pick<PlacementQuestion, 'profile' | 'model' | 'options' | 'parallel'>,
  neededBytes: number,
  freeBytes: number,
): PlacementAnswer {
  const { profile, options } = question;
  if (profile === '0.24') {
    return {
      kind: 'fail',
      atLoad: false,
      message: `memory layout cannot be allocated with num_gpu = ${options.numGpu}`,
    };
  }
  const { step, bytes } = firstMissing(question, neededBytes, freeBytes);
  return died([
    'cudaMalloc failed: out of memory',
    `alloc_tensor_range: failed to allocate CUDA0 buffer of size ${bytes}`,
    failedStep(step, 'CUDA0'),
  ]);
}
