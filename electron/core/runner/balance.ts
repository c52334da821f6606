/** Which runner gets the next batch: the one that would finish it first, by its measured speed. Pure. */

export interface Candidate {
  nodeId: string;
  /** Measured; null while nothing was. */
  textsPerSecond: number | null;
  gpu: boolean;
  /** Texts that were sent to it and not answered yet. */
  waiting: number;
}

/** Assumed before anything was measured; only their ratio matters. */
const GPU_TEXTS_PER_SECOND = 1000;
const CPU_TEXTS_PER_SECOND = 100;
const LEAST_TEXTS_PER_SECOND = 0.01;

/** null if there is none. A runner that was never measured counts like the others of its kind, so that it is tried. */
export function chooseRunner(candidates: readonly Candidate[], texts: number): string | null {
  let best: { nodeId: string; finish: number } | null = null;
  for (const candidate of candidates) {
    const finish = (candidate.waiting + texts) / speedOf(candidate, candidates);
    if (best === null || finish < best.finish) best = { nodeId: candidate.nodeId, finish };
  }
  return best?.nodeId ?? null;
}

function speedOf({ textsPerSecond, gpu }: Candidate, all: readonly Candidate[]): number {
  if (textsPerSecond !== null) return Math.max(LEAST_TEXTS_PER_SECOND, textsPerSecond);
  const known = all.flatMap((one) =>
    one.gpu === gpu && one.textsPerSecond !== null ? one.textsPerSecond : [],
  );
  if (known.length === 0) return gpu ? GPU_TEXTS_PER_SECOND : CPU_TEXTS_PER_SECOND;
  return Math.max(LEAST_TEXTS_PER_SECOND, known.reduce((sum, one) => sum + one, 0) / known.length);
}

/** Those on a GPU, or all if there is none: a CPU is used where no GPU is. `fallback` says whether that is so. */
export function preferGpu(candidates: readonly Candidate[]): {
  candidates: readonly Candidate[];
  fallback: boolean;
} {
  const onGpu = candidates.filter(({ gpu }) => gpu);
  return onGpu.length > 0 ? { candidates: onGpu, fallback: false } : { candidates, fallback: true };
}
