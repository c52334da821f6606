/** A kind of model: how its folder is recognised, and how it is loaded. */
import type { RunnerModel, RunnerProvider, RunnerRung } from '../../../../shared/models/runner.ts';
import type { LibraryEntry } from './library.ts';

/** What a folder was recognised as. */
export type Recognised = Pick<LibraryEntry, 'graphs' | 'precision' | 'files' | 'licence'>;

/** A model in memory. */
export interface LoadedModel {
  readonly dimensions: number | null;
  readonly maxTokens: number | null;
  provider(): RunnerProvider;
  ladder(): readonly RunnerRung[];
  /** Whether it is working now: it is not dropped then. */
  isBusy(): boolean;
  /** What waits for it. */
  waiting?(): { queries?: number; bulk?: number; pictures?: number };
  close(): Promise<void>;
}

export interface ModelKind<Loaded extends LoadedModel = LoadedModel> {
  readonly kind: RunnerModel['kind'];
  /** null for a folder of another kind. Throws RUNNER_BAD_MODEL for one of this kind that cannot be used. */
  recognise(folder: string, options: RecogniseOptions): Promise<Recognised | null>;
  /** @throws PilotlightError: RUNNER_BAD_MODEL, RUNNER_BAD_GRAPH, RUNNER_NOT_INSTALLED, RUNNER_STOPPED */
  load(entry: LibraryEntry): Promise<Loaded>;
}

export interface RecogniseOptions {
  /** Which of several graphs is used. `auto`: by the provider of this machine. */
  precision: LibraryEntry['precision'] | 'auto';
  signal?: AbortSignal;
}
