import { pullIsOver } from '../../shared/model-pull.ts';
import type { ModelPull } from '../../shared/models/library.ts';
import { createStreamStore, type KeyedState } from './keyed.ts';

export const pullsStore = createStreamStore('pulls');

/** Those under way first, then the latest. */
export function selectPulls({ entries }: KeyedState<ModelPull>): ModelPull[] {
  return Object.values(entries).toSorted(
    (a, b) => Number(pullIsOver(a)) - Number(pullIsOver(b)) || b.startedAt - a.startedAt,
  );
}
