import { Search, X } from 'lucide-react';
import { Button } from '../../components/button.tsx';
import { toggled } from '../activity/filter.ts';
import { type choicesIn, isFiltered, noFilter, type RequestFilter, stateGroups } from './filter.ts';
import { groupLabels } from './request-text.ts';

const pill =
  'inline-flex h-8 items-center gap-1.5 rounded-full border border-line-strong px-3 text-[0.8125rem] text-soft transition-colors hover:border-faint hover:text-text aria-pressed:border-flame aria-pressed:bg-flame-wash aria-pressed:text-flame-text';
const box = 'h-9 min-w-0 rounded-lg border border-line-strong bg-surface hover:border-faint';

/** Filters by text, state, model, machine and program. */
export function Filters({
  filter,
  choices,
  nodeName,
  onChange,
}: {
  filter: RequestFilter;
  choices: ReturnType<typeof choicesIn>;
  nodeName(nodeId: string): string;
  onChange(filter: RequestFilter): void;
}) {
  return (
    <search className="mb-3 grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap gap-2">
        <label className="relative min-w-0 flex-1 basis-56 max-sm:basis-full">
          <span className="sr-only">Search requests</span>
          <Search size={16} aria-hidden="true" className="absolute top-2.5 left-3 text-faint" />
          <input
            type="search"
            value={filter.text}
            placeholder="Search requests"
            maxLength={200}
            onChange={(event) => onChange({ ...filter, text: event.target.value })}
            className={`${box} w-full pr-3 pl-9`}
          />
        </label>
        <Choice
          label="Model"
          all="All models"
          value={filter.model}
          options={choices.models.map((model) => [model, model])}
          onChange={(model) => onChange({ ...filter, model })}
        />
        <Choice
          label="Machine"
          all="All machines"
          value={filter.nodeId}
          options={choices.nodeIds.map((nodeId) => [nodeId, nodeName(nodeId)])}
          onChange={(nodeId) => onChange({ ...filter, nodeId })}
        />
        <Choice
          label="Program"
          all="All programs"
          value={filter.program}
          options={choices.programs.map((program) => [program, program || 'Unnamed program'])}
          onChange={(program) => onChange({ ...filter, program })}
        />
      </div>
      <div className="flex min-h-8 flex-wrap items-center gap-2">
        <fieldset className="flex min-w-0 flex-wrap gap-2">
          <legend className="sr-only">Filter by state</legend>
          {stateGroups.map((group) => (
            <button
              key={group}
              type="button"
              aria-pressed={filter.groups.has(group)}
              onClick={() => onChange({ ...filter, groups: toggled(filter.groups, group) })}
              className={pill}
            >
              {groupLabels[group]}
            </button>
          ))}
        </fieldset>
        {isFiltered(filter) && (
          <Button size="small" tone="quiet" onClick={() => onChange(noFilter)}>
            <X size={14} aria-hidden="true" /> Clear filters
          </Button>
        )}
      </div>
    </search>
  );
}

/** One of what the requests have, or all. A choice from the address stays, also if no request has it now. */
function Choice({
  label,
  all,
  value,
  options,
  onChange,
}: {
  label: string;
  all: string;
  value: string | null;
  options: readonly (readonly [value: string, name: string])[];
  onChange(value: string | null): void;
}) {
  const missing = value !== null && !options.some(([one]) => one === value);
  // Prefixed, because a program without a name has an empty one.
  return (
    <select
      aria-label={label}
      value={value === null ? 'all' : `=${value}`}
      onChange={({ target }) => onChange(target.value === 'all' ? null : target.value.slice(1))}
      className={`${box} px-2 max-sm:flex-1 max-sm:basis-0 sm:max-w-48`}
    >
      <option value="all">{all}</option>
      {options.map(([one, name]) => (
        <option key={one} value={`=${one}`}>
          {name}
        </option>
      ))}
      {missing && <option value={`=${value}`}>{value || 'Unnamed program'}</option>}
    </select>
  );
}
