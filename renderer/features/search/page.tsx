import { Clock, Info, Search } from 'lucide-react';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { FileType } from '../../../shared/models/indexing.ts';
import { formatDuration, plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { FilterChoice } from '../../components/filters.tsx';
import { cardClass, Empty, Loading, Page, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useMedia } from '../../components/use-media.ts';
import { isAsked, search, useSearch } from '../../stores/search.ts';
import { selectSources, useSources } from '../../stores/sources.ts';
import { textOf } from '../../texts.ts';
import { openDialog } from '../shell/open-dialog.ts';
import { takeTyped, useSearchFocus } from '../shell/search-focus.ts';
import { fileTypes, readSearch, type SearchAddress, searchHash } from './address.ts';
import { DocumentPane } from './document-pane.tsx';
import { groupHits } from './groups.ts';
import { FileCard } from './hit.tsx';
import { forgetSearches, readSearches, rememberSearch } from './recent-searches.ts';

const few = 20;
const many = 100;
const typeNames: Record<FileType, string> = {
  markdown: 'Markdown',
  page: 'Web pages',
  code: 'Code and data',
  text: 'Plain text',
  document: 'Documents',
};

/** Finds passages, by words and by meaning, and shows them in their files. */
export default function SearchPage() {
  const { address, change, go } = useAddress(readSearch, searchHash);
  const sourcesState = useSources();
  const sources = useMemo(() => selectSources(sourcesState), [sourcesState]);
  const state = useSearch();
  const isWide = useMedia('(min-width: 75rem)');
  const input = useRef<HTMLInputElement>(null);
  const results = useRef<HTMLDivElement>(null);
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);

  const { text, sourceId, type, opened } = address;
  // As it is typed, and at once for an address that was opened.
  const isFirst = useRef(true);
  useEffect(() => {
    const query = { text, sourceId, type };
    const wait = isFirst.current ? 0 : 250;
    isFirst.current = false;
    if (isAsked(query) && text.trim() !== '') return;
    waiting.current = setTimeout(() => void search(client, query, few), wait);
    return () => clearTimeout(waiting.current);
  }, [text, sourceId, type]);

  // After the effects of the page's frame, which moves the focus to its heading.
  const focusAsked = useSearchFocus((focus) => focus.asked);
  const focusSeen = useRef(-1);
  const textAtFirst = useRef(text);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new wish moves the focus
  useEffect(() => {
    const isNew = focusSeen.current !== focusAsked;
    focusSeen.current = focusAsked;
    const isWanted = focusAsked > 0 || (textAtFirst.current === '' && matchMedia('(pointer: fine)').matches);
    if (!isNew || !isWanted) return;
    const typed = takeTyped();
    input.current?.select();
    if (typed !== '') change({ text: typed });
  }, [focusAsked]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const hits = [...(results.current?.querySelectorAll<HTMLElement>('[data-hit]') ?? [])];
    const at = hits.indexOf(event.target as HTMLElement);
    const isInInput = event.target === input.current;
    if (at < 0 && !(isInInput && event.key === 'ArrowDown')) return;
    if (event.key === 'Escape' || (event.key === 'ArrowUp' && at === 0)) input.current?.select();
    else if (event.key === 'ArrowDown') hits[at + 1]?.focus();
    else if (event.key === 'ArrowUp') hits[at - 1]?.focus();
    else if (event.key === 'Home') hits[0]?.focus();
    else if (event.key === 'End') hits.at(-1)?.focus();
    else return;
    event.preventDefault();
  }

  const passages = sources.reduce((sum, source) => sum + source.chunks, 0);
  const empty = sourcesState.ready && sources.length === 0;
  const hasPane = isWide && opened !== null;
  return (
    <Page
      title="Search"
      summary={
        sourcesState.ready &&
        sources.length > 0 &&
        `${plural(passages, 'passage')} in ${plural(sources.length, 'folder')}`
      }
    >
      {empty ? (
        <Empty
          title="Nothing to search yet"
          actions={
            <Button tone="primary" onClick={() => openDialog({ dialog: 'folder' })}>
              Add a folder
            </Button>
          }
        >
          Add a folder and index it. Then find passages in its files here, by their words and by what they
          mean.
        </Empty>
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the box and the hits in it.
        <div
          onKeyDown={onKeyDown}
          className={`grid grid-cols-[minmax(0,1fr)] items-start gap-6 ${hasPane ? 'min-[75rem]:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]' : 'max-w-[64rem]'}`}
        >
          <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
            <search>
              <form
                className="flex flex-wrap gap-2"
                onSubmit={(event) => {
                  event.preventDefault();
                  clearTimeout(waiting.current);
                  rememberSearch(text);
                  void search(client, address, few);
                }}
              >
                <label className="relative min-w-0 basis-full">
                  <span className="sr-only">Search your folders</span>
                  <Search size={18} aria-hidden="true" className="absolute top-3 left-3.5 text-faint" />
                  <input
                    ref={input}
                    type="search"
                    value={text}
                    maxLength={2000}
                    autoComplete="off"
                    enterKeyHint="search"
                    aria-keyshortcuts="/"
                    placeholder="Search your folders"
                    onChange={(event) => change({ text: event.target.value })}
                    className="h-11 w-full rounded-xl border border-line-strong bg-surface pr-3 pl-10.5 text-base hover:border-faint"
                  />
                  {text === '' && (
                    <span
                      aria-hidden="true"
                      className="absolute top-3 right-3 rounded border border-line px-1.5 text-2xs text-faint max-sm:hidden"
                    >
                      /
                    </span>
                  )}
                </label>
                <FilterChoice
                  label="Folder to search"
                  all="All folders"
                  value={sourceId}
                  options={sources.map(({ id, name }) => [id, name])}
                  nameOf={() => 'A folder that was removed'}
                  onChange={(chosen) => change({ sourceId: chosen })}
                />
                <FilterChoice
                  label="Kind of files"
                  all="All kinds of files"
                  value={type}
                  options={fileTypes.map((one) => [one, typeNames[one]])}
                  onChange={(chosen) => change({ type: fileTypes.find((one) => one === chosen) ?? null })}
                />
              </form>
            </search>
            <div ref={results} className="grid grid-cols-[minmax(0,1fr)] gap-3">
              {text.trim() === '' ? (
                <RecentSearches ready={sourcesState.ready} onChoose={(chosen) => change({ text: chosen })} />
              ) : (
                <Results address={address} state={state} />
              )}
            </div>
          </div>
          {opened !== null && (
            <DocumentPane
              opened={opened}
              shape={isWide ? 'beside' : 'over'}
              onClose={() => {
                go({ opened: null });
                const hit = `${opened.sourceId}:${opened.path}:${opened.startByte}`;
                results.current?.querySelector<HTMLElement>(`[data-hit="${CSS.escape(hit)}"]`)?.focus();
              }}
            />
          )}
        </div>
      )}
    </Page>
  );
}

