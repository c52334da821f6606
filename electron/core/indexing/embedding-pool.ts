/** The pool of nodes that embed for one source. */
import type { JobNodeShare, SourceRecord } from '../../../shared/models/indexing.ts';
import type { HealthTracker } from '../acquire/node-health.ts';
import { type PoolWorker, runPool } from '../acquire/pool.ts';
import { embedOnNode } from './embedding-worker.ts';
import type { IndexingDependencies } from './model.ts';
import { createPoolReport, type JobReport, leasePurpose } from './pool-report.ts';
import type { QueryTurns } from './query-turns.ts';
import type { TimeReport } from './time-spent.ts';
import type { Batch, QueuedText, WorkQueue } from './work-queue.ts';

export interface EmbeddingReport extends JobReport {
  times: TimeReport;
  share(node: { nodeId: string; name: string; placement: JobNodeShare['placement'] }, vectors: number): void;
}

export interface EmbeddingPoolOptions {
  dependencies: Pick<IndexingDependencies, 'clock' | 'random' | 'log' | 'fleet' | 'acquire' | 'telemetry'>;
  source: Pick<SourceRecord, 'name' | 'wake' | 'whenGpuGone'>;
  model: { digest: string; name: string };
  useGpu: boolean;
  batchSize: number;
  queue: WorkQueue;
  queries: QueryTurns;
  health: HealthTracker;
  report: EmbeddingReport;
  /** `fallback`: a CPU made them because no GPU was available. */
  onVectors(batch: Batch, vectors: readonly Float32Array[], fallback: boolean): void;
  onRefused(text: QueuedText, error: unknown): void;
}

/** Runs until the signal aborts; rejects with its reason, or with an error that ends the job. */
export function runEmbeddingPool(options: EmbeddingPoolOptions, signal: AbortSignal): Promise<void> {
  const { dependencies, source, model, useGpu, report, health } = options;
  const { clock, random, log, fleet, acquire, telemetry } = dependencies;
  const probeSoon = (nodeId: string) => fleet.probeSoon(nodeId);
  const pool = createPoolReport({ report, source, modelName: model.name, log, probeSoon });
  let succeeded = false;

  function placementOf({ nodeId, placement, model: name }: PoolWorker): JobNodeShare['placement'] {
    const loaded = fleet.get(nodeId)?.loaded.find((entry) => entry.name === name);
    return placement ?? loaded?.placement ?? 'cpu';
  }

  return runPool(
    {
      acquire,
      fleet,
      clock,
      health,
      model,
      purpose: leasePurpose(source),
      by: 'job',
      gpu: useGpu ? 'needed' : 'avoided',
      mayWake: useGpu && source.wake,
      whenGpuGone: source.whenGpuGone,
      events: pool.events,
      work: (task) =>
        embedOnNode(
          {
            clock,
            random,
            probeSoon,
            queue: options.queue,
            queries: options.queries,
            batchSize: options.batchSize,
            isLocal: fleet.get(task.worker.nodeId)?.kind === 'this-computer',
            times: report.times,
            anySuccess: () => succeeded,
            onVectors({ worker }, batch, vectors) {
              succeeded = true;
              const { nodeId, name } = worker;
              pool.answered(nodeId);
              report.share({ nodeId, name, placement: placementOf(worker) }, vectors.length);
              telemetry.recordVectors(nodeId, vectors.length);
              options.onVectors(batch, vectors, worker.fallback);
            },
            onRefused: options.onRefused,
          },
          task,
        ),
    },
    signal,
  );
}
