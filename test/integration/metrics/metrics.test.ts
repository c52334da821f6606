import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import type { NodeTraffic } from '../../../electron/core/gateway/model.ts';
import { createStatistics } from '../../../electron/core/gateway/statistics.ts';
import { createStreams, type Streams } from '../../../electron/core/runtime/streams.ts';
import { createMetrics, metricsRoute } from '../../../electron/transport/http/metrics.ts';
import { aFinishedRequest } from '../../fakes/gateway.ts';
import { createTestServer } from '../../fakes/http-server.ts';
import { findPromtool } from '../../fakes/promtool.ts';
import { aGatewayView, aGpu, aJob, aMove, aNode } from '../../fakes/records.ts';

const startedAt = Date.UTC(2026, 10, 21, 9);

const tool = findPromtool();

function start() {
  const streams = createStreams({ clock: createSystemClock(), epoch: 'run-1' });
  const statistics = createStatistics({ since: startedAt });
  const traffic: NodeTraffic[] = [];
  const waiting: [string, number][] = [];
  const metrics = createMetrics({
    streams,
    version: '0.1.0',
    startedAt,
    taskTotals: () => ({
      ended: [{ queue: 'gpu-tasks', state: 'failed', count: 2 }],
      added: { 'gpu-tasks': 9, celery: 4 },
      ...{ lost: 1, stored: 6, webhooksFailed: 0 },
    }),
    gateway: () => ({
      stats: statistics.read({ traffic, slotsOf: () => null, nameOf: () => 'a "b"\\\n' }),
      waiting,
      firstBytes: statistics.firstBytes(),
    }),
  });
  const value = async (name: string): Promise<number | undefined> => {
    const { text } = await metrics.read();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1).replace('Nan', 'NaN'));
  };
  return { streams, metrics, statistics, traffic, waiting, value };
}

function setTasks(streams: Streams): void {
  const counts = { waiting: 3, delayed: 0, active: 1, completed: 7, failed: 2, cancelled: 0 };
  streams.taskQueues.set('gpu-tasks', { queue: 'gpu-tasks', counts, workers: 1, oldestMs: 4500 });
  streams.taskWorkers.set('w1', {
    ...{ id: 'w1', name: 'tower', type: 'gpu', queues: ['gpu-tasks'], slots: 2, active: 1, version: '0' },
    ...{
      contentTypes: ['audio'],
      nodeId: null,
      state: 'online',
      seenAt: 1,
      startedAt: 1,
      done: 5,
      failed: 1,
    },
    ...{ load: { cpu: 0.5, memoryBytes: 1024 }, sharedFolder: false, trouble: null },
  });
}

function check(text: string): { status: number; output: string } {
  try {
    const output = execFileSync(tool ?? 'promtool', ['check', 'metrics'], { input: text, stdio: 'pipe' });
    return { status: 0, output: output.toString() };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer };
    return { status, output: stderr.toString() };
  }
}

describe.skipIf(tool === null)('promtool', () => {
  it('finds nothing to mend, idle or busy', async () => {
    const { streams, metrics, statistics, traffic, waiting } = start();
    expect(check((await metrics.read()).text)).toEqual({ status: 0, output: '' });
    streams.fleet.set('node_1', aNode());
    setTasks(streams);
    waiting.push(['m', 2]);
    streams.telemetry.set('node_1', {
      nodeId: 'node_1',
      at: 1,
      gpus: [aGpu()],
      host: null,
      vramByModel: {},
    });
    streams.fleet.set(
      'node_2',
      aNode({ id: 'node_2', name: 'a "b"\\\n', state: 'off', loaded: [], gpus: [] }),
    );
    streams.jobs.set('job_1', aJob());
    streams.moves.set('1', aMove());
    statistics.add([aFinishedRequest(), aFinishedRequest({ nodeId: null, outcome: 'refused' })], 1);
    traffic.push({ nodeId: 'node_1', breaker: 'open', inFlight: { 'llama3.2:3b': 2 } });
    streams.work.set('work', { at: 1, vectorsPerSecondByNode: { node_1: 12.5 } });
    expect(check((await metrics.read()).text)).toEqual({ status: 0, output: '' });
    streams.jobs.set('job_1', aJob({ etaMs: null }));
    expect(check((await metrics.read()).text)).toEqual({ status: 0, output: '' });
  });

  it('would find something', () => {
    expect(check('pilotlight_moves 1\n').status).not.toBe(0);
  });
});

describe('the metrics of a Recall server', () => {
  it('are 0 while nothing runs', async () => {
    const { value } = start();
    for (const name of ['job_running', 'progress_percent', 'total_files', 'processed_files', 'eta_seconds']) {
      expect([name, await value(`recall_index_${name}`)]).toEqual([name, 0]);
    }
  });

  it('follow the job', async () => {
    const { value, streams } = start();
    streams.jobs.set('job_1', aJob());
    expect(await value('recall_index_job_running')).toBe(1);
    expect(await value('recall_index_progress_percent')).toBe(45);
    expect(await value('recall_index_total_files')).toBe(40);
    expect(await value('recall_index_processed_files')).toBe(18);
    expect(await value('recall_index_eta_seconds')).toBe(65);
    streams.jobs.set('job_1', aJob({ etaMs: null }));
    expect(await value('recall_index_eta_seconds')).toBeNaN();
    streams.jobs.set('job_1', aJob({ status: 'completed', endedAt: startedAt + 1 }));
    expect(await value('recall_index_job_running')).toBe(0);
  });
});

