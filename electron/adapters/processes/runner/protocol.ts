/** Between the runner's door and the program that owns it. */
import type { WireError } from '../../../../shared/contract/errors.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import type { WorkerContract } from '../worker-protocol.ts';
import type { RunnerEndpoint } from './instance.ts';

export interface RunnerConfig {
  dataFolder: string;
  /** Where the user's other programs find it; see shared-folder.ts. null for a runner of this data folder alone. */
  sharedFolder: string | null;
  version: string;
  /** The addresses that it listens at: `127.0.0.1`, or what an agent says. */
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** Default: a new one. */
  token: string | null;
  /** After how much idle time a model is dropped, milliseconds; null keeps all. */
  idleMs: number | null;
  /** Of one run; null for one per core. */
  threads: number | null;
  /** The only provider that is tried besides the CPU; `auto` for those of the system. */
  provider: 'auto' | RunnerProvider;
  /** Where downloaded models are kept; null for the runner's own folder. */
  modelsFolder: string | null;
  /** A mirror of the source of models; null for the usual one. */
  catalogueUrl: string | null;
  /** Where Immich keeps its models; null if there is none. */
  immichCache: string | null;
}

export type RunnerEvent =
  /** It is about to listen. */
  | { kind: 'opening' }
  | { kind: 'listening'; endpoint: RunnerEndpoint }
  /** Another runner has this data folder; the process ends. */
  | { kind: 'taken'; endpoint: RunnerEndpoint }
  | { kind: 'failed'; error: WireError };

export interface RunnerContract extends WorkerContract {
  config: RunnerConfig;
  calls: Record<never, never>;
  progress: never;
  event: RunnerEvent;
}
