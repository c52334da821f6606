/** One window of a recording as work for the process that runs the graphs: samples cross to it, and tokens back. */
import type { MelShape } from './mel.ts';
import type { SpeechTokens } from './tokens.ts';

/** What is the same for all windows of a model. */
export interface SpeechPlan {
  mel: MelShape;
  tokens: SpeechTokens;
  /** Of the decoder's memory. */
  heads: number;
  headSize: number;
  /** Tokens of a transcript with what comes before it. */
  mostTokens: number;
}

export interface SpeechTask {
  plan: SpeechPlan;
  /** At the plan's rate, at most one window. */
  samples: Int16Array;
  /** A token; null if the model finds out. Ignored by a model of one language. */
  language: number | null;
  /** Tokens of a text that the transcript could follow. */
  before: readonly number[];
  /** Tried in this order until the result looks right. The first one is usually 0, which takes the likeliest tokens. */
  temperatures: readonly number[];
}

export interface HeardWindow {
  /** Texts and times. */
  tokens: number[];
  /** A token; null for a model of one language. */
  language: number | null;
  /** Mean natural logarithm of the tokens' probabilities. */
  logprob: number;
  /** Probability that nobody speaks. */
  noSpeech: number;
  temperature: number;
}