function RecentSearches({ ready, onChoose }: { ready: boolean; onChoose(text: string): void }) {
  const [texts, setTexts] = useState(readSearches);
  if (!ready)
    return (
      <Loading what="the folders">
        <Skeleton className="h-24" />
      </Loading>
    );
  if (texts.length === 0)
    return (
      <p className="rounded-xl border border-dashed border-line px-4 py-8 text-center text-soft">
        Type a few words, or a question. Matching passages appear here.
      </p>
    );
  return (
    <section aria-label="Recent searches">
      <div className="flex items-center justify-between">
        <h2 className="text-sm font-semibold">Recent searches</h2>
        <Button
          size="small"
          tone="quiet"
          onClick={() => {
            forgetSearches();
            setTexts([]);
          }}
        >
          Clear
        </Button>
      </div>
      <ul className="mt-1 grid">
        {texts.map((text) => (
          <li key={text}>
            <button
              type="button"
              data-hit={text}
              onClick={() => onChoose(text)}
              className="flex w-full min-w-0 items-center gap-3 rounded-lg px-2 py-2 text-left text-soft hover:bg-raised hover:text-text"
            >
              <Clock size={14} aria-hidden="true" className="shrink-0 text-faint" />
              <span className="truncate">{text}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Results({
  address,
  state: { asked, busy, result, error },
}: {
  address: SearchAddress;
  state: ReturnType<typeof useSearch.getState>;
}) {
  const [weakOf, setWeakOf] = useState<string | null>(null);
  const strong = result?.hits.filter(({ weak }) => !weak) ?? [];
  const weak = result?.hits.filter(({ weak: isWeak }) => isWeak) ?? [];
  // Shown for one query only: the next one folds them again.
  const showsWeak = result !== null && weakOf === result.query;
  const shown = showsWeak ? [...strong, ...weak] : strong;
  const files = groupHits(shown);

  // A search that led to a passage is worth keeping.
  const openedKey = address.opened === null ? null : searchHash(address);
  useEffect(() => {
    if (openedKey !== null) rememberSearch(readSearch(openedKey).text);
  }, [openedKey]);

  return (
    <>
      <p className="min-h-4 text-xs text-faint" role="status">
        {busy
          ? 'Searching…'
          : result &&
            `${plural(shown.length, 'passage')} in ${plural(files.length, 'file')} · ${formatDuration(result.tookMs)}`}
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
      {files.length > 0 && (
        <ol className="grid grid-cols-[minmax(0,1fr)] gap-3" aria-label="Results">
          {files.map((file) => (
            <FileCard key={file.key} file={file} address={address} />
          ))}
        </ol>
      )}
      {result && shown.length === 0 && (
        <p className={`${cardClass} px-4 py-8 text-center text-soft`}>
          {weak.length > 0
            ? `Nothing clearly matches “${result.query}”.`
            : `No results for “${result.query}”. Try fewer or different words.`}
        </p>
      )}
      {result && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-[0.8125rem] text-soft">
          {weak.length > 0 && !showsWeak && (
            <Button size="small" tone="quiet" onClick={() => setWeakOf(result.query)}>
              {plural(weak.length, 'weaker match', 'weaker matches')} · show
            </Button>
          )}
          {asked && result.hits.length >= asked.limit && asked.limit < many && (
            <Button size="small" tone="quiet" onClick={() => void search(client, address, many)}>
              Show more results
            </Button>
          )}
        </div>
      )}
      {busy && !result && (
        <Loading what="results">
          <div className="grid gap-3">
            <Skeleton className="h-32" />
            <Skeleton className="h-32" />
          </div>
        </Loading>
      )}
    </>
  );
}
