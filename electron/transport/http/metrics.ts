import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Registry } from 'prom-client';
import { isServing, nodeStateSchema } from '../../../shared/models/fleet.ts';
import { type IndexJob, jobProgress } from '../../../shared/models/indexing.ts';
import { moveOutcomeSchema } from '../../../shared/models/placement.ts';
import { usedVramBytes } from '../../../shared/vram.ts';
import type { RunnersService } from '../../core/runner/model.ts';
import type { Streams } from '../../core/runtime/streams.ts';
import type { TasksService } from '../../core/tasks/model.ts';
import { createGatewayMetrics, type GatewayNow } from './gateway-metrics.ts';
import { mayReadJobs, refuseScript } from './recall.ts';
import { currentJob } from './recall-shapes.ts';
import { createRunnerMetrics } from './runner-metrics.ts';
import { createTaskMetrics } from './task-metrics.ts';

export interface MetricsOptions {
  streams: Streams;
  version: string;
  /** Milliseconds since the epoch: the start time of the counters. */
  startedAt: number;
  /** What the gateway has counted since then, and what waits there now. */
  gateway(): Omit<GatewayNow, 'isRunning'>;
  /** What the runners have been sent since then. */
  runnerTotals?: RunnersService['totals'];
  /** What has been counted of tasks since then. */
  taskTotals?: TasksService['totals'];
}

export interface Metrics {
  /** The Prometheus text format, read from the streams at this moment. */
  read(): Promise<{ contentType: string; text: string }>;
}