describe('our own metrics', () => {
  it('show the fleet as it is, and forget what is gone', async () => {
    const { value, streams, metrics } = start();
    streams.fleet.set('node_1', aNode());
    streams.telemetry.set('node_1', {
      nodeId: 'node_1',
      at: 1,
      gpus: [aGpu()],
      host: null,
      vramByModel: {},
    });
    streams.fleet.set('node_2', aNode({ id: 'node_2', state: 'off', loaded: [] }));
    expect(await value('pilotlight_nodes{state="gpu-verified"}')).toBe(1);
    expect(await value('pilotlight_nodes{state="off"}')).toBe(1);
    expect(await value('pilotlight_node_vram_size_bytes{node="node_1",name="tower"}')).toBe(24e9);
    expect(await value('pilotlight_node_vram_used_bytes{node="node_1",name="tower"}')).toBe(5e9);
    expect(await value('pilotlight_model_gpu_ratio{node="node_1",name="tower",model="llama3.1:8b"}')).toBe(1);
    expect(await value('pilotlight_gpu_utilization_ratio{node="node_1",name="tower",gpu="gpu-0"}')).toBe(0.5);
    streams.fleet.delete('node_1');
    expect((await metrics.read()).text).not.toContain('node_1');
  });

  it('count moves of this run once, though the stream forgets them', async () => {
    const { value, streams } = start();
    streams.moves.set('1', aMove({ at: startedAt - 1 }));
    streams.moves.set('2', aMove({ id: 2 }));
    streams.moves.set('3', aMove({ id: 3, outcome: 'failed' }));
    expect(await value('pilotlight_moves_total{outcome="moved"}')).toBe(1);
    streams.moves.delete('2');
    streams.moves.set('4', aMove({ id: 4 }));
    expect(await value('pilotlight_moves_total{outcome="moved"}')).toBe(2);
    expect(await value('pilotlight_moves_total{outcome="failed"}')).toBe(1);
    expect(await value('pilotlight_moves_total{outcome="refused"}')).toBe(0);
  });

  it('count vectors by node over jobs, and never go back', async () => {
    const { value, streams } = start();
    streams.jobs.set('old', aJob({ id: 'old', status: 'completed', endedAt: startedAt - 1 }));
    streams.jobs.set('job_1', aJob());
    expect(await value('pilotlight_vectors_total{node="node_1"}')).toBe(100);
    expect(await value('pilotlight_fallback_vectors_total')).toBe(20);
    streams.jobs.delete('job_1');
    streams.jobs.set('job_2', aJob({ id: 'job_2' }));
    expect(await value('pilotlight_vectors_total{node="node_1"}')).toBe(200);
  });
});

describe('GET /metrics', () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  it('is for the index token or a bearer', async () => {
    const { metrics } = start();
    const test = createTestServer({ routes: [metricsRoute(metrics)], indexToken: 'scripts' });
    cleanups.push(test.close);
    const get = (authorization: string) =>
      test.app.inject({ method: 'GET', url: '/metrics', headers: { host: test.host, authorization } });
    expect((await get('')).statusCode).toBe(401);
    expect((await get('Bearer wrong')).json()).toEqual({ error: 'Unauthorized' });
    for (const token of ['scripts', test.controlToken]) {
      const reply = await get(`Bearer ${token}`);
      expect(reply.statusCode).toBe(200);
      expect(reply.headers['content-type']).toContain('text/plain; version=0.0.4');
      expect(reply.body).toContain('pilotlight_build_info{version="0.1.0"} 1');
    }
  });
});

