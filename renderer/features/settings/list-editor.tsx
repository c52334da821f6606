import { Plus, TriangleAlert, X } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { Button } from '../../components/button.tsx';

export const cellClass =
  'h-9 w-full min-w-0 rounded-lg border border-line-strong bg-ground px-2.5 transition-colors hover:border-faint aria-invalid:border-trouble';

/** Rows that can be added and removed, each in fields of its own. */
export function ListEditor<Row extends object>({
  id,
  rows,
  what,
  empty,
  blank,
  most,
  onChange,
  children,
  tools,
}: {
  /** Of the button that adds a row, which a link to the setting focuses. */
  id: string;
  rows: readonly Row[];
  /** What one row is called: `policy`. */
  what: string;
  empty: string;
  blank: Row;
  most: number;
  onChange(rows: Row[]): void;
  /** The fields of a row. */
  children(row: Row, change: (patch: Partial<Row>) => void, index: number): ReactNode;
  /** More buttons of a row. */
  tools?(index: number): ReactNode;
}) {
  return (
    <div className="grid gap-2">
      {rows.length === 0 && <p className="text-[0.8125rem] text-faint">{empty}</p>}
      {rows.map((row, index) => (
        <fieldset
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have nothing of their own that stays the same.
          key={index}
          className="flex min-w-0 items-start gap-2 rounded-lg border border-line bg-sunken p-3"
        >
          <legend className="sr-only">
            {what} {index + 1}
          </legend>
          <div className="grid min-w-0 flex-1 gap-x-3 gap-y-2 sm:grid-cols-2">
            {children(
              row,
              (patch) => onChange(rows.map((one, at) => (at === index ? { ...one, ...patch } : one))),
              index,
            )}
          </div>
          <div className="flex shrink-0 flex-col gap-1">
            <Button
              tone="quiet"
              size="icon"
              aria-label={`Remove ${what} ${index + 1}`}
              title="Remove"
              onClick={() => onChange(rows.filter((_, at) => at !== index))}
            >
              <X size={16} aria-hidden="true" />
            </Button>
            {tools?.(index)}
          </div>
        </fieldset>
      ))}
      <div>
        <Button
          id={id}
          size="small"
          disabled={rows.length >= most}
          onClick={() => onChange([...rows, blank])}
        >
          <Plus size={14} aria-hidden="true" /> Add a {what}
        </Button>
      </div>
    </div>
  );
}

/** A field in a row, with its label above and its error or note below. */
export function Cell({
  label,
  error,
  note,
  children,
}: {
  label: string;
  error?: string | undefined;
  note?: string | undefined;
  children(props: {
    id: string;
    className: string;
    'aria-invalid': true | undefined;
    'aria-describedby': string;
  }): ReactNode;
}) {
  const id = useId();
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-xs text-soft">
        {label}
      </label>
      {children({
        id,
        className: cellClass,
        'aria-invalid': error ? true : undefined,
        'aria-describedby': `${id}-about`,
      })}
      <p id={`${id}-about`} className="text-xs" role={error ? 'alert' : undefined}>
        {error ? (
          <span className="mt-1 flex items-start gap-1.5 text-trouble-text">
            <TriangleAlert size={14} aria-hidden="true" className="mt-px shrink-0" />
            {error}
          </span>
        ) : (
          note && <span className="mt-1 block text-faint">{note}</span>
        )}
      </p>
    </div>
  );
}

/** A choice in a row. */
export function ChoiceCell<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: Value;
  /** The label of each value. */
  options: Readonly<Record<Value, string>>;
  onChange(value: Value): void;
}) {
  return (
    <Cell label={label}>
      {(props) => (
        <select {...props} value={value} onChange={({ target }) => onChange(target.value as Value)}>
          {Object.entries<string>(options).map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Cell>
  );
}

/** A number in a row, as it is typed. */
export function NumberCell({
  label,
  value,
  error,
  onChange,
}: {
  label: string;
  value: string;
  error: string | undefined;
  onChange(value: string): void;
}) {
  return (
    <Cell label={label} error={error}>
      {(props) => (
        <input
          {...props}
          inputMode="numeric"
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Cell>
  );
}
