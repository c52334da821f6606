import {
  Boxes,
  CircleQuestionMark,
  CornerDownLeft,
  FileClock,
  Folder,
  type LucideIcon,
  PanelLeft,
  Search,
  Server,
  SlidersHorizontal,
  Zap,
} from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { plural } from '../../../shared/units.ts';
import { lateScript } from '../../components/late-part.ts';
import { LiveRegion } from '../../components/live-region.tsx';
import { rowWindow } from '../../components/row-window.ts';
import { SpokenNews } from '../../components/spoken-news.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { coreStore } from '../../stores/core.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { selectJobs, useJobs } from '../../stores/jobs.ts';
import { optimizerStore } from '../../stores/optimizer.ts';
import { usePower } from '../../stores/power.ts';
import { selectSources, useSources } from '../../stores/sources.ts';
import { wakeStore } from '../../stores/wakes.ts';
import { buildEntries, type Group, type PaletteEntry, searchEntry } from './entries.ts';
import { helpEntries } from './palette-help.ts';
import { prepare, rank } from './rank.ts';
import { readRecent, rememberRecent } from './recent.ts';
import { runCommand } from './run.ts';

const icons: Record<Group, LucideIcon> = {
  Page: PanelLeft,
  Action: Zap,
  Node: Server,
  Model: Boxes,
  Folder: Folder,
  Run: FileClock,
  Setting: SlidersHorizontal,
  Search: Search,
  Help: CircleQuestionMark,
};

const loadGuide = lateScript(() => import('../help/guide.ts'));

const shown = 200;
const rowRem = 2.75;

/** A snapshot taken when the palette opens, so that the list does not move while it is used. */
function useEntries() {
  const ready = useFleet((state) => state.ready);
  const optimizerOn = optimizerStore.use((state) => state.entries.status?.on ?? null);
  const help = useHelpEntries();
  return useMemo(() => {
    void ready;
    return prepare([
      ...buildEntries({
        nodes: selectNodes(useFleet.getState()),
        sources: selectSources(useSources.getState()),
        jobs: selectJobs(useJobs.getState()),
        power: usePower.getState().entries,
        wakes: wakeStore.use.getState().entries,
        simulated: coreStore.use.getState().entries.status?.simulated ?? false,
        optimizerOn,
        desktop: window.pilotlight !== undefined,
        now: Date.now(),
      }),
      ...help,
    ]);
  }, [ready, optimizerOn, help]);
}

const noHelp: PaletteEntry[] = [];

/** The guide comes a moment later, at the end of the list, where nothing moves because of it. */
function useHelpEntries(): PaletteEntry[] {
  const [entries, setEntries] = useState(noHelp);
  useEffect(() => {
    let open = true;
    loadGuide().then(
      ({ guide }) => open && setEntries(helpEntries(guide)),
      // Without it, the palette finds everything else.
      () => {},
    );
    return () => {
      open = false;
    };
  }, []);
  return entries;
}

