/** The filters of the Models page in its address. Pure. */
import type { MoveRecord } from '../../../shared/models/placement.ts';
import { fieldsOf, hashWith } from '../../components/hash.ts';
import type { MatrixFilter } from './filter.ts';

const MOST_TEXT = 200;

export function readModelsFilter(hash: string): MatrixFilter {
  const named = fieldsOf('models', hash);
  const only = (named.get('only') ?? '').split(' ');
  return {
    text: (named.get('q') ?? '').slice(0, MOST_TEXT),
    awake: only.includes('awake'),
    loaded: only.includes('loaded'),
  };
}

export function modelsHash({ text, awake, loaded }: MatrixFilter): string {
  const only = [...(loaded ? ['loaded'] : []), ...(awake ? ['awake'] : [])];
  return hashWith('#/models', { q: text || null, only: only.join(' ') || null });
}

export const moveOutcomes = ['moved', 'already-right', 'refused', 'failed'] as const;

/** The outcome whose moves are shown; null for all. */
export interface MovesFilter {
  outcome: MoveRecord['outcome'] | null;
}

export const readMovesFilter = (hash: string): MovesFilter => {
  const named = fieldsOf('models', hash).get('moves');
  return { outcome: moveOutcomes.find((outcome) => outcome === named) ?? null };
};
export const movesHash = ({ outcome }: MovesFilter): string => hashWith('#/models', { moves: outcome });

/** The model on a machine whose details are open; both null for none. */
export interface OpenCell {
  model: string | null;
  nodeId: string | null;
}

export const readOpenCell = (hash: string): OpenCell => {
  const fields = fieldsOf('models', hash);
  const [model, nodeId] = [fields.get('model') || null, fields.get('on') || null];
  return model === null || nodeId === null ? { model: null, nodeId: null } : { model, nodeId };
};
export const openCellHash = ({ model, nodeId }: OpenCell): string =>
  hashWith('#/models', { model, on: nodeId });
