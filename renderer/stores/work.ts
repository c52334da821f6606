import { create } from 'zustand';
import type { WorkSample } from '../../shared/models/telemetry.ts';
import type { Client } from '../client/index.ts';
import { bucketCount, bucketMs } from './history.ts';
import { createStreamStore } from './keyed.ts';
import { mergeSamples } from './samples.ts';

export const workStore = createStreamStore('work');

/** The last hour of work, oldest first. */
export const useWork = create<{ samples: readonly WorkSample[] }>()(() => ({ samples: [] }));

workStore.onFrame((frame) => {
  const more = frame.set.map(([, sample]) => sample);
  if (more.length > 0) useWork.setState((state) => ({ samples: mergeSamples(state.samples, more) }));
});

/** Fetches the last hour; what is known already stays. */
export async function seedWork(client: Client): Promise<void> {
  try {
    const samples = await client.call('telemetry.work', {});
    useWork.setState((state) => ({ samples: mergeSamples(samples, state.samples) }));
  } catch {
    // The stream continues; the hour is fetched again when a chart opens.
  }
}

export interface WorkHour {
  nodeIds: string[];
  rows: { at: number; rates: Record<string, number> }[];
}

/** The last hour up to `now` in 120 buckets: the mean of the samples of a bucket. */
export function workHour(samples: readonly WorkSample[], now: number): WorkHour {
  const end = Math.floor(now / bucketMs) * bucketMs;
  const rows: (WorkHour['rows'][number] & { samples: number })[] = [];
  for (let index = bucketCount - 1; index >= 0; index -= 1) {
    rows.push({ at: end - index * bucketMs, rates: {}, samples: 0 });
  }
  const byTime = new Map(rows.map((row) => [row.at, row]));
  const nodeIds = new Set<string>();
  for (const sample of samples) {
    const row = byTime.get(Math.floor(sample.at / bucketMs) * bucketMs);
    if (!row) continue;
    row.samples += 1;
    for (const [nodeId, rate] of Object.entries(sample.vectorsPerSecondByNode)) {
      if (rate <= 0) continue;
      nodeIds.add(nodeId);
      row.rates[nodeId] = (row.rates[nodeId] ?? 0) + rate;
    }
  }
  for (const row of rows) {
    for (const nodeId of Object.keys(row.rates)) row.rates[nodeId] = (row.rates[nodeId] ?? 0) / row.samples;
  }
  return { nodeIds: [...nodeIds], rows: rows.map(({ at, rates }) => ({ at, rates })) };
}
