/** One opened graph as the engine knows it. */
import type { RunnerProvider, RunnerRung } from '../../../../shared/models/runner.ts';
import type { GraphValue, RunOptions } from '../sessions.ts';
import type { Deadline } from './deadline.ts';
import type { Answers, Feeds } from './protocol.ts';

export interface Graph {
  readonly id: number;
  readonly file: string;
  readonly deadline: Deadline;
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

export interface Job {
  readonly graph: Graph;
  readonly feeds: Feeds;
  readonly options: RunOptions;
  readonly size: number;
  resolve(answers: Answers): void;
  reject(error: unknown): void;
  /** Processes that ended while they ran it: by themselves or for taking too long, and killed from outside. */
  deaths: number;
  killings: number;
  /** Other runs were with the process at the same time. */
  hadCompany: boolean;
  /** It may have ended a process, and runs alone until that is known. */
  isSuspect: boolean;
}

/** Runs that the process has at once: those that happen, and the next one. Urgent ones happen one after the other. */
export const atOnce = ({ lanes }: Pick<Graph, 'lanes'>, isUrgent: boolean): number =>
  isUrgent ? 2 : lanes + 1;

/** Default size of a run: its values. */
export function sizeOf(feeds: Feeds): number {
  const valuesOf = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
  return Math.max(1, ...Object.values(feeds).map(({ dims }) => valuesOf(dims)));
}