/** The five gauges of a Recall server, and our own. Bytes, seconds, ratios (0 to 1), degrees Celsius, watts. */
export function createMetrics({
  streams,
  version,
  startedAt,
  gateway: readGateway,
  runnerTotals = () => [],
  taskTotals,
}: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name, help, labelNames, registers });

  const recall = {
    running: gauge('recall_index_job_running', 'Whether an index job runs (1) or not (0).'),
    percent: gauge('recall_index_progress_percent', 'Progress of the index job, 0 to 100.'),
    total: gauge('recall_index_total_files', 'Files of the index job.'),
    processed: gauge('recall_index_processed_files', 'Files of the index job that need no more work.'),
    eta: gauge('recall_index_eta_seconds', 'Time left of the index job; NaN while unknown.'),
  };
  const runners = createRunnerMetrics(registry);
  const info = gauge('pilotlight_build_info', 'Always 1; the version is a label.', ['version']);
  const nodes = gauge('pilotlight_nodes', 'Nodes by state.', ['state']);
  const node = ['node', 'name'];
  const nodeUp = gauge('pilotlight_node_serving', 'Whether the inference server of a node answers.', node);
  const wedged = gauge('pilotlight_node_wedged', 'Whether the Ollama of a node starts no more loads.', node);
  const gpuLost = gauge('pilotlight_node_gpu_lost', 'Whether the GPU of a node is lost to its server.', node);
  const vramSize = gauge('pilotlight_node_vram_size_bytes', 'VRAM of a node, if known.', node);
  const vramUsed = gauge('pilotlight_node_vram_used_bytes', 'VRAM in use on a node, if known.', node);
  const gpuLabels = ['node', 'name', 'gpu'];
  const gpuBusy = gauge('pilotlight_gpu_utilization_ratio', 'Share of time a GPU was busy.', gpuLabels);
  const gpuHeat = gauge('pilotlight_gpu_temperature_celsius', 'Temperature of a GPU.', gpuLabels);
  const gpuPower = gauge('pilotlight_gpu_power_watts', 'Power draw of a GPU.', gpuLabels);
  const model = ['node', 'name', 'model'];
  const modelSize = gauge('pilotlight_model_size_bytes', 'Memory of a loaded model, GPU and CPU.', model);
  const modelVram = gauge('pilotlight_model_vram_bytes', 'VRAM of a loaded model.', model);
  const modelShare = gauge('pilotlight_model_gpu_ratio', 'Share of a loaded model in VRAM.', model);
  const moves = counter('pilotlight_moves_total', 'Moves of models since the start, by outcome.', [
    'outcome',
  ]);
  const vectors = counter(
    'pilotlight_vectors_total',
    'Vectors embedded by running and finished jobs, by node.',
    ['node'],
  );
  const fallback = counter(
    'pilotlight_fallback_vectors_total',
    'Vectors embedded on a CPU because no GPU was available.',
  );
  const rate = gauge('pilotlight_vectors_per_second', 'Vectors embedded per second, by node.', ['node']);
  const jobFiles = gauge('pilotlight_index_job_files', 'Files of the index job, by result.', ['result']);
  const optimizer = gauge('pilotlight_optimizer_on', 'Whether the optimizer is on.');

  const gateway = createGatewayMetrics(registry);
  const tasks = createTaskMetrics(registry);

  const countedMoves = createMoveCount(startedAt);
  const countedVectors = createVectorCount(startedAt);

  function readFleet(): void {
    for (const state of nodeStateSchema.options) nodes.set({ state }, 0);
    for (const view of streams.fleet.values()) {
      const labels = { node: view.id, name: view.name };
      nodes.inc({ state: view.state });
      nodeUp.set(labels, isServing(view.state) ? 1 : 0);
      wedged.set(labels, view.wedged === null ? 0 : 1);
      gpuLost.set(labels, view.gpuLost === null ? 0 : 1);
      if (view.vram.totalBytes !== null) vramSize.set(labels, view.vram.totalBytes);
      const sample = streams.telemetry.get(view.id);
      const usedBytes = usedVramBytes(view, sample);
      if (usedBytes !== null) vramUsed.set(labels, usedBytes);
      for (const gpu of sample?.gpus ?? []) {
        const gpuLabels = { ...labels, gpu: gpu.id };
        if (gpu.utilisationPercent !== null) gpuBusy.set(gpuLabels, gpu.utilisationPercent / 100);
        if (gpu.temperatureCelsius !== null) gpuHeat.set(gpuLabels, gpu.temperatureCelsius);
        if (gpu.powerWatts !== null) gpuPower.set(gpuLabels, gpu.powerWatts);
      }
      for (const loaded of view.loaded) {
        const modelLabels = { ...labels, model: loaded.name };
        modelSize.set(modelLabels, loaded.sizeBytes);
        modelVram.set(modelLabels, loaded.vramBytes);
        modelShare.set(modelLabels, loaded.gpuShare);
      }
    }
  }

  function readJobs(): void {
    const all = streams.jobs.values().sort((one, other) => other.createdAt - one.createdAt);
    const job = currentJob(all);
    const { processed, total, percent } =
      job === null ? { processed: 0, total: 0, percent: 0 } : jobProgress(job);
    recall.running.set(job === null ? 0 : 1);
    recall.percent.set(percent);
    recall.total.set(total);
    recall.processed.set(processed);
    const etaSeconds = job?.etaMs == null ? Number.NaN : job.etaMs / 1000;
    recall.eta.set(job === null ? 0 : etaSeconds);
    for (const result of ['done', 'unchanged', 'removed', 'failed', 'skipped'] as const) {
      jobFiles.set({ result }, job?.files[result] ?? 0);
    }
    const counted = countedVectors(all);
    for (const [id, count] of counted.byNode) vectors.inc({ node: id }, count);
    fallback.inc(counted.fallback);
    for (const [id, perSecond] of Object.entries(streams.work.get('work')?.vectorsPerSecondByNode ?? {})) {
      rate.set({ node: id }, perSecond);
    }
  }

  return {
    async read() {
      registry.resetMetrics();
      info.set({ version }, 1);
      optimizer.set(streams.optimizer.get('status')?.on ? 1 : 0);
      readFleet();
      readJobs();
      gateway.set({ ...readGateway(), isRunning: streams.gateway.get('gateway')?.state === 'running' });
      runners.set(streams.runners.values(), runnerTotals());
      tasks.set(streams.taskQueues.values(), streams.taskWorkers.values(), taskTotals?.() ?? null);
      const byOutcome = countedMoves(streams.moves.values());
      for (const outcome of moveOutcomeSchema.options) moves.inc({ outcome }, byOutcome.get(outcome) ?? 0);
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** `GET /metrics`, for a key that may view or follow tasks: models and machines are private. */
export function metricsRoute(metrics: Metrics): (app: FastifyInstance) => void {
  return (app) => {
    app.get('/metrics', async (request, reply) => {
      if (!mayReadJobs(request)) return refuseScript(request, reply);
      const { contentType, text } = await metrics.read();
      return reply.type(contentType).send(text);
    });
  };
}

/**
 * The stream contains only the newest moves, including those of earlier runs: each move of this run is counted once,
 * when it first appears. A counter never decreases, however short the stream is.
 */
function createMoveCount(startedAt: number) {
  const counts = new Map<string, number>();
  let lastId = -1;
  return (seen: readonly { id: number; at: number; outcome: string }[]): ReadonlyMap<string, number> => {
    for (const move of [...seen].sort((one, other) => one.id - other.id)) {
      if (move.id <= lastId) continue;
      lastId = move.id;
      if (move.at >= startedAt) counts.set(move.outcome, (counts.get(move.outcome) ?? 0) + 1);
    }
    return counts;
  };
}

/** The highest vector count of each job and node, summed; jobs that finished before this run are left out. */
function createVectorCount(startedAt: number) {
  const byNode = new Map<string, number>();
  const seen = new Map<string, number>();
  let fallback = 0;

  /** How much a value has grown since the last call. */
  function growth(key: string, value: number): number {
    const before = seen.get(key) ?? 0;
    if (value <= before) return 0;
    seen.set(key, value);
    return value - before;
  }

  return (jobs: readonly IndexJob[]) => {
    for (const job of jobs) {
      if (job.endedAt !== null && job.endedAt < startedAt) continue;
      for (const share of job.nodes) {
        const more = growth(`${job.id} ${share.nodeId}`, share.vectors);
        byNode.set(share.nodeId, (byNode.get(share.nodeId) ?? 0) + more);
      }
      fallback += growth(`${job.id} fallback`, job.fallbackVectors);
    }
    return { byNode, fallback };
  };
}
