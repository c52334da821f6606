/** The requests at the gateway: the live list, their history, and whether prompts are kept. */
import { create } from 'zustand';
import type { PromptKeeping, RequestBucket } from '../../shared/models/requests.ts';
import type { HistoryRange, HistorySpan } from '../../shared/models/telemetry.ts';
import { periodText } from '../charts/period.ts';
import type { Client } from '../client/index.ts';
import { createStreamStore } from './keyed.ts';
import { mostBuckets, rangeSeconds } from './node-buckets.ts';

export const requestsStore = createStreamStore('requests');
export const useRequests = requestsStore.use;

/** Width of a bucket by range, seconds. */
const requestSeconds: Readonly<Record<HistoryRange, number>> = {
  ...rangeSeconds,
  'fifteen-minutes': 60,
  hour: 60,
};

/** The width of the buckets of a period, seconds; the core chooses it for a time between two moments. */
export const requestSecondsOf = (period: HistorySpan, buckets: readonly { seconds: number }[]): number =>
  typeof period === 'string' ? requestSeconds[period] : (buckets[0]?.seconds ?? 60);

export interface RequestHistory {
  /** `loading` before the first answer; what was known stays while it is asked again. */
  state: 'loading' | 'ready' | 'failed';
  buckets: readonly RequestBucket[];
}

const noHistory: RequestHistory = { state: 'loading', buckets: [] };

export const useRequestHistories = create<Record<string, RequestHistory>>()(() => ({}));

export const useRequestHistory = (period: HistorySpan): RequestHistory =>
  useRequestHistories((state) => state[periodText(period)] ?? noHistory);

export async function loadRequestHistory(
  client: Client,
  period: HistorySpan,
  signal: AbortSignal,
): Promise<void> {
  const key = periodText(period);
  try {
    const asked = { range: period, atMost: mostBuckets };
    const buckets = await client.call('requests.history', asked, { signal });
    useRequestHistories.setState({ [key]: { state: 'ready', buckets } });
  } catch {
    if (signal.aborted) return;
    useRequestHistories.setState((state) => ({
      [key]: { ...(state[key] ?? noHistory), state: 'failed' },
    }));
  }
}

/** null while it is not known. */
export const usePromptKeeping = create<{ keeping: PromptKeeping | null }>()(() => ({ keeping: null }));

export async function loadPromptKeeping(client: Client): Promise<void> {
  try {
    usePromptKeeping.setState({ keeping: await client.call('requests.promptKeeping', {}) });
  } catch {
    // Unknown is never "off": the switch is not shown then.
    usePromptKeeping.setState({ keeping: null });
  }
}

export async function keepPrompts(client: Client, on: boolean): Promise<void> {
  usePromptKeeping.setState({ keeping: await client.call('requests.keepPrompts', { on }) });
}
