/** The four targets of a runner. Pure. */
import type { RunnerView } from '../../../shared/models/runner.ts';

export interface Counted {
  batches: number;
  failed: number;
  /** Batches that a GPU made. */
  onGpu: number;
  /** Batches that a CPU made, because no GPU was available. */
  fallbacks: number;
  p95Ms: number | null;
  /** Whether its machine is known to have a GPU that a runner can use. */
  hasGpu: boolean;
}

export const LEAST_SUCCESS = 0.95;
export const MOST_P95_MS = 500;
export const LEAST_GPU = 0.8;
export const MOST_FALLBACKS = 0.05;

type Targets = RunnerView['client']['targets'];
type Target = Targets[keyof Targets];

const unmeasured: Target = { value: null, met: null };

/** The GPU and the fallbacks count only where there is a GPU: a machine without one misses no target. */
export function targetsOf(counted: Counted): Targets {
  const { batches, failed, onGpu, fallbacks, p95Ms, hasGpu } = counted;
  const succeeded = batches - failed;
  const share = (part: number, whole: number, met: (value: number) => boolean): Target =>
    whole === 0 ? unmeasured : { value: part / whole, met: met(part / whole) };
  return {
    success: share(succeeded, batches, (value) => value > LEAST_SUCCESS),
    latency: p95Ms === null ? unmeasured : { value: p95Ms, met: p95Ms < MOST_P95_MS },
    gpu: hasGpu ? share(onGpu, succeeded, (value) => value > LEAST_GPU) : unmeasured,
    fallback: hasGpu ? share(fallbacks, batches, (value) => value < MOST_FALLBACKS) : unmeasured,
  };
}
