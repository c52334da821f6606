/** Opened graphs, and what is to be done with them, as the engine knows them. */
import type { RunnerProvider, RunnerRung } from '../../../../shared/models/runner.ts';
import { picturesAtOnce } from '../pictures/at-once.ts';
import type { GraphValue } from '../sessions.ts';
import type { Deadline } from './deadline.ts';
import type { InferenceLink } from './link.ts';
import type { Feeds } from './protocol.ts';

export interface Graph {
  readonly id: number;
  readonly file: string;
  readonly deadline: Deadline;
  /** Of a whole picture, from its file on. */
  readonly pictureDeadline: Deadline;
  provider: RunnerProvider;
  ladder: readonly RunnerRung[];
  inputs: readonly GraphValue[];
  outputs: readonly GraphValue[];
  /** Runs of it that may happen at the same time in the present process. */
  lanes: number;
  /** How often its device was lost. */
  losses: number;
  closed: boolean;
}

/** What a job came to in the process. */
export interface Done {
  value: unknown;
  rss: number;
}

export interface Job {
  /** It is said to be the first one's fault where nothing else is known. */
  readonly graphs: readonly [Graph, ...Graph[]];
  readonly kind: 'run' | 'picture' | 'speech';
  readonly isUrgent: boolean;
  readonly isDivisible: boolean;
  readonly signal: AbortSignal | undefined;
  /** Its graphs are open there. */
  call(link: InferenceLink): Promise<Done>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Processes that ended while they ran it: by themselves or for taking too long, and killed from outside. */
  deaths: number;
  killings: number;
  /** Other runs were with the process at the same time. */
  hadCompany: boolean;
  /** Its process has ended before while there were others. */
  wasKilledInCompany: boolean;
  /** It may have ended a process, and runs alone until that is known. */
  isSuspect: boolean;
}

/** Runs that the process has at once: those that happen, and the next one. Urgent ones happen one after the other. */
export const atOnce = ({ lanes }: Pick<Graph, 'lanes'>, isUrgent: boolean): number =>
  isUrgent ? 2 : lanes + 1;

/** Jobs of its kind that the process has at once. */
export function mostAtOnce({ kind, graphs, isUrgent }: Job): number {
  // Two windows at a time would take twice as long, and twice the memory.
  if (kind === 'speech') return 1;
  return kind === 'picture' ? picturesAtOnce : atOnce(graphs[0], isUrgent);
}

/** The graph that an error names, if it does. */
export const faultyGraph = ({ graphs }: Job, details: Record<string, unknown> | undefined): Graph =>
  graphs.find(({ id }) => id === details?.graph) ?? graphs[0];

export const providersOf = ({ graphs }: Job): string => graphs.map(({ provider }) => provider).join();

/** Default size of a run: its values. */
export function sizeOf(feeds: Feeds): number {
  const valuesOf = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
  return Math.max(1, ...Object.values(feeds).map(({ dims }) => valuesOf(dims)));
}
