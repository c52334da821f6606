import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { MatrixRow } from './matrix.ts';

export interface MatrixFilter {
  /** Text to find in model or machine names. */
  text: string;
  /** Only machines that are serving. */
  awake: boolean;
  /** Only models that are loaded somewhere. */
  loaded: boolean;
}

export const noFilter: MatrixFilter = { text: '', awake: false, loaded: false };

/**
 * Applies the filter. Each word narrows the models if any model name contains it, else the machines: `llama rack-7`
 * finds the llamas on rack-7. A word without a match leaves nothing.
 */
export function filterMatrix(
  nodes: readonly NodeView[],
  rows: readonly MatrixRow[],
  { text, awake, loaded }: MatrixFilter,
): { nodes: readonly NodeView[]; rows: readonly MatrixRow[] } {
  let shownNodes = awake ? nodes.filter((node) => isServing(node.state)) : nodes;
  let shownRows = rows;
  for (const word of text.toLowerCase().split(/\s+/).filter(Boolean)) {
    const models = shownRows.filter((row) => row.model.toLowerCase().includes(word));
    const machines = shownNodes.filter((node) => node.name.toLowerCase().includes(word));
    if (models.length > 0 || machines.length === 0) shownRows = models;
    else shownNodes = machines;
  }
  if (loaded) {
    shownRows = shownRows.filter((row) => shownNodes.some((node) => row.cells[node.id]?.loaded));
  }
  return { nodes: shownNodes, rows: shownRows };
}

export interface LoadedCounts {
  gpu: number;
  partial: number;
  cpu: number;
  pinned: number;
  flagged: number;
}

/** Loaded models by location, over all machines. */
export function countLoaded(nodes: readonly NodeView[]): LoadedCounts {
  const counts = { gpu: 0, partial: 0, cpu: 0, pinned: 0, flagged: 0 };
  for (const node of nodes) {
    for (const model of node.loaded) {
      counts[model.placement] += 1;
      if (model.pinned) counts.pinned += 1;
      if (model.flagged) counts.flagged += 1;
    }
  }
  return counts;
}
