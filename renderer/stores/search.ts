import { create } from 'zustand';
import type { WireError } from '../../shared/contract/errors.ts';
import type { SearchResult } from '../../shared/models/indexing.ts';
import { toWireError } from '../client/errors.ts';
import type { Client } from '../client/index.ts';

export interface SearchState {
  text: string;
  /** One folder, or null for all. */
  sourceId: string | null;
  limit: number;
  busy: boolean;
  result: SearchResult | null;
  error: WireError | null;
}

const atFirst: SearchState = { text: '', sourceId: null, limit: 10, busy: false, result: null, error: null };

/** The search is kept while other pages are open. */
export const useSearch = create<SearchState>()(() => atFirst);

let running: AbortController | null = null;

/** Searches for the text in the box, cancelling any search in progress. */
export async function search(client: Client): Promise<void> {
  running?.abort();
  const { text, sourceId, limit } = useSearch.getState();
  if (text.trim() === '') {
    useSearch.setState({ busy: false, result: null, error: null });
    return;
  }
  const abort = new AbortController();
  running = abort;
  useSearch.setState({ busy: true });
  try {
    const result = await client.call(
      'index.search',
      { text: text.trim(), sourceIds: sourceId === null ? null : [sourceId], limit },
      { signal: abort.signal },
    );
    if (!abort.signal.aborted) useSearch.setState({ busy: false, result, error: null });
  } catch (error) {
    if (!abort.signal.aborted) useSearch.setState({ busy: false, result: null, error: toWireError(error) });
  }
}
