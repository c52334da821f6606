/** The heads of the rows and columns of the matrix. */
import { Star } from 'lucide-react';
import { memo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { formatMemory } from '../../../shared/units.ts';
import { StateGlyph } from '../../components/glyphs.tsx';
import { PartsMeter } from '../../components/meter.tsx';
import { modelColour } from '../../stores/model-colours.ts';
import { useUsedVram } from '../../stores/telemetry.ts';
import { vramText } from '../fleet/node-text.ts';
import { nodeHref } from '../shell/route.ts';
import type { MatrixRow } from './matrix.ts';
import type { MarkPlace } from './use-grid-keys.ts';

type Scope = 'row' | 'col';

const firstColumn = 'sticky left-0 w-40 min-w-40 bg-surface shadow-[1px_0_0_var(--line)] sm:w-72 sm:min-w-60';
export const cornerClass = `${firstColumn} top-0`;
const rowClass = `${firstColumn} z-10 border-b border-line px-3 text-left group-last:border-b-0`;
const columnClass =
  'sticky top-0 z-20 w-40 min-w-36 border-b border-l border-line bg-surface px-3 text-left align-bottom';

export function ModelHead({
  row,
  scope,
  place,
  onStar,
}: {
  row: MatrixRow;
  scope: Scope;
  place: ReturnType<MarkPlace>;
  onStar(model: string): void;
}) {
  return (
    <th
      scope={scope}
      className={scope === 'col' ? `${columnClass} py-2 font-normal` : `${rowClass} py-1.5 font-normal`}
    >
      <div className="flex items-center gap-2">
        <button
          type="button"
          {...place}
          aria-pressed={row.pattern !== null}
          aria-label={`Priority for ${row.model}`}
          title={
            row.pattern === null ? 'Make this a priority model' : `Priority model: matches “${row.pattern}”`
          }
          onClick={() => onStar(row.model)}
          className="-ml-1 rounded p-1 text-faint hover:text-flame aria-pressed:text-flame"
        >
          <Star size={14} aria-hidden="true" className={row.pattern === null ? '' : 'fill-current'} />
        </button>
        <span
          aria-hidden="true"
          className="size-2 shrink-0 rounded-[2px]"
          style={{ background: modelColour(row.model) }}
        />
        <span
          className="line-clamp-2 min-w-0 font-medium [overflow-wrap:anywhere] max-sm:line-clamp-3"
          title={row.model}
        >
          {row.model}
        </span>
      </div>
    </th>
  );
}

export const NodeHead = memo(function NodeHead({
  node,
  scope,
  place,
  tabIndex,
}: {
  node: NodeView;
  scope: Scope;
  place: string;
  tabIndex: 0 | -1;
}) {
  const whole = node.vram.totalBytes;
  const text = vramText({ totalBytes: whole, usedBytes: useUsedVram(node) });
  return (
    <th
      scope={scope}
      className={`${scope === 'col' ? `${columnClass} py-2 font-medium` : `${rowClass} py-1.5 font-medium`}`}
    >
      <span className="flex items-start gap-1.5">
        <span className="mt-0.5 shrink-0">
          <StateGlyph state={node.state} lost={hasOllamaTrouble(node)} size={14} />
        </span>
        <span className="line-clamp-2 min-w-0 break-words" title={`${node.name}: ${nodeStateLabel(node)}`}>
          <a
            href={nodeHref(node.id)}
            data-place={place}
            tabIndex={tabIndex}
            className="rounded underline-offset-2 hover:underline"
          >
            {node.name}
          </a>
          <span className="sr-only">, {nodeStateLabel(node)}</span>
        </span>
      </span>
      <span className="mt-1 mb-1 block truncate text-xs font-normal text-faint">
        {hasOllamaTrouble(node) ? (
          <span className="font-medium text-trouble-text">{nodeStateLabel(node)}</span>
        ) : node.hasGpu === false ? (
          'no GPU'
        ) : (
          `VRAM ${text}`
        )}
      </span>
      {node.hasGpu === false ? (
        <span className="block h-2.5" />
      ) : (
        <PartsMeter
          label={`VRAM ${text}`}
          parts={node.loaded
            .filter((model) => model.vramBytes > 0 && whole)
            .map((model) => ({
              key: model.name,
              share: model.vramBytes / (whole ?? 1),
              colour: modelColour(model.name),
              title: `${model.name} ${formatMemory(model.vramBytes)}`,
            }))}
        />
      )}
    </th>
  );
});
