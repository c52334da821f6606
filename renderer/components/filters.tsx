/** The parts of a filter bar above a list. */
import { Search, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { toggled } from './toggled.ts';

const pill =
  'inline-flex h-8 items-center gap-1.5 rounded-full border border-line-strong px-3 text-[0.8125rem] text-soft transition-colors hover:border-faint hover:text-text aria-pressed:border-flame aria-pressed:bg-flame-wash aria-pressed:text-flame-text';
const box = 'h-9 min-w-0 rounded-lg border border-line-strong bg-surface hover:border-faint';

export const FilterBar = ({ children }: { children: ReactNode }) => (
  <search className="mb-3 grid grid-cols-[minmax(0,1fr)] gap-3">{children}</search>
);

export const FilterRow = ({ children }: { children: ReactNode }) => (
  <div className="flex min-h-8 flex-wrap items-center gap-2">{children}</div>
);

export const SearchBox = ({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange(text: string): void;
}) => (
  <label className="relative min-w-0 flex-1 basis-56 max-sm:basis-full">
    <span className="sr-only">{label}</span>
    <Search size={16} aria-hidden="true" className="absolute top-2.5 left-3 text-faint" />
    <input
      type="search"
      value={value}
      placeholder={label}
      maxLength={200}
      onChange={(event) => onChange(event.target.value)}
      className={`${box} w-full pr-3 pl-9`}
    />
  </label>
);

/** One of what there is, or all. A choice from the address stays, also if nothing has it now. */
export function FilterChoice({
  label,
  all,
  value,
  options,
  nameOf = (one) => one,
  onChange,
}: {
  label: string;
  all: string;
  /** null for all; may be empty. */
  value: string | null;
  options: readonly (readonly [value: string, name: string])[];
  /** Of a value that is not among the options. */
  nameOf?(value: string): string;
  onChange(value: string | null): void;
}) {
  const missing = value !== null && !options.some(([one]) => one === value);
  // Prefixed, because a value may be empty or "all".
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
      {missing && <option value={`=${value}`}>{nameOf(value)}</option>}
    </select>
  );
}

/** Any of several, or all if none is pressed. */
export function FilterPills<Value extends string>({
  legend,
  values,
  pressed,
  onChange,
  children,
}: {
  legend: string;
  values: readonly Value[];
  pressed: ReadonlySet<Value>;
  onChange(pressed: Set<Value>): void;
  /** What a pill shows. */
  children(value: Value): ReactNode;
}) {
  return (
    <fieldset className="flex min-w-0 flex-wrap gap-2">
      <legend className="sr-only">{legend}</legend>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          aria-pressed={pressed.has(value)}
          onClick={() => onChange(toggled(pressed, value))}
          className={pill}
        >
          {children(value)}
        </button>
      ))}
    </fieldset>
  );
}

export const ClearFilters = ({ onClear }: { onClear(): void }) => (
  <Button size="small" tone="quiet" onClick={onClear}>
    <X size={14} aria-hidden="true" /> Clear filters
  </Button>
);
