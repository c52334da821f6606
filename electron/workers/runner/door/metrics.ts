/** The runner's counts for Prometheus, by the names of text-embeddings-inference and by its own. Pure. */
import type { RunnerStatus } from '../../../../shared/models/runner.ts';

interface Metric {
  name: string;
  type: 'counter' | 'gauge' | 'summary';
  help: string;
  values: readonly (readonly [labels: string, value: number])[];
}

function metricsOf({
  totals,
  queue,
  latencyMs,
  ready,
  provider,
  models,
  uptimeSeconds,
}: RunnerStatus): Metric[] {
  const one = (value: number): Metric['values'] => [['', value]];
  const seconds = (ms: number) => ms / 1000;
  return [
    {
      name: 'te_request_count',
      type: 'counter',
      help: 'Requests for vectors, tokens and faces.',
      values: one(totals.requests),
    },
    {
      name: 'te_request_success',
      type: 'counter',
      help: 'Requests that were answered.',
      values: one(totals.requests - totals.failed),
    },
    {
      name: 'te_request_failure',
      type: 'counter',
      help: 'Requests that failed in the runner.',
      values: one(totals.failed),
    },
    {
      name: 'te_request_duration',
      type: 'summary',
      help: 'Seconds of the last 1024 requests.',
      values:
        latencyMs === null
          ? []
          : [
              ['{quantile="0.5"}', seconds(latencyMs.p50)],
              ['{quantile="0.95"}', seconds(latencyMs.p95)],
              ['{quantile="0.99"}', seconds(latencyMs.p99)],
            ],
    },
    {
      name: 'te_embed_count',
      type: 'counter',
      help: 'Texts that became vectors.',
      values: one(totals.texts),
    },
    {
      name: 'te_queue_size',
      type: 'gauge',
      help: 'Texts and pictures that wait.',
      values: one(queue.queries + queue.bulk + queue.pictures),
    },
    {
      name: 'pilotlight_runner_process_ready',
      type: 'gauge',
      help: 'Whether the inference process serves (1) or not (0).',
      values: one(ready ? 1 : 0),
    },
    {
      name: 'pilotlight_runner_process_on_gpu',
      type: 'gauge',
      help: 'Whether a GPU is used (1) or the CPU (0).',
      values: one(provider === 'cpu' ? 0 : 1),
    },
    {
      name: 'pilotlight_runner_process_models_ready',
      type: 'gauge',
      help: 'Models in memory.',
      values: one(models.filter(({ state }) => state === 'ready').length),
    },
    {
      name: 'pilotlight_runner_process_pictures_total',
      type: 'counter',
      help: 'Pictures that were searched for faces or became vectors.',
      values: one(totals.pictures),
    },
    {
      name: 'pilotlight_runner_process_speech_seconds_total',
      type: 'counter',
      help: 'Seconds of recordings that were heard.',
      values: totals.speechSeconds === undefined ? [] : one(totals.speechSeconds),
    },
    {
      name: 'pilotlight_runner_process_uptime_seconds',
      type: 'gauge',
      help: 'Seconds since the runner started.',
      values: one(uptimeSeconds),
    },
  ];
}

/** In Prometheus' text format. What is not known yet is left out. */
export const metricsText = (status: RunnerStatus): string =>
  metricsOf(status)
    .filter(({ values }) => values.length > 0)
    .map(
      ({ name, type, help, values }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${values.map(([labels, value]) => `${name}${labels} ${value}\n`).join('')}`,
    )
    .join('');
