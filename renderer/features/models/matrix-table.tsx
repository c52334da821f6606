import { Pin, Star } from 'lucide-react';
import { memo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { formatBytes, formatMemory } from '../../../shared/units.ts';
import { PlacementGlyph, placementLabel, StateGlyph } from '../../components/glyphs.tsx';
import { PartsMeter } from '../../components/meter.tsx';
import { cardClass } from '../../components/page.tsx';
import { modelColour } from '../../stores/model-colours.ts';
import { useUsedVram } from '../../stores/telemetry.ts';
import { vramText } from '../fleet/node-text.ts';
import { nodeHref } from '../shell/route.ts';
import type { Cell, MatrixRow } from './matrix.ts';

interface MatrixTableProps {
  nodes: readonly NodeView[];
  rows: readonly MatrixRow[];
  onOpen(nodeId: string, model: string): void;
  onStar(model: string): void;
}

/** Models by node, with a sticky header and first column. */
export function MatrixTable({ nodes, rows, onOpen, onStar }: MatrixTableProps) {
  return (
    <section
      aria-label="Models by machine"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard.
      tabIndex={0}
      className={`${cardClass} relative max-h-[max(24rem,calc(100dvh-14rem))] overflow-auto`}
    >
      <table className="w-full border-separate border-spacing-0 text-[0.8125rem]">
        <thead>
          <tr>
            <th
              scope="col"
              className="sticky top-0 left-0 z-30 w-40 min-w-40 border-b border-line bg-surface shadow-[1px_0_0_var(--line)] px-3 py-2 text-left align-bottom font-medium text-faint sm:w-72 sm:min-w-60"
            >
              Model
            </th>
            {nodes.map((node) => (
              <NodeHead key={node.id} node={node} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.model} className="group">
              <th
                scope="row"
                className="sticky left-0 z-10 border-b border-line bg-surface shadow-[1px_0_0_var(--line)] px-3 py-1.5 text-left font-normal group-last:border-b-0"
              >
                <div className="flex items-center gap-2">
                  <button
                    type="button"
                    aria-pressed={row.pattern !== null}
                    aria-label={`Priority for ${row.model}`}
                    title={
                      row.pattern === null
                        ? 'Make this a priority model'
                        : `Priority model: matches “${row.pattern}”`
                    }
                    onClick={() => onStar(row.model)}
                    className="-ml-1 rounded p-1 text-faint hover:text-flame aria-pressed:text-flame"
                  >
                    <Star
                      size={14}
                      aria-hidden="true"
                      className={row.pattern === null ? '' : 'fill-current'}
                    />
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
              {nodes.map((node) => (
                <MatrixCell
                  key={node.id}
                  nodeId={node.id}
                  nodeName={node.name}
                  model={row.model}
                  cell={row.cells[node.id]}
                  onOpen={onOpen}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const NodeHead = memo(function NodeHead({ node }: { node: NodeView }) {
  const whole = node.vram.totalBytes;
  const text = vramText({ totalBytes: whole, usedBytes: useUsedVram(node) });
  return (
    <th
      scope="col"
      className="sticky top-0 z-20 w-40 min-w-36 border-b border-l border-line bg-surface px-3 py-2 text-left align-bottom font-medium"
    >
      <span className="flex items-start gap-1.5">
        <StateGlyph state={node.state} lost={hasOllamaTrouble(node)} size={14} />
        <span className="line-clamp-2 min-w-0 break-words" title={`${node.name}: ${nodeStateLabel(node)}`}>
          <a href={nodeHref(node.id)} className="rounded underline-offset-2 hover:underline">
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

const cellClass = 'h-11 border-b border-l border-line p-0 group-last:border-b-0';

const MatrixCell = memo(
  function MatrixCell({
    nodeId,
    nodeName,
    model,
    cell,
    onOpen,
  }: {
    nodeId: string;
    nodeName: string;
    model: string;
    cell: Cell | undefined;
    onOpen(nodeId: string, model: string): void;
  }) {
    if (!cell) {
      return (
        <td className={cellClass}>
          <span className="sr-only">not installed</span>
        </td>
      );
    }
    const { loaded, installed } = cell;
    const where = loaded ? placementLabel(loaded) : '';
    const size = loaded ? formatMemory(loaded.sizeBytes) : formatBytes(installed?.sizeBytes ?? 0);
    return (
      <td className={cellClass}>
        <button
          type="button"
          onClick={() => onOpen(nodeId, model)}
          className={`flex size-full items-center gap-2 px-3 text-left outline-offset-[-2px] transition-colors hover:bg-raised ${loaded?.flagged ? 'bg-flame-wash' : ''}`}
        >
          <PlacementGlyph at={loaded ? loaded.placement : 'disk'} size={15} />
          <span className="sr-only">{`${model} on ${nodeName}: `}</span>
          {loaded ? (
            <span>
              <span className="font-medium">{where}</span> <span className="ml-1 text-soft">{size}</span>
            </span>
          ) : (
            <span className="text-faint">
              {/* A server that reports no sizes only says that it offers the model. */}
              {installed?.sizeBytes ? (
                <>
                  <span className="sr-only">on disk </span>
                  {size}
                </>
              ) : (
                'offered'
              )}
            </span>
          )}
          {loaded?.flagged && <span className="sr-only">, should be on the GPU</span>}
          {loaded?.pinned && <Pin size={12} aria-hidden="true" className="ml-auto shrink-0 text-soft" />}
        </button>
      </td>
    );
  },
  (before, after) =>
    before.nodeName === after.nodeName && before.onOpen === after.onOpen && sameCell(before.cell, after.cell),
);

/** Whether two cells render the same, so that a frame from a hundred machines redraws only what changed. */
function sameCell(a: Cell | undefined, b: Cell | undefined): boolean {
  return (
    a === b ||
    (a?.loaded?.placement === b?.loaded?.placement &&
      a?.loaded?.sizeBytes === b?.loaded?.sizeBytes &&
      a?.loaded?.gpuShare === b?.loaded?.gpuShare &&
      a?.loaded?.flagged === b?.loaded?.flagged &&
      a?.loaded?.pinned === b?.loaded?.pinned &&
      a?.installed?.sizeBytes === b?.installed?.sizeBytes &&
      (a === undefined) === (b === undefined))
  );
}