describe('the metrics of the gateway', () => {
  it('count requests by node, dialect and how they ended, and show breakers', async () => {
    const { value, statistics, traffic, streams } = start();
    expect(await value('pilotlight_gateway_up')).toBe(0);
    streams.gateway.set('gateway', aGatewayView());
    statistics.add(
      [
        aFinishedRequest(),
        aFinishedRequest({ outcome: 'failed', retries: 1 }),
        aFinishedRequest({ nodeId: null, dialect: 'openai', outcome: 'refused' }),
      ],
      4,
    );
    traffic.push({ nodeId: 'node_1', breaker: 'half-open', inFlight: { m: 2 } });
    expect(await value('pilotlight_gateway_up')).toBe(1);
    const requests = (labels: string) => value(`pilotlight_gateway_requests_total{${labels}}`);
    expect(await requests('node="node_1",dialect="ollama",outcome="completed"')).toBe(1);
    expect(await requests('node="node_1",dialect="ollama",outcome="failed"')).toBe(1);
    expect(await requests('node="",dialect="openai",outcome="refused"')).toBe(1);
    expect(await value('pilotlight_gateway_retries_total')).toBe(1);
    expect(await value('pilotlight_gateway_unreported_requests_total')).toBe(4);
    expect(await value('pilotlight_gateway_tokens_total{node="node_1",direction="out"}')).toBe(40);
    const name = 'name="a \\"b\\"\\\\\\n"';
    expect(await value(`pilotlight_gateway_in_flight_requests{node="node_1",${name}}`)).toBe(2);
    const breaker = (state: string) =>
      value(`pilotlight_gateway_breaker_state{node="node_1",${name},state="${state}"}`);
    expect([await breaker('half-open'), await breaker('closed')]).toEqual([1, 0]);
    // Read again, it is the same: counters are those of the statistics.
    expect(await value('pilotlight_gateway_retries_total')).toBe(1);
  });

  it('have the times to the first byte as a histogram', async () => {
    const { value, metrics, statistics } = start();
    for (const firstByteMs of [0.5, 2, 200, 5000, null])
      statistics.add([aFinishedRequest({ firstByteMs })], 0);
    statistics.add([aFinishedRequest({ firstByteMs: 10_000_000 })], 0);
    const node = 'node="node_1",name="a \\"b\\"\\\\\\n"';
    const bucket = (le: string) =>
      value(`pilotlight_gateway_time_to_first_byte_seconds_bucket{le="${le}",${node}}`);
    expect([await bucket('0.001'), await bucket('0.00249'), await bucket('+Inf')]).toEqual([1, 2, 5]);
    expect(await value(`pilotlight_gateway_time_to_first_byte_seconds_count{${node}}`)).toBe(5);
    expect(await value(`pilotlight_gateway_time_to_first_byte_seconds_sum{${node}}`)).toBeCloseTo(
      10_005.2025,
    );
    const { text } = await metrics.read();
    expect(text).toContain('# TYPE pilotlight_gateway_time_to_first_byte_seconds histogram');
    const counts = [...text.matchAll(/first_byte_seconds_bucket\{.+\} (\d+)/g)].map(([, count]) =>
      Number(count),
    );
    expect(counts).toEqual(counts.toSorted((one, other) => one - other));
  });

  it('have what waits, by no more models than are worth a line', async () => {
    const { value, waiting } = start();
    waiting.push(...Array.from({ length: 30 }, (_, index): [string, number] => [`m${index}`, 30 - index]));
    const depth = (model: string) => value(`pilotlight_gateway_waiting_requests{model="${model}"}`);
    expect([await depth('m0'), await depth('m19'), await depth('m20')]).toEqual([30, 11, undefined]);
    expect(await depth('(others)')).toBe(55);
    waiting.length = 0;
    expect(await depth('m0')).toBeUndefined();
  });

  it('count what was refused, also at the door', async () => {
    const { value, statistics } = start();
    statistics.add([aFinishedRequest({ nodeId: null, outcome: 'refused', code: 'QUEUE_FULL' })], 0);
    statistics.turnedAway([
      ['GATEWAY_KEY_NEEDED', 3],
      ['NO_SUCH_PATH', 1],
    ]);
    const refusals = (code: string) => value(`pilotlight_gateway_refusals_total{code="${code}"}`);
    expect([
      await refusals('QUEUE_FULL'),
      await refusals('GATEWAY_KEY_NEEDED'),
      await refusals('NO_SUCH_PATH'),
    ]).toEqual([1, 3, 1]);
  });
});

describe('the metrics of tasks', () => {
  it('have queues, workers and how tasks ended', async () => {
    const { streams, value } = start();
    setTasks(streams);
    const worker = 'worker="w1",name="tower",type="gpu"';
    expect(await value('pilotlight_tasks{queue="gpu-tasks",state="waiting"}')).toBe(3);
    expect(await value('pilotlight_tasks_oldest_seconds{queue="gpu-tasks"}')).toBe(4.5);
    expect(await value('pilotlight_tasks_queue_workers{queue="gpu-tasks"}')).toBe(1);
    expect(await value('pilotlight_tasks_added_total{queue="celery"}')).toBe(4);
    expect(await value('pilotlight_tasks_ended_total{queue="gpu-tasks",state="failed"}')).toBe(2);
    expect(await value('pilotlight_tasks_lost_total')).toBe(1);
    expect(await value('pilotlight_tasks_stored_total')).toBe(6);
    expect(await value(`pilotlight_tasks_worker_state{${worker},state="online"}`)).toBe(1);
    expect(await value(`pilotlight_tasks_worker_state{${worker},state="lost"}`)).toBe(0);
    expect(await value(`pilotlight_tasks_worker_ended_total{${worker},outcome="done"}`)).toBe(5);
    expect(await value(`pilotlight_tasks_worker_memory_bytes{${worker}}`)).toBe(1024);
    // A counter is read again, not added up.
    expect(await value('pilotlight_tasks_added_total{queue="celery"}')).toBe(4);
  });
});
