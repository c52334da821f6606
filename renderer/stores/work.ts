import { create } from 'zustand';
import type { WorkSample } from '../../shared/models/telemetry.ts';
import type { Client } from '../client/index.ts';
import { bucketCount, bucketMs } from './history.ts';
import { createStreamStore } from './keyed.ts';

export const workStore = createStreamStore('work');

/** The last hour of work, oldest first. */
export const useWork = create<{ samples: readonly WorkSample[] }>()(() => ({ samples: [] }));

const hourMs = 3_600_000;

/** Adds samples, each moment once, and forgets what is older than an hour before the newest. */
export function mergeWork(known: readonly WorkSample[], more: readonly WorkSample[]): WorkSample[] {
  const all = isAfter(known, more) ? [...known, ...more] : sortedOnce([...known, ...more]);
  const oldest = (all.at(-1)?.at ?? 0) - hourMs;
  const kept = all.findIndex((sample) => sample.at > oldest);
  return kept > 0 ? all.slice(kept) : all;
}

/** The usual frame: one sample, newer than all before it. */
const isAfter = (known: readonly WorkSample[], more: readonly WorkSample[]) =>
  more.length === 1 && (more[0]?.at ?? 0) > (known.at(-1)?.at ?? 0);

/** The last of those at the same moment stays. */
function sortedOnce(samples: readonly WorkSample[]): WorkSample[] {
  const byTime = new Map(samples.map((sample) => [sample.at, sample]));
  return [...byTime.values()].toSorted((a, b) => a.at - b.at);
}

workStore.onFrame((frame) => {
  const more = frame.set.map(([, sample]) => sample);
  if (more.length > 0) useWork.setState((state) => ({ samples: mergeWork(state.samples, more) }));
});

/** Fetches the last hour; what is known already stays. */
export async function seedWork(client: Client): Promise<void> {
  try {
    const samples = await client.call('telemetry.work', {});
    useWork.setState((state) => ({ samples: mergeWork(samples, state.samples) }));
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
