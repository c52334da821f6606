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

export const cpuTuning: TunerOptions = { start: 512, least: 128, most: 4096 };
/** Measured on an H200 by WebGPU: four times as fast as with 16,384, where attention outgrows a buffer. */
export const gpuTuning: TunerOptions = { start: 8192, least: 1024, most: 131_072 };

/** A neighbour is tried after so many batches, for so many; less and less often while none is better. */
const BATCHES_BETWEEN = 24;
const MOST_BETWEEN = 1536;
const BATCHES_TRIED = 6;
/** A neighbour that is so much slower is left after its second batch: on a GPU it may be four times as slow. */
const HOPELESS = 0.8;
/** So much better it must be, because times vary. */
const GAIN = 1.03;
const WEIGHT = 0.25;

export function createBudgetTuner({ start, least, most }: TunerOptions): BudgetTuner {
  const rates = new Map<number, number>();
  let ceiling = most;
  let best = Math.min(most, Math.max(least, start));
  let tried = best;
  let batches = 0;
  let up = true;
  let between = BATCHES_BETWEEN;

  function compare(): void {
    if ((rates.get(tried) ?? 0) > (rates.get(best) ?? 0) * GAIN) {
      best = tried;
      between = BATCHES_BETWEEN;
    } else {
      up = !up;
      between = Math.min(between * 2, MOST_BETWEEN);
    }
    tried = best;
    batches = 0;
  }

  function tryNeighbour(): void {
    const next = up ? best * 2 : best / 2;
    tried = next > ceiling || next < least ? best : next;
    if (tried === best) up = !up;
    // What is known of it is old.
    else rates.delete(tried);
    batches = 0;
  }

  return {
    budget: () => Math.min(tried, ceiling),
    best: () => best,
    learn(tokens, ms) {
      // A batch for which there were too few texts says nothing of the budget.
      if (tokens < tried / 2 || ms <= 0) return;
      const rate = tokens / ms;
      const before = rates.get(tried);
      rates.set(tried, before === undefined ? rate : before + WEIGHT * (rate - before));
      batches += 1;
      if (tried === best) {
        if (batches >= between) tryNeighbour();
        return;
      }
      // The first one of a size may have been compiled for it.
      const isHopeless = batches >= 2 && rate < (rates.get(best) ?? 0) * HOPELESS;
      if (isHopeless || batches >= BATCHES_TRIED) compare();
    },
    tooMany(tokens) {
      ceiling = Math.max(1, Math.floor(tokens / 2));
      best = Math.min(best, ceiling);
      tried = best;
      batches = 0;
    },
  };
}
