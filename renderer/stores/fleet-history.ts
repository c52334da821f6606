/** The kept history of the whole fleet: VRAM, work and what waited. */
import { create } from 'zustand';
import type { HistorySpan, NodeBucket, QueueBucket, WorkBucket } from '../../shared/models/telemetry.ts';
import { periodText } from '../charts/period.ts';
import type { Client } from '../client/index.ts';
import { mostBuckets } from './node-buckets.ts';

export interface FleetHistory {
  /** `loading` before the first answer; what was known stays while it is asked again. */
  state: 'loading' | 'ready' | 'failed';
  /** All nodes together. */
  all: readonly NodeBucket[];
  work: readonly WorkBucket[];
  queues: readonly QueueBucket[];
}

const none: FleetHistory = { state: 'loading', all: [], work: [], queues: [] };
const useHistories = create<Record<string, FleetHistory>>()(() => ({}));

export const useFleetHistory = (period: HistorySpan): FleetHistory =>
  useHistories((state) => state[periodText(period)] ?? none);

export async function loadFleetHistory(
  client: Client,
  period: HistorySpan,
  signal: AbortSignal,
): Promise<void> {
  const key = periodText(period);
  const asked = { range: period, atMost: mostBuckets };
  try {
    const [all, work, queues] = await Promise.all([
      client.call('telemetry.buckets', asked, { signal }),
      client.call('telemetry.workBuckets', asked, { signal }),
      client.call('telemetry.queueBuckets', asked, { signal }),
    ]);
    useHistories.setState({ [key]: { state: 'ready', all, work, queues } });
  } catch {
    if (signal.aborted) return;
    useHistories.setState((state) => ({ [key]: { ...(state[key] ?? none), state: 'failed' } }));
  }
}
