/** The requests at the gateway: the live list, their history, and whether prompts are kept. */
import { create } from 'zustand';
import type { PromptKeeping, RequestBucket } from '../../shared/models/requests.ts';
import type { HistoryRange } from '../../shared/models/telemetry.ts';
import type { Client } from '../client/index.ts';
import { createStreamStore } from './keyed.ts';

export const requestsStore = createStreamStore('requests');
export const useRequests = requestsStore.use;

/** No chart has more. */
const mostBuckets = 120;

/** Width of a bucket by range, seconds, and how long the range is, milliseconds. */
export const requestRanges: Record<HistoryRange, { seconds: number; spanMs: number }> = {
  hour: { seconds: 60, spanMs: 3_600_000 },
  day: { seconds: 720, spanMs: 24 * 3_600_000 },
  month: { seconds: 21_600, spanMs: 30 * 24 * 3_600_000 },
};

export interface RequestHistory {
  /** `loading` before the first answer; what was known stays while it is asked again. */
  state: 'loading' | 'ready' | 'failed';
  buckets: readonly RequestBucket[];
}

const noHistory: RequestHistory = { state: 'loading', buckets: [] };

export const useRequestHistories = create<Partial<Record<HistoryRange, RequestHistory>>>()(() => ({}));

export const useRequestHistory = (range: HistoryRange): RequestHistory =>
  useRequestHistories((state) => state[range] ?? noHistory);

export async function loadRequestHistory(
  client: Client,
  range: HistoryRange,
  signal: AbortSignal,
): Promise<void> {
  try {
    const buckets = await client.call('requests.history', { range, atMost: mostBuckets }, { signal });
    useRequestHistories.setState({ [range]: { state: 'ready', buckets } });
  } catch {
    if (signal.aborted) return;
    useRequestHistories.setState((state) => ({
      [range]: { ...(state[range] ?? noHistory), state: 'failed' },
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
