/** One run of a session, and what is made of its outputs where it ran. */
import { CANDIDATES, candidatesOf, outputsOf } from '../faces/candidates.ts';
import type { Reduction } from '../sessions.ts';
import { type Ort, runSession, type Session } from './onnxruntime.ts';
import type { Answers, Feeds } from './protocol.ts';
import { reduce } from './reduce.ts';

export interface ReducedRun {
  reduction: Reduction | null;
  /** Gives the memory of the run back afterwards. */
  shrink: boolean;
  /** The output of a graph that pools by itself; null for one that does not. */
  pooled?: string | null;
}

/** Rejects with onnxruntime's error, or RUNNER_BAD_GRAPH for an output of another shape. */
export async function runReduced(
  ort: Ort,
  session: Session,
  feeds: Feeds,
  { reduction, shrink, pooled = null }: ReducedRun,
): Promise<Answers> {
  if (reduction === null) return runSession(ort, session, feeds, { shrink });
  if (reduction.kind === 'candidates') {
    const outputs = outputsOf(reduction.layout);
    const answers = await runSession(ort, session, feeds, { shrink, outputs });
    return { [CANDIDATES]: candidatesOf(answers, reduction) };
  }
  const { output } = reduction;
  const from = pooled ?? output;
  const answers = await runSession(ort, session, feeds, { shrink, outputs: [from] });
  const answer = answers[from];
  if (answer === undefined) throw new Error(`There is no output ${from}.`);
  return { [output]: reduce(answer, pooled === null ? reduction : { ...reduction, pooling: 'none' }) };
}
