import { Table } from 'lucide-react';
import { useState } from 'react';

/** The same as a chart in a table, drawn only once it is opened. */
export function ChartTable({
  caption,
  heads,
  rows,
}: {
  caption: string;
  /** The first is that of the moments. */
  heads: readonly string[];
  /** Newest first, every cell as text. */
  rows: () => readonly { key: number; cells: readonly string[] }[];
}) {
  const [open, setOpen] = useState(false);
  return (
    <details
      className="mt-1 min-w-0 text-xs text-faint open:w-full print:hidden"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="-mx-1 inline-flex items-center gap-1.5 rounded px-1 py-0.5 text-2xs hover:text-text">
        <Table size={12} aria-hidden="true" /> Table
        <span className="sr-only">: {caption}</span>
      </summary>
      {open && <Rows caption={caption} heads={heads} rows={rows()} />}
    </details>
  );
}

function Rows({
  caption,
  heads,
  rows,
}: {
  caption: string;
  heads: readonly string[];
  rows: readonly { key: number; cells: readonly string[] }[];
}) {
  if (rows.length === 0) return <p className="mt-2">No data for this period.</p>;
  return (
    <section
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard.
      tabIndex={0}
      className="mt-2 max-h-64 overflow-auto rounded-lg border border-line"
    >
      <table className="w-full text-left">
        <caption className="sr-only">{caption}</caption>
        <thead className="sticky top-0 bg-raised">
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col" className="max-w-48 truncate px-3 py-1.5 font-medium" title={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map(({ key, cells: [first, ...others] }) => (
            <tr key={key}>
              <th scope="row" className="px-3 py-1 font-normal whitespace-nowrap">
                {first}
              </th>
              {others.map((cell, index) => (
                <td key={heads[index + 1]} className="px-3 py-1 whitespace-nowrap text-soft">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
