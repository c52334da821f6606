import { Info, Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { SourceView } from '../../../shared/models/indexing.ts';
import { formatDuration, plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass, Loading, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { search, useSearch } from '../../stores/search.ts';
import { textOf } from '../../texts.ts';
import { Hit } from './hit.tsx';

/** Search as you type, by keywords and vectors combined. */
export function SearchPanel({ sources }: { sources: readonly SourceView[] }) {
  const { text, sourceId, limit, busy, result, error } = useSearch();
  const [weakOf, setWeakOf] = useState<string | null>(null);
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(waiting.current), []);

  function change(
    patch: Partial<{ text: string; sourceId: string | null; limit: number }>,
    wait: number,
  ): void {
    useSearch.setState({ limit: 10, ...patch });
    clearTimeout(waiting.current);
    waiting.current = setTimeout(() => void search(client), wait);
  }

  const strong = result?.hits.filter(({ weak }) => !weak) ?? [];
  const weak = result?.hits.filter(({ weak }) => weak) ?? [];
  // Shown for one query only: the next one folds them again.
  const showsWeak = result !== null && weakOf === result.query;
  const shown = showsWeak ? [...strong, ...weak] : strong;

  return (
    <div className="grid gap-3">
      <search>
        <form
          className="flex flex-wrap gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            change({}, 0);
          }}
        >
          <label className="relative min-w-0 flex-1 basis-56">
            <span className="sr-only">Search your folders</span>
            <Search size={16} aria-hidden="true" className="absolute top-2.5 left-3 text-faint" />
            <input
              type="search"
              value={text}
              maxLength={2000}
              placeholder="Search your folders"
              onChange={(event) => change({ text: event.target.value }, 250)}
              className="h-9 w-full rounded-lg border border-line-strong bg-surface pr-3 pl-9 hover:border-faint"
            />
          </label>
          {sources.length > 1 && (
            <select
              aria-label="Folder to search"
              value={sourceId ?? ''}
              onChange={(event) => change({ sourceId: event.target.value || null }, 0)}
              className="h-9 max-w-48 rounded-lg border border-line-strong bg-surface px-2"
            >
              <option value="">All folders</option>
              {sources.map((source) => (
                <option key={source.id} value={source.id}>
                  {source.name}
                </option>
              ))}
            </select>
          )}
        </form>
      </search>

      <p className="min-h-4 text-xs text-faint" role="status">
        {result && !busy && `${plural(shown.length, 'result')} in ${formatDuration(result.tookMs)}`}
        {busy && 'Searching…'}
      </p>

      {error && <Problem message={error.message} next={error.next} code={error.code} />}
      {result?.notices.map(textOf).map((notice) => (
        <p
          key={notice}
          className="flex items-start gap-2 rounded-lg border border-line-strong bg-surface px-3 py-2 text-[0.8125rem] text-soft"
        >
          <Info size={14} aria-hidden="true" className="mt-0.5 shrink-0 text-amber" />
          {notice}
        </p>
      ))}
      {result && shown.length > 0 && (
        <ol className="grid gap-2" aria-label="Results">
          {shown.map((hit) => (
            <Hit key={`${hit.sourceId}:${hit.path}:${hit.startByte}`} hit={hit} />
          ))}
        </ol>
      )}
      {result && result.hits.length >= limit && limit < 50 && (
        <Button
          size="small"
          tone="quiet"
          className="justify-self-start"
          onClick={() => change({ limit: 50 }, 0)}
        >
          Show more results
        </Button>
      )}
      {result && weak.length > 0 && !showsWeak && (
        <p className="flex flex-wrap items-center gap-x-2 text-[0.8125rem] text-soft">
          {plural(weak.length, 'weaker match', 'weaker matches')}
          <Button size="small" tone="quiet" onClick={() => setWeakOf(result.query)}>
            Show
          </Button>
        </p>
      )}
      {result && shown.length === 0 && (
        <p className={`${cardClass} px-4 py-8 text-center text-soft`}>
          No results for “{result.query}”. Try fewer or different words.
        </p>
      )}
      {busy && !result && (
        <Loading what="results">
          <div className="grid gap-2">
            <Skeleton className="h-24" />
            <Skeleton className="h-24" />
          </div>
        </Loading>
      )}
      {!busy && !result && !error && (
        <p className="rounded-xl border border-dashed border-line px-4 py-8 text-center text-soft">
          {sources.length === 0
            ? 'Index a folder to search it here.'
            : 'Type a few words. Matching passages appear here.'}
        </p>
      )}
    </div>
  );
}
