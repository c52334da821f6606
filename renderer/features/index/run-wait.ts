/** What a run waits for, and what a person can do about it. Pure. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { IndexJob, SourceView } from '../../../shared/models/indexing.ts';
import { isServing } from '../../../shared/models/serving.ts';

export interface RunWait {
  /** The machine that is woken, or on which the model is loaded; null for another wait. */
  nodeId: string | null;
  /** It may be told to use the CPU: a machine that serves has the model. */
  mayUseCpu: boolean;
  /** When nothing comes of it, it continues on the CPU by itself. */
  fallsBack: boolean;
}

/** null while it works. */
export function runWait(
  job: Pick<IndexJob, 'status' | 'phase' | 'phaseNodeId' | 'useGpu' | 'sourceIds'>,
  sources: readonly SourceView[],
  nodes: readonly NodeView[],
): RunWait | null {
  const { status, phase, useGpu } = job;
  if (status !== 'running' || (phase !== 'waking' && phase !== 'waiting' && phase !== 'placing')) return null;
  const own = sources.filter(({ id }) => job.sourceIds.includes(id));
  const digests = own.flatMap(({ embedder }) => (embedder.kind === 'model' ? [embedder.digest] : []));
  const serves = nodes.some(
    ({ state, installed }) => isServing(state) && installed.some(({ digest }) => digests.includes(digest)),
  );
  const mayUseCpu = useGpu && serves;
  return {
    nodeId: job.phaseNodeId ?? null,
    mayUseCpu,
    fallsBack: mayUseCpu && phase === 'waking' && own.some(({ whenGpuGone }) => whenGpuGone === 'use-cpu'),
  };
}