/** Everything that can be opened or run, by typing a few letters. A combobox over a list, in a native dialog. */
export default function Palette({ onClose }: { onClose(): void }) {
  useKeep(optimizerStore);
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const [scroll, setScroll] = useState({ top: 0, height: 440 });
  const [recent] = useState(readRecent);
  const [row] = useState(
    () => rowRem * Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
  );
  const prepared = useEntries();

  const { results, total } = useMemo(() => {
    const ranked = rank(prepared, query, { recent, limit: shown });
    const text = query.trim();
    return {
      results: text === '' ? ranked.entries : [...ranked.entries, searchEntry(text)],
      total: ranked.total,
    };
  }, [prepared, query, recent]);

  // A layout effect cleans up before the element is removed; only then does closing it restore the focus.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    const height = list.current?.clientHeight;
    if (height) setScroll({ top: 0, height });
    return () => element?.close();
  }, []);

  const current = Math.min(active, results.length - 1);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const top = current * row;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + row > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + row - element.clientHeight;
    }
  }, [current, row]);

  function choose(entry: PaletteEntry | undefined): void {
    if (!entry) return;
    if (entry.group !== 'Search') rememberRecent(entry.id);
    onClose();
    void runCommand(entry.command);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return;
    const page = Math.max(1, Math.floor(scroll.height / row) - 1);
    const last = results.length - 1;
    const to: Record<string, number> = {
      ArrowDown: current === last ? 0 : current + 1,
      ArrowUp: current <= 0 ? last : current - 1,
      PageDown: Math.min(last, current + page),
      PageUp: Math.max(0, current - page),
    };
    const next = to[event.key];
    if (next !== undefined) setActive(next);
    else if (event.key === 'Enter') choose(results[current]);
    else return;
    event.preventDefault();
  }

  const rows = rowWindow({ ...scroll, row, count: results.length, active: current });
  const optionId = (index: number) => `${id}-option-${index}`;
  const isTyped = query.trim() !== '';
  const counted =
    total > shown
      ? `${plural(total, 'result')}, showing the top ${shown}`
      : total === 0 && isTyped
        ? 'No results: search the index instead'
        : plural(total, 'result');

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog already; the click is on its backdrop.
    <dialog
      ref={dialog}
      aria-label="Command palette"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className="mx-auto mt-2 mb-0 max-h-[calc(100dvh-1rem)] w-[min(42rem,calc(100vw-1rem))] overflow-hidden rounded-2xl border border-line-strong bg-surface p-0 text-text shadow-(--shadow) sm:mt-[12dvh] sm:max-h-[76dvh]"
    >
      <div className="flex max-h-[inherit] flex-col">
        <div className="flex items-center gap-3 border-b border-line px-4">
          <Search size={18} aria-hidden="true" className="shrink-0 text-faint" />
          <input
            type="text"
            role="combobox"
            aria-label="Find a page, machine, model, setting or command"
            aria-expanded="true"
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            aria-activedescendant={results.length > 0 ? optionId(current) : undefined}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            enterKeyHint="go"
            placeholder="Type a command, machine, model or setting"
            value={query}
            maxLength={200}
            onChange={(event) => {
              setQuery(event.target.value);
              setActive(0);
            }}
            onKeyDown={onKeyDown}
            className="h-14 min-w-0 flex-1 bg-transparent text-base outline-none"
          />
          <button
            type="button"
            onClick={onClose}
            className="h-7 shrink-0 rounded-md border border-line px-2 text-xs text-soft hover:border-faint hover:text-text"
          >
            Close
          </button>
        </div>
        <div
          ref={list}
          id={`${id}-list`}
          role="listbox"
          aria-label="Results"
          tabIndex={-1}
          onScroll={({ currentTarget }) =>
            setScroll({ top: currentTarget.scrollTop, height: currentTarget.clientHeight })
          }
          className="h-[27.5rem] max-h-full min-h-0 shrink overflow-y-auto overscroll-contain outline-none"
        >
          <div role="presentation" className="relative" style={{ height: results.length * row }}>
            {rows.map((index) => {
              const entry = results[index];
              return (
                entry && (
                  <Option
                    key={entry.id}
                    id={optionId(index)}
                    entry={entry}
                    index={index}
                    count={results.length}
                    top={index * row}
                    height={row}
                    active={index === current}
                    onPoint={() => setActive(index)}
                    onChoose={() => choose(entry)}
                  />
                )
              );
            })}
          </div>
        </div>
        <div className="flex items-center gap-4 border-t border-line px-4 py-2.5 text-xs text-faint">
          <p className="min-w-0 flex-1 truncate">{counted}</p>
          <p className="hidden gap-4 sm:flex" aria-hidden="true">
            <span>↑ ↓ select</span>
            <span>↵ run</span>
            <span>esc close</span>
          </p>
        </div>
        <LiveRegion message={counted} everyMs={600} />
        <SpokenNews />
      </div>
    </dialog>
  );
}

function Option({
  id,
  entry,
  index,
  count,
  top,
  height,
  active,
  onPoint,
  onChoose,
}: {
  id: string;
  entry: PaletteEntry;
  index: number;
  count: number;
  top: number;
  height: number;
  active: boolean;
  onPoint(): void;
  onChoose(): void;
}) {
  const Icon = icons[entry.group];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's, as in every combobox.
    // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input, which names the active option.
    <div
      id={id}
      role="option"
      aria-selected={active}
      aria-setsize={count}
      aria-posinset={index + 1}
      onPointerMove={active ? undefined : onPoint}
      onClick={onChoose}
      style={{ top, height }}
      className={`absolute inset-x-2 flex cursor-pointer items-center gap-3 rounded-lg px-2.5 ${active ? 'bg-flame-wash' : ''}`}
    >
      <Icon size={16} aria-hidden="true" className={`shrink-0 ${active ? 'text-flame' : 'text-faint'}`} />
      <span className={`min-w-0 flex-1 truncate ${active ? 'text-flame-text' : ''}`}>{entry.title}</span>
      <span className="max-w-[45%] shrink-0 truncate text-xs text-faint">{entry.about || entry.group}</span>
      <CornerDownLeft
        size={14}
        aria-hidden="true"
        className={`hidden shrink-0 text-flame-text sm:block ${active ? '' : 'invisible'}`}
      />
    </div>
  );
}
