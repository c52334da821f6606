import { Search } from 'lucide-react';
import { plural } from '../../../shared/units.ts';
import { PlacementGlyph } from '../../components/glyphs.tsx';
import type { LoadedCounts, MatrixFilter } from './filter.ts';

/** Counts of loaded models, and filters for a large fleet. */
export function MatrixTools({
  counts,
  filter,
  onFilter,
  shown,
}: {
  counts: LoadedCounts;
  filter: MatrixFilter;
  onFilter(filter: MatrixFilter): void;
  shown: { models: number; machines: number };
}) {
  return (
    <div className="mb-3 flex flex-wrap items-center gap-x-5 gap-y-2">
      <ul className="flex flex-wrap gap-x-4 gap-y-1 text-[0.8125rem]" aria-label="Loaded models by location">
        <Count at="gpu" label={`${counts.gpu} on the GPU`} />
        {counts.partial > 0 && <Count at="partial" label={`${counts.partial} partly on the GPU`} />}
        <Count at="cpu" label={`${counts.cpu} on the CPU`} />
        {counts.pinned > 0 && <li className="text-soft">{counts.pinned} pinned</li>}
      </ul>
      <search className="ml-auto flex flex-wrap items-center gap-2">
        <Toggle on={filter.loaded} onChange={(loaded) => onFilter({ ...filter, loaded })}>
          Loaded only
        </Toggle>
        <Toggle on={filter.awake} onChange={(awake) => onFilter({ ...filter, awake })}>
          Awake only
        </Toggle>
        <label className="relative">
          <span className="sr-only">Filter models and machines by name</span>
          <Search
            size={14}
            aria-hidden="true"
            className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-faint"
          />
          <input
            type="search"
            value={filter.text}
            placeholder="Model or machine"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onFilter({ ...filter, text: event.target.value })}
            className="h-8 w-52 max-w-full rounded-lg border border-line-strong bg-surface pr-2 pl-8 text-[0.8125rem] hover:border-faint"
          />
        </label>
      </search>
      <p role="status" className="sr-only">
        {`${plural(shown.models, 'model')} on ${plural(shown.machines, 'machine')}`}
      </p>
    </div>
  );
}

function Count({ at, label }: { at: 'gpu' | 'partial' | 'cpu'; label: string }) {
  return (
    <li className="flex items-center gap-1.5">
      <PlacementGlyph at={at} size={14} /> {label}
    </li>
  );
}

export function Toggle({
  on,
  onChange,
  children,
}: {
  on: boolean;
  onChange(on: boolean): void;
  children: React.ReactNode;
}) {
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={() => onChange(!on)}
      className="h-8 rounded-full border border-line-strong px-3 text-[0.8125rem] text-soft hover:border-faint hover:text-text aria-pressed:border-flame aria-pressed:bg-flame-wash aria-pressed:text-flame-text"
    >
      {children}
    </button>
  );
}
