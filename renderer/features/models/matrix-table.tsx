// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: arrow keys move between the cells of the table.
import { FileCog, Pin } from 'lucide-react';
import { memo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { formatBytes, formatMemory } from '../../../shared/units.ts';
import { PlacementGlyph, placementLabel } from '../../components/glyphs.tsx';
import { cardClass } from '../../components/page.tsx';
import type { Cell, MatrixRow } from './matrix.ts';
import { cornerClass, ModelHead, NodeHead } from './matrix-heads.tsx';
import { type MarkPlace, useGridKeys } from './use-grid-keys.ts';

interface MatrixTableProps {
  nodes: readonly NodeView[];
  rows: readonly MatrixRow[];
  onOpen(nodeId: string, model: string): void;
  onStar(model: string): void;
}

/**
 * Models by machine, with a sticky header and first column. Machines are the rows where there are more of them than
 * models: a page scrolls down more easily than sideways.
 */
export function MatrixTable({ nodes, rows, onOpen, onStar }: MatrixTableProps) {
  const byNode = nodes.length > rows.length;
  const [across, down] = byNode ? [rows.length, nodes.length] : [nodes.length, rows.length];
  // The heads are the first row and the first column.
  const { mark, ...keys } = useGridKeys(
    down + 1,
    across + 1,
    byNode ? { row: 0, column: 1 } : { row: 1, column: 0 },
  );
  const cellOf = (row: MatrixRow, node: NodeView, line: number, column: number) => {
    const { tabIndex, ...place } = mark({ row: line, column });
    return (
      <MatrixCell
        key={byNode ? row.model : node.id}
        nodeId={node.id}
        nodeName={node.name}
        model={row.model}
        cell={row.cells[node.id]}
        place={place['data-place']}
        tabIndex={tabIndex}
        onOpen={onOpen}
      />
    );
  };
  return (
    <div {...keys} className={`${cardClass} relative max-h-[max(24rem,calc(100dvh-14rem))] overflow-auto`}>
      <table
        role="grid"
        aria-label="Models by machine"
        className="w-full border-separate border-spacing-0 text-[0.8125rem]"
      >
        <thead>
          <tr>
            <th
              scope="col"
              className={`${cornerClass} z-30 border-b border-line px-3 py-2 text-left align-bottom font-medium text-faint`}
            >
              {byNode ? 'Machine' : 'Model'}
            </th>
            {byNode
              ? rows.map((row, at) => (
                  <ModelHead
                    key={row.model}
                    row={row}
                    scope="col"
                    place={mark({ row: 0, column: at + 1 })}
                    onStar={onStar}
                  />
                ))
              : nodes.map((node, at) => (
                  <NodeHead
                    key={node.id}
                    node={node}
                    scope="col"
                    {...flat(mark({ row: 0, column: at + 1 }))}
                  />
                ))}
          </tr>
        </thead>
        <tbody>
          {byNode
            ? nodes.map((node, line) => (
                <tr key={node.id} className="group">
                  <NodeHead node={node} scope="row" {...flat(mark({ row: line + 1, column: 0 }))} />
                  {rows.map((row, at) => cellOf(row, node, line + 1, at + 1))}
                </tr>
              ))
            : rows.map((row, line) => (
                <tr key={row.model} className="group">
                  <ModelHead
                    row={row}
                    scope="row"
                    place={mark({ row: line + 1, column: 0 })}
                    onStar={onStar}
                  />
                  {nodes.map((node, at) => cellOf(row, node, line + 1, at + 1))}
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  );
}

/** As props of their own, so that a head that did not change is not drawn again. */
const flat = (marked: ReturnType<MarkPlace>) => ({ place: marked['data-place'], tabIndex: marked.tabIndex });

const cellClass = 'h-11 border-b border-l border-line p-0 group-last:border-b-0';

const MatrixCell = memo(
  function MatrixCell({
    nodeId,
    nodeName,
    model,
    cell,
    place,
    tabIndex,
    onOpen,
  }: {
    nodeId: string;
    nodeName: string;
    model: string;
    cell: Cell | undefined;
    place: string;
    tabIndex: 0 | -1;
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
          data-place={place}
          tabIndex={tabIndex}
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
          {loaded?.modelfileLayers !== undefined && (
            <span
              className="ml-auto shrink-0 text-soft"
              title={`Its Modelfile sets num_gpu ${loaded.modelfileLayers}`}
            >
              <FileCog size={12} aria-hidden="true" />
              <span className="sr-only">, its Modelfile sets num_gpu {loaded.modelfileLayers}</span>
            </span>
          )}
          {loaded?.pinned && (
            <Pin
              size={12}
              aria-hidden="true"
              className={`shrink-0 text-soft ${loaded.modelfileLayers === undefined ? 'ml-auto' : ''}`}
            />
          )}
        </button>
      </td>
    );
  },
  (before, after) =>
    before.nodeName === after.nodeName &&
    before.onOpen === after.onOpen &&
    before.place === after.place &&
    before.tabIndex === after.tabIndex &&
    sameCell(before.cell, after.cell),
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
      a?.loaded?.modelfileLayers === b?.loaded?.modelfileLayers &&
      a?.installed?.sizeBytes === b?.installed?.sizeBytes &&
      (a === undefined) === (b === undefined))
  );
}
