import type { ReactNode } from 'react';
import { providerNames } from '../../../shared/text/provider-names.ts';
import { formatBytes, formatCount } from '../../../shared/units.ts';
import { PlacementGlyph } from '../../components/glyphs.tsx';
import { cardClass } from '../../components/page.tsx';
import { ModelActions } from './model-actions.tsx';
import type { ModelRow } from './model-rows.ts';
import { droppedIn, kindLabels, modelStateLabels } from './runner-text.ts';

/** The models: a table, or cards where that has no room. */
export function ModelList({
  rows,
  shape,
  showRunner,
  now,
  onOpen,
}: {
  rows: readonly ModelRow[];
  shape: 'table' | 'cards';
  showRunner: boolean;
  now: number;
  onOpen(key: string): void;
}) {
  if (shape === 'cards') {
    return (
      <ul aria-label="Models" className="grid gap-3">
        {rows.map((row) => (
          <li key={row.key} className={`${cardClass} grid gap-2 p-4 text-[0.8125rem]`}>
            <div className="flex items-start gap-3">
              <div className="min-w-0 flex-1">
                <NameButton row={row} onOpen={onOpen} />
                <p className="text-soft">
                  {[
                    kindLabels[row.model.kind],
                    row.model.precision,
                    formatBytes(row.model.sizeBytes),
                    row.model.dimensions === null ? '' : `${row.model.dimensions} dimensions`,
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </p>
              </div>
              <State row={row} />
            </div>
            <div className="flex flex-wrap items-center gap-2">
              <span className="min-w-0 flex-1 text-xs text-faint">
                {showRunner && `on ${row.runner.name}`}
                {row.model.state === 'ready' && ` ${showRunner ? '· ' : ''}${dropText(row, now)}`}
              </span>
              <ModelActions row={row} />
            </div>
          </li>
        ))}
      </ul>
    );
  }
  return (
    <div className={`${cardClass} overflow-x-auto`}>
      <table className="w-full text-left text-[0.8125rem]">
        <caption className="sr-only">Models of the runners</caption>
        <thead className="border-b border-line text-xs text-faint">
          <tr>
            <Head>Model</Head>
            {showRunner && <Head>Runner</Head>}
            <Head>Kind</Head>
            <Head>Precision</Head>
            <Head right>Size</Head>
            <Head right>Dimensions</Head>
            <Head>State</Head>
            <Head right>Dropped in</Head>
            <Head>
              <span className="sr-only">Actions</span>
            </Head>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row" className="max-w-72 min-w-48 px-3 py-2 font-normal">
                <NameButton row={row} onOpen={onOpen} />
              </th>
              {showRunner && <td className="max-w-48 px-3 py-2 break-words text-soft">{row.runner.name}</td>}
              <td className="px-3 py-2 text-soft">{kindLabels[row.model.kind]}</td>
              <td className="px-3 py-2 text-soft">{row.model.precision}</td>
              <td className="px-3 py-2 text-right whitespace-nowrap">{formatBytes(row.model.sizeBytes)}</td>
              <td className="px-3 py-2 text-right">
                {row.model.dimensions === null ? '–' : formatCount(row.model.dimensions)}
              </td>
              <td className="px-3 py-2">
                <State row={row} />
              </td>
              <td className="px-3 py-2 text-right whitespace-nowrap text-soft">
                {droppedIn(row.model, now) || '–'}
              </td>
              <td className="px-3 py-1.5">
                <ModelActions row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function dropText({ model }: ModelRow, now: number): string {
  const left = droppedIn(model, now);
  return left === 'kept' ? 'kept in memory' : `dropped in ${left}`;
}

const Head = ({ right = false, children }: { right?: boolean; children: ReactNode }) => (
  <th scope="col" className={`px-3 py-2 font-medium whitespace-nowrap ${right ? 'text-right' : ''}`}>
    {children}
  </th>
);

const NameButton = ({ row, onOpen }: { row: ModelRow; onOpen(key: string): void }) => (
  <button
    type="button"
    onClick={() => onOpen(row.key)}
    aria-label={`${row.model.name} on ${row.runner.name}`}
    className="max-w-full rounded text-left font-medium underline-offset-2 [overflow-wrap:anywhere] hover:underline"
  >
    {row.model.name}
  </button>
);

/** Where it is, by the glyphs of every other page. */
export function State({ row: { model } }: { row: ModelRow }) {
  const { state, provider } = model;
  if (state === 'failed')
    return <span className="font-medium text-trouble-text">{modelStateLabels.failed}</span>;
  const at = state === 'ready' ? (provider === null || provider === 'cpu' ? 'cpu' : 'gpu') : 'disk';
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <PlacementGlyph at={at} size={14} />
      {state === 'ready' && provider !== null ? providerNames[provider] : modelStateLabels[state]}
      {state === 'loading' && '…'}
    </span>
  );
}
