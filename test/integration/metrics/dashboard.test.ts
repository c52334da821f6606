import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import { createStatistics } from '../../../electron/core/gateway/statistics.ts';
import { createStreams } from '../../../electron/core/runtime/streams.ts';
import { createMetrics } from '../../../electron/transport/http/metrics.ts';

const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

async function metricNames(): Promise<Set<string>> {
  const statistics = createStatistics({ since: 0 });
  const metrics = createMetrics({
    streams: createStreams({ clock: createSystemClock(), epoch: 'run-1' }),
    version: '0.1.0',
    startedAt: 0,
    gateway: () => ({
      stats: statistics.read({ traffic: [], slotsOf: () => null, nameOf: (id) => id }),
      waiting: [],
      firstBytes: statistics.firstBytes(),
    }),
  });
  const { text } = await metrics.read();
  const names = new Set<string>();
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    names.add(name);
    if (type === 'histogram') for (const part of ['bucket', 'sum', 'count']) names.add(`${name}_${part}`);
  }
  return names;
}

const usedIn = (text: string) => new Set(text.match(/\b(?:pilotlight|recall)_[a-z_]+\b/g) ?? []);

it.each(['grafana-dashboard.json', 'monitoring.md'])('%s names only metrics that exist', async (name) => {
  const there = await metricNames();
  const used = [...usedIn(read(name))].filter((one) => one !== 'recall_index_');
  expect(used.length).toBeGreaterThan(4);
  expect(used.filter((one) => !there.has(one))).toEqual([]);
});

it('draws every panel of the dashboard in a place of its own, 24 columns wide', () => {
  const { panels } = JSON.parse(read('grafana-dashboard.json'));
  const taken = new Set<string>();
  for (const { gridPos, title } of panels) {
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x} ${y}`), title).toBe(false);
        taken.add(`${x} ${y}`);
      }
    }
  }
});
