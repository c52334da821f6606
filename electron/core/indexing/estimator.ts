/** Estimates the first run of a folder. */
import { type Embedder, embedderId, type FolderEstimateView } from '../../../shared/models/indexing.ts';
import { minutesFor, paceOf } from './estimate.ts';
import { usablePatterns } from './ignore-limits.ts';
import type { IndexingDependencies } from './model.ts';
import type { Sources } from './sources.ts';

export interface NewEstimate {
  path: string;
  embedder: Embedder;
  ignoreFiles: boolean;
  ignorePatterns: readonly string[];
}

const RECENT_JOBS = 50;
/** The built-in embedder is timed with texts of the usual length of a passage. */
const TRIAL = Array.from({ length: 24 }, (_, index) =>
  `${index} `.concat('the quick brown fox jumps over '.repeat(32)),
);

export function createEstimator({
  clock,
  folders,
  vectors,
  store,
  sources,
}: Pick<IndexingDependencies, 'clock' | 'folders' | 'vectors' | 'store'> & {
  sources: Pick<Sources, 'records'>;
}) {
  async function builtinPace(): Promise<number> {
    const begun = clock.monotonic();
    await vectors.embedBuiltin(TRIAL);
    return (TRIAL.length * 1000) / Math.max(1, clock.monotonic() - begun);
  }

  return async (query: NewEstimate, signal: AbortSignal): Promise<FolderEstimateView> => {
    const patterns = usablePatterns(query.ignorePatterns);
    const path = await folders.resolve(query.path);
    const found = await vectors.estimate({ path, ignoreFiles: query.ignoreFiles, patterns }, signal);
    const wanted = embedderId(query.embedder);
    const alike = sources.records().filter(({ embedder }) => embedderId(embedder) === wanted);
    const known = paceOf(store.jobs.list(RECENT_JOBS), new Set(alike.map(({ id }) => id)));
    const pace = known ?? (query.embedder.kind === 'builtin' ? await builtinPace() : null);
    signal.throwIfAborted();
    return { ...found, minutes: minutesFor(found.passages, pace) };
  };
}
