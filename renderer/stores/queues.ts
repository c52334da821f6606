/** What waited in the last hour: batches to embed, requests at the gateway. */
import { create } from 'zustand';
import type { QueueKind, QueueSample } from '../../shared/models/requests.ts';
import type { Client } from '../client/index.ts';
import { bucketCount, bucketMs } from './history.ts';
import { createStreamStore } from './keyed.ts';
import { mergeSamples } from './samples.ts';

export const queuesStore = createStreamStore('queues');

/** Oldest first. */
export const useQueues = create<{ samples: readonly QueueSample[] }>()(() => ({ samples: [] }));

queuesStore.onFrame((frame) => {
  const more = frame.set.map(([, sample]) => sample);
  if (more.length > 0) useQueues.setState((state) => ({ samples: mergeSamples(state.samples, more) }));
});

/** Fetches the last hour; what is known already stays. */
export async function seedQueues(client: Client): Promise<void> {
  try {
    const samples = await client.call('telemetry.queues', {});
    useQueues.setState((state) => ({ samples: mergeSamples(samples, state.samples) }));
  } catch {
    // The stream continues; the hour is fetched again when a chart opens.
  }
}

export interface QueueHour {
  /** The kinds that waited at any time. */
  kinds: QueueKind[];
  /** How many waited at most in each bucket, oldest first. */
  rows: { at: number; waiting: Partial<Record<QueueKind, number>> }[];
}

/** The last hour up to `now` in 120 buckets: the most that waited, because a short queue would vanish in a mean. */
export function queueHour(samples: readonly QueueSample[], now: number): QueueHour {
  const end = Math.floor(now / bucketMs) * bucketMs;
  const rows: QueueHour['rows'] = Array.from({ length: bucketCount }, (_, index) => ({
    at: end - (bucketCount - 1 - index) * bucketMs,
    waiting: {},
  }));
  const byTime = new Map(rows.map((row) => [row.at, row]));
  const kinds = new Set<QueueKind>();
  for (const sample of samples) {
    const row = byTime.get(Math.floor(sample.at / bucketMs) * bucketMs);
    if (!row) continue;
    for (const [name, count] of Object.entries(sample.waiting)) {
      if (count <= 0) continue;
      const kind = name as QueueKind;
      kinds.add(kind);
      row.waiting[kind] = Math.max(row.waiting[kind] ?? 0, count);
    }
  }
  return { kinds: [...kinds].toSorted(), rows };
}
