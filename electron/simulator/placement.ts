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

/** The share of free VRAM that a new model may take beside resident ones, since 0.30. */
const SHARE_BESIDE_OTHERS = 0.8;

/** The context a runner gets: never longer than the model was trained for. */
export function effectiveContext(model: ModelDefinition, options: LoadOptions): number {
  return Math.min(options.numCtx, model.contextLength);
}

/** File size plus the 16-bit key-value cache, bytes. */
export function predictedBytes(model: ModelDefinition, options: LoadOptions, parallel: number): number {
  const context = effectiveContext(model, options);
  return model.sizeBytes + 2 * model.blockCount * model.kvHeads * model.headDim * context * parallel * 2;
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
  const share = question.othersLoaded && question.profile === '0.33' ? SHARE_BESIDE_OTHERS : 1;
  const free = gpus.map((gpu) => Math.max(0, gpu.freeBytes - question.overheadBytes));
  const perGpu = allocate(neededBytes, free, share, question.spread, options.mainGpu);
  if (perGpu) return { kind: 'load', allocation: { sizeBytes, perGpu, layers: wanted } };
  if (question.othersLoaded) return { kind: 'evict' };
  if (explicit) return outOfMemory(question, neededBytes);

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
  return {
    kind: 'fail',
    atLoad: true,
    message: `llama-server reported out-of-memory during startup: ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size ${neededBytes}`,
  };
}

/** An explicit number of layers has no fallback. */
export function outOfMemory(
  question: Pick<PlacementQuestion, 'profile' | 'options'>,
  neededBytes: number,
): PlacementAnswer {
  if (question.profile === '0.24') {
    return {
      kind: 'fail',
      atLoad: false,
      message: `memory layout cannot be allocated with num_gpu = ${question.options.numGpu}`,
    };
  }
  const mebibytes = (neededBytes / 1024 ** 2).toFixed(2);
  return {
    kind: 'fail',
    atLoad: true,
    message: `llama-server reported out-of-memory during startup: ggml_backend_cuda_buffer_type_alloc_buffer: allocating ${mebibytes} MiB on device 0: cudaMalloc failed: out of memory`,
  };
}
