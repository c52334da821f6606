/** Whether a model would fit into a node's VRAM, and what Ollama would unload for it. Pure. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { DescribedModel, LoadedModel } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { measuredVramBytes } from '../../../shared/vram.ts';

/**
 * Bytes to keep free in addition to what a model needs. Ollama leaves 1,024 MiB free when it chooses the layers itself.
 * An explicit number of layers needs about as much: 588 MiB for the runner's context, and what the driver reserves,
 * which tools count neither as used nor as free (480 MiB of an 80 GB card).
 */
export const VRAM_RESERVE_BYTES = 1024 ** 3;
/** A computed size does not include compute buffers; a measured one does. */
const FORMULA_MARGIN = 1.1;
/** If other models are loaded, Ollama gives a new one up to this share of the free VRAM, and else evicts. */
const SHARE_BESIDE_OTHERS = 0.8;
/** Ollama's default limit of loaded models for each GPU. */
export const LOADED_PER_GPU = 3;
const GIB = 1024 ** 3;

export interface PredictedSize {
  bytes: number;
  /** Whether the server reported it with the model loaded. */
  measured: boolean;
}

/**
 * Bytes that a model will take when it is loaded; null if unknown. `measuredBytes` is its size when it was loaded with
 * the same context. Without it: file size + 2·layers·kv_heads·head_dim·context·parallel·2, with a margin. The head
 * dimension is embedding length / heads.
 */
export function predictSize(input: {
  measuredBytes: number | null;
  fileBytes: number | null;
  described: DescribedModel | null;
  contextLength: number | null;
  parallel?: number;
}): PredictedSize | null {
  if (input.measuredBytes !== null && input.measuredBytes > 0) {
    return { bytes: input.measuredBytes, measured: true };
  }
  if (input.fileBytes === null) return null;
  const { described } = input;
  let cacheBytes = 0;
  if (described?.blockCount && described.headCount && described.embeddingLength) {
    const context = Math.min(
      input.contextLength ?? 4096,
      described.contextLength ?? Number.POSITIVE_INFINITY,
    );
    const headDimension = described.embeddingLength / described.headCount;
    const keyValueHeads = described.headCountKv ?? described.headCount;
    cacheBytes =
      2 * described.blockCount * keyValueHeads * headDimension * context * (input.parallel ?? 1) * 2;
  }
  return { bytes: Math.ceil((input.fileBytes + cacheBytes) * FORMULA_MARGIN), measured: false };
}

/** The default context of a server with this much VRAM, in bytes; null if the VRAM is unknown. */
export function defaultContextLength(totalVramBytes: number | null): number | null {
  if (totalVramBytes === null) return null;
  if (totalVramBytes >= 47 * GIB) return 262_144;
  return totalVramBytes >= 23 * GIB ? 32_768 : 4096;
}

/**
 * The `num_ctx` to send so that a reload keeps the loaded context; undefined if the server's default is the same,
 * because the next request without that number would reload the model.
 */
export function contextToSend(input: {
  loadedContext: number | null;
  trainedContext: number | null;
  totalVramBytes: number | null;
}): number | undefined {
  const { loadedContext, trainedContext } = input;
  if (loadedContext === null) return undefined;
  const capped = (context: number) => Math.min(context, trainedContext ?? Number.POSITIVE_INFINITY);
  const expected = defaultContextLength(input.totalVramBytes);
  const defaults = expected === null ? [4096, 32_768, 262_144] : [expected];
  return defaults.some((context) => capped(context) === loadedContext) ? undefined : loadedContext;
}

/** VRAM of a node at this moment. Bytes. */
export interface VramState {
  totalBytes: number;
  freeBytes: number;
  /** Free on the emptiest GPU; equals `freeBytes` if there is only one. */
  freeOnOneBytes: number;
  gpuCount: number;
  /** Whether the machine's own tools reported what is in use, including other programs. */
  measured: boolean;
}

/** What is known about the VRAM of a node, and what its own tools measure. */
export interface VramFacts {
  vram: NodeView['vram'];
  /** Empty if no tool measures. */
  gpus: readonly Pick<GpuReading, 'vramTotalBytes' | 'vramUsedBytes'>[];
  loaded: readonly Pick<LoadedModel, 'vramBytes'>[];
}

