import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createRunnerStatistics } from '../../../electron/core/runner/runner-statistics.ts';
import { createRunnerMetrics } from '../../../electron/transport/http/runner-metrics.ts';
import type { RunnerView } from '../../../shared/models/runner.ts';

it('the metrics of a runner are those of its view', async () => {
  let now = 0;
  const statistics = createRunnerStatistics({ clock: { monotonic: () => now } });
  const batch = (tookMs: number, own: { ok?: boolean; gpu?: boolean } = {}) => {
    const end = statistics.begin();
    now += tookMs;
    end({ ok: true, items: 32, tookMs, gpu: true, fallback: false, ...own });
  };
  for (let count = 0; count < 9; count += 1) batch(40);
  batch(2000, { ok: false });
  const view: RunnerView = {
    nodeId: 'tower',
    name: 'Tower',
    from: 'agent',
    url: 'http://127.0.0.1:8765',
    sharedFrom: null,
    state: 'ready',
    problem: null,
    status: null,
    breaker: 'half-open',
    pulls: [],
    client: statistics.view(true),
  };
  const registry = new Registry();
  const totals = [{ nodeId: 'tower', name: 'Tower', ...statistics.totals() }];
  createRunnerMetrics(registry).set([view], totals);
  const lines = (await registry.metrics()).split('\n').filter((line) => !line.startsWith('#'));
  const labels = 'node="tower",name="Tower"';
  for (const wanted of [
    `pilotlight_runner_up{${labels}} 1`,
    `pilotlight_runner_batches_total{${labels},outcome="ok"} 9`,
    `pilotlight_runner_batches_total{${labels},outcome="failed"} 1`,
    `pilotlight_runner_items_total{${labels}} 288`,
    `pilotlight_runner_breaker_state{${labels},state="half-open"} 1`,
    `pilotlight_runner_breaker_state{${labels},state="closed"} 0`,
    `pilotlight_runner_hour_batches{${labels},below_seconds="0.05"} 9`,
    `pilotlight_runner_hour_batches{${labels},below_seconds="0.025"} 0`,
    `pilotlight_runner_target_met{${labels},target="success"} 0`,
    `pilotlight_runner_target_met{${labels},target="latency"} 1`,
    `pilotlight_runner_target_met{${labels},target="gpu"} 1`,
    `pilotlight_runner_target_met{${labels},target="fallback"} 1`,
  ]) {
    expect(lines).toContain(wanted);
  }
});
