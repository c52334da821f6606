/** Learns how many padded tokens a batch should have, by the tokens a second of real batches. Pure. */

export interface BudgetTuner {
  /** Padded tokens of the next batch. */
  budget(): number;
  /** The best one so far, which is worth remembering. */
  best(): number;
  /** A batch that was full, or as full as its texts allowed. @param tokens padded */
  learn(tokens: number, ms: number): void;
  /** The device has too little memory for so many. */
  tooMany(tokens: number): void;
}

export interface TunerOptions {
  /** The budget to begin with. */
  start: number;
  least: number;
  most: number;
}

/** Measured with two lanes of one thread: 275 texts/s at 128, 289 at 256, 245 at 512. */
export const cpuTuning: TunerOptions = { start: 256, least: 128, most: 4096 };
/** Measured on an H200 by WebGPU: four times as fast as with 16,384, where attention outgrows a buffer. */
export const gpuTuning: TunerOptions = { start: 8192, least: 1024, most: 131_072 };

/** A neighbour is tried after so many batches; less and less often while none is better. */
const BATCHES_BETWEEN = 24;
const MOST_BETWEEN = 1536;
/** Of each of the two in a trial. */
const BATCHES_TRIED = 8;
/** A neighbour that is so much slower is left after its second batch: on a GPU it may be four times as slow. */
const HOPELESS = 0.8;
/** So much better it must be, because times vary. */
const GAIN = 1.03;

/**
 * A neighbour beside the best budget, in turns: batches of one request get shorter texts and so faster, and other work
 * on the machine comes and goes, which must not count for either of them.
 */
interface BudgetTrial {
  readonly budget: number;
  readonly its: number[];
  readonly ours: number[];
}

export function createBudgetTuner({ start, least, most }: TunerOptions): BudgetTuner {
  let ceiling = most;
  let best = Math.min(most, Math.max(least, start));
  let trial: BudgetTrial | null = null;
  let batches = 0;
  let up = true;
  let between = BATCHES_BETWEEN;

  function tryNeighbour(): void {
    batches = 0;
    const next = up ? best * 2 : best / 2;
    if (next > ceiling || next < least) up = !up;
    else trial = { budget: next, its: [], ours: [] };
  }

  function settle(isBetter: boolean, { budget }: BudgetTrial): void {
    if (isBetter) best = budget;
    else up = !up;
    between = isBetter ? BATCHES_BETWEEN : Math.min(between * 2, MOST_BETWEEN);
    trial = null;
    batches = 0;
  }

  /** Which of the two a batch had is seen from its tokens: one of them is twice the other. */
  function learnInTrial(tried: BudgetTrial, tokens: number, rate: number): void {
    const { budget, its, ours } = tried;
    const smaller = Math.min(best, budget);
    if (tokens < smaller / 2 || tokens > smaller * 2) return;
    const isIts = tokens > smaller === budget > best;
    (isIts ? its : ours).push(rate);
    // The first one of a size may have been compiled for it.
    const isHopeless = isIts && its.length >= 2 && rate < median(ours) * HOPELESS;
    const isCompared = Math.min(its.length, ours.length) >= BATCHES_TRIED;
    // Otherwise there are no texts with which both could be compared.
    const isOver = its.length + ours.length >= BATCHES_TRIED * 4;
    if (isHopeless || isCompared || isOver)
      settle(!isHopeless && isCompared && median(its) > median(ours) * GAIN, tried);
  }

  return {
    budget() {
      const next = trial === null || trial.its.length > trial.ours.length ? best : trial.budget;
      return Math.min(next, ceiling);
    },
    best: () => best,
    learn(tokens, ms) {
      if (ms <= 0) return;
      if (trial !== null) return learnInTrial(trial, tokens, tokens / ms);
      // A batch for which there were too few texts says nothing of the budget.
      if (tokens < best / 2) return;
      batches += 1;
      if (batches >= between) tryNeighbour();
    },
    tooMany(tokens) {
      ceiling = Math.max(1, Math.floor(tokens / 2));
      best = Math.min(best, ceiling);
      trial = null;
      batches = 0;
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 0 ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}
