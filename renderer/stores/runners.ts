import type { RunnerView } from '../../shared/models/runner.ts';
import { compareNames } from '../late-intl.ts';
import { createStreamStore, type KeyedState } from './keyed.ts';

export const runnersStore = createStreamStore('runners');
export const useRunners = runnersStore.use;

const sorted = new WeakMap<KeyedState<RunnerView>, readonly RunnerView[]>();

/** This computer's first, then by name; sorted once a frame, however many ask. */
export function selectRunners(state: KeyedState<RunnerView>): readonly RunnerView[] {
  const known = sorted.get(state);
  if (known) return known;
  const runners = Object.values(state.entries).toSorted(
    (a, b) =>
      Number(b.from === 'this-computer') - Number(a.from === 'this-computer') || compareNames(a.name, b.name),
  );
  sorted.set(state, runners);
  return runners;
}
