/** Graphs whose answers a test computes. */

import { CANDIDATES, candidatesOf } from '../../electron/workers/runner/faces/candidates.ts';
import { createPlainRoom } from '../../electron/workers/runner/pictures/plane-room.ts';
import type {
  Feeds,
  GraphValue,
  OpenedGraph,
  RunOptions,
  Tensor,
} from '../../electron/workers/runner/sessions.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { RunnerProvider } from '../../shared/models/runner.ts';

export interface FakeGraph extends OpenedGraph {
  /** Dimensions of the first input of every run so far. */
  readonly runs: (readonly number[])[];
  isClosed(): boolean;
  setProvider(provider: RunnerProvider): void;
}

export interface FakeGraphOptions {
  inputs?: readonly GraphValue[];
  outputs?: readonly GraphValue[];
  /** @param feed the first input */
  answer(
    feed: Tensor,
    feeds: Readonly<Record<string, Tensor>>,
  ): Record<string, Tensor> | Promise<Record<string, Tensor>>;
}

export function createFakeGraph({ inputs = [], outputs = [], answer }: FakeGraphOptions): FakeGraph {
  const runs: (readonly number[])[] = [];
  let provider: RunnerProvider = 'cpu';
  let closed = false;
  return {
    inputs,
    outputs,
    runs,
    provider: () => provider,
    setProvider(next) {
      provider = next;
    },
    ladder: () => [],
    atOnce: () => 2,
    async run(given, options) {
      const feeds = tensorsOf(given);
      options?.signal?.throwIfAborted();
      if (closed) throw new Error('The graph is closed.');
      const [first] = Object.values(feeds);
      if (first === undefined) throw new Error('There is no input.');
      runs.push(first.dims);
      return reduced(await answer(first, feeds), options);
    },
    async close() {
      closed = true;
    },
    isClosed: () => closed,
  };
}

/** As the inference process makes them. */
export const tensorsOf = (feeds: Feeds): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [
      name,
      feed.type === 'pictures' ? createPlainRoom().tensorOf(feed) : feed,
    ]),
  );

/** Vectors are made by the tests' own graphs. */
export const reduced = (
  answers: Record<string, Tensor>,
  { reduce }: RunOptions = {},
): Record<string, Tensor> =>
  reduce?.kind === 'candidates' ? { [CANDIDATES]: candidatesOf(answers, reduce) } : answers;

export const floatTensor = (dims: readonly number[], data: ArrayLike<number>): Tensor => ({
  type: 'float32',
  dims,
  data: Float32Array.from(data),
});

export const value = (name: string, dims: readonly (number | string)[], type = 'float32'): GraphValue => ({
  name,
  type,
  dims,
});

/** What the runner throws for inputs that a graph does not take. */
export const refusedInput = () => new PilotlightError('RUNNER_BAD_GRAPH');
