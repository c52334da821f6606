import { create } from 'zustand';
import type { WireError } from '../../shared/contract/errors.ts';
import type { FileType, SearchResult } from '../../shared/models/indexing.ts';
import { toWireError } from '../client/errors.ts';
import type { Client } from '../client/index.ts';

export interface SearchQuery {
  text: string;
  /** One folder, or null for all. */
  sourceId: string | null;
  /** One kind of files, or null for all. */
  type: FileType | null;
}

export interface SearchState {
  /** What was asked for last, with how many hits. */
  asked: (SearchQuery & { limit: number }) | null;
  busy: boolean;
  result: SearchResult | null;
  error: WireError | null;
}

const atFirst: SearchState = { asked: null, busy: false, result: null, error: null };

/** The search is kept while other pages are open. */
export const useSearch = create<SearchState>()(() => atFirst);

let running: AbortController | null = null;

export const isAsked = (query: SearchQuery): boolean => {
  const { asked } = useSearch.getState();
  return asked?.text === query.text.trim() && asked.sourceId === query.sourceId && asked.type === query.type;
};

/** Cancels any search in progress. An empty text clears the result. */
export async function search(client: Client, { text, sourceId, type }: SearchQuery, limit: number) {
  running?.abort();
  const wanted = text.trim();
  if (wanted === '') {
    useSearch.setState(atFirst);
    return;
  }
  const abort = new AbortController();
  running = abort;
  useSearch.setState({ asked: { text: wanted, sourceId, type, limit }, busy: true });
  try {
    const result = await client.call(
      'index.search',
      {
        text: wanted,
        sourceIds: sourceId === null ? null : [sourceId],
        types: type === null ? null : [type],
        limit,
      },
      { signal: abort.signal },
    );
    if (!abort.signal.aborted) useSearch.setState({ busy: false, result, error: null });
  } catch (error) {
    if (!abort.signal.aborted) useSearch.setState({ busy: false, result: null, error: toWireError(error) });
  }
}