/** null if the total is unknown. */
export function vramState(node: VramFacts): VramState | null {
  const known = node.gpus.flatMap((gpu) =>
    gpu.vramTotalBytes === null || gpu.vramUsedBytes === null
      ? []
      : [{ total: gpu.vramTotalBytes, free: Math.max(0, gpu.vramTotalBytes - gpu.vramUsedBytes) }],
  );
  if (known.length > 0 && known.length === node.gpus.length) {
    return {
      totalBytes: known.reduce((sum, gpu) => sum + gpu.total, 0),
      freeBytes: known.reduce((sum, gpu) => sum + gpu.free, 0),
      freeOnOneBytes: Math.max(...known.map((gpu) => gpu.free)),
      gpuCount: known.length,
      measured: true,
    };
  }
  const { totalBytes } = node.vram;
  if (totalBytes === null) return null;
  const measured = measuredVramBytes(node.gpus);
  const used = measured ?? node.loaded.reduce((sum, model) => sum + model.vramBytes, 0);
  const free = Math.max(0, totalBytes - used);
  return {
    totalBytes,
    freeBytes: free,
    freeOnOneBytes: free,
    gpuCount: Math.max(1, node.gpus.length),
    measured: measured !== null,
  };
}

/** Ollama's order: idle models first, then by the time left, then by name. Those without an end come last. */
export function evictionOrder<Model extends LoadedModel>(
  models: readonly Model[],
  inFlight: (model: string) => number,
): Model[] {
  return [...models].sort((one, other) => {
    const busy = Number(inFlight(one.name) > 0) - Number(inFlight(other.name) > 0);
    if (busy !== 0) return busy;
    const end = (model: Model) => model.expiresAt ?? Number.POSITIVE_INFINITY;
    if (end(one) !== end(other)) return end(one) < end(other) ? -1 : 1;
    return one.name < other.name ? -1 : 1;
  });
}

export type Fit =
  | {
      kind: 'fits';
      neededBytes: number;
      freeBytes: number;
      victims: string[];
      /** False if other programs may use some of the VRAM that counts as free. */
      measured: boolean;
    }
  | { kind: 'does-not-fit'; neededBytes: number; totalBytes: number; freeBytes: number; victims: string[] };

/**
 * Whether a model fits entirely into VRAM, and which models Ollama would unload for it. `own` is the model as loaded
 * now: a reload frees its VRAM first. `others` are the other loaded models, including those on the CPU, because Ollama
 * counts them.
 */
export function fitOnGpu(input: {
  size: PredictedSize;
  vram: VramState;
  own: LoadedModel | null;
  others: readonly LoadedModel[];
  inFlight: (model: string) => number;
}): Fit {
  const { size, vram, own } = input;
  const gained = own?.vramBytes ?? 0;
  let free = vram.freeBytes + gained;
  let freeOnOne = Math.min(vram.freeOnOneBytes + gained, free);
  const queue = evictionOrder(input.others, input.inFlight);
  const victims: string[] = [];
  const tooMany = own === null ? queue.length + 1 - LOADED_PER_GPU * vram.gpuCount : 0;
  const roomFor = () => {
    if (victims.length < tooMany) return false;
    const share = queue.length > 0 ? SHARE_BESIDE_OTHERS : 1;
    const needed = size.bytes + VRAM_RESERVE_BYTES;
    // A model that is spread over several GPUs takes a little more.
    return needed <= freeOnOne * share || (vram.gpuCount > 1 && needed <= free * share * 0.9);
  };
  while (!roomFor()) {
    const victim = queue.shift();
    if (!victim) {
      return {
        kind: 'does-not-fit',
        neededBytes: size.bytes,
        totalBytes: vram.totalBytes,
        freeBytes: vram.freeBytes + gained,
        victims,
      };
    }
    victims.push(victim.name);
    free += victim.vramBytes;
    freeOnOne = Math.min(freeOnOne + victim.vramBytes, vram.gpuCount === 1 ? free : vram.totalBytes);
  }
  const { measured } = vram;
  return { kind: 'fits', neededBytes: size.bytes, freeBytes: vram.freeBytes + gained, victims, measured };
}
