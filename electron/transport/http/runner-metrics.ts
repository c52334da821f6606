/** The metrics of the ONNX runners, as the core's client sees them. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { RunnerView } from '../../../shared/models/runner.ts';
import type { RunnersService } from '../../core/runner/model.ts';

export interface RunnerMetrics {
  set(views: readonly RunnerView[], totals: ReturnType<RunnersService['totals']>): void;
}

const breakerStates = ['closed', 'half-open', 'open'] as const;
const targets = ['success', 'latency', 'gpu', 'fallback'] as const;

export function createRunnerMetrics(registry: Registry): RunnerMetrics {
  const registers = [registry];
  const node = ['node', 'name'];
  const gauge = (name: string, help: string, labels: string[] = []) =>
    new Gauge({ name, help, labelNames: [...node, ...labels], registers });
  const counter = (name: string, help: string, labels: string[] = []) =>
    new Counter({ name, help, labelNames: [...node, ...labels], registers });

  const up = gauge('pilotlight_runner_up', 'Whether the runner of a node is ready (1) or not (0).');
  const batches = counter('pilotlight_runner_batches_total', 'Batches sent to a runner, by how they ended.', [
    'outcome',
  ]);
  const items = counter('pilotlight_runner_items_total', 'Texts and pictures that a runner has answered.');
  const onGpu = counter('pilotlight_runner_gpu_batches_total', 'Batches that a GPU made.');
  const fallbacks = counter(
    'pilotlight_runner_fallback_batches_total',
    'Batches that a CPU made, because no GPU was available.',
  );
  const speed = gauge('pilotlight_runner_items_per_second', 'Texts and pictures a second while it worked.');
  const breaker = gauge(
    'pilotlight_runner_breaker_state',
    'State of the breaker of a runner: 1 for the present one. An open one gets no batches.',
    ['state'],
  );
  const latency = gauge(
    'pilotlight_runner_batch_seconds',
    'Time of a batch over the last hour: the median (0.5), the 95th and the 99th percentile.',
    ['share'],
  );
  const below = gauge(
    'pilotlight_runner_hour_batches',
    'Batches of the last hour that took less than so many seconds; `any` counts all.',
    ['below_seconds'],
  );
  const target = gauge(
    'pilotlight_runner_target_met',
    'Whether a target is met (1) or missed (0): success, latency, gpu, fallback. Left out while unknown.',
    ['target'],
  );

  return {
    set(views, totals) {
      for (const view of views) {
        const labels = { node: view.nodeId, name: view.name };
        const { client } = view;
        up.set(labels, view.state === 'ready' ? 1 : 0);
        for (const state of breakerStates) breaker.set({ ...labels, state }, view.breaker === state ? 1 : 0);
        if (client.perSecond !== null) speed.set(labels, client.perSecond);
        if (client.latencyMs !== null) {
          latency.set({ ...labels, share: '0.5' }, client.latencyMs.p50 / 1000);
          latency.set({ ...labels, share: '0.95' }, client.latencyMs.p95 / 1000);
          latency.set({ ...labels, share: '0.99' }, client.latencyMs.p99 / 1000);
        }
        let sum = 0;
        for (const { belowMs, count } of client.histogram) {
          sum += count;
          below.set({ ...labels, below_seconds: belowMs === null ? 'any' : String(belowMs / 1000) }, sum);
        }
        for (const name of targets) {
          const { met } = client.targets[name];
          if (met !== null) target.set({ ...labels, target: name }, met ? 1 : 0);
        }
      }
      for (const { nodeId, name, ...count } of totals) {
        const labels = { node: nodeId, name };
        batches.inc({ ...labels, outcome: 'ok' }, count.batches - count.failed);
        batches.inc({ ...labels, outcome: 'failed' }, count.failed);
        items.inc(labels, count.items);
        onGpu.inc(labels, count.onGpu);
        fallbacks.inc(labels, count.fallbacks);
      }
    },
  };
}
