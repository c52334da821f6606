/** The tokens of Whisper that are no text, and which of them may follow which. Pure. */

export interface SpeechTokens {
  /** Of a transcript. */
  start: number;
  end: number;
  /** The task; null for a model of one language, which has only one. */
  transcribe: number | null;
  /** Before a text that comes earlier; null if the model has none. */
  previous: number | null;
  /** Its probability at the start says that nobody speaks. */
  noSpeech: number;
  /** Of 0.00 s. All above it are times, in steps of 20 ms. */
  firstTime: number;
  /** By ISO 639; empty for a model of one language. */
  languages: Readonly<Record<string, number>>;
  /** Never. */
  suppressed: readonly number[];
  /** Not as the first token. */
  suppressedFirst: readonly number[];
  /** The latest time with which a transcript may begin, in steps; null for any. */
  latestStart: number | null;
}

export const SECONDS_A_STEP = 0.02;

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Takes away what may not come next: a transcript begins with a time, times come in pairs around each part and never go
 * back, and one comes now if a time of any kind is likelier than every text.
 * @param logits of the next token; changed in place
 * @param said tokens of the transcript so far
 */
export function applyTokenRules(logits: Float32Array, said: readonly number[], tokens: SpeechTokens): void {
  const { end, firstTime, latestStart } = tokens;
  for (const one of tokens.suppressed) logits[one] = NEVER;
  // Between the texts and the times there are only marks for the start of a transcript.
  logits.fill(NEVER, end + 1, firstTime);
  if (said.length === 0) {
    for (const one of tokens.suppressedFirst) logits[one] = NEVER;
    logits.fill(NEVER, 0, firstTime);
    if (latestStart !== null) logits.fill(NEVER, firstTime + latestStart + 1);
    return;
  }
  const isTime = (token: number | undefined) => token !== undefined && token >= firstTime;
  const isAfterTime = isTime(said.at(-1));
  if (isAfterTime) {
    const isPair = said.length < 2 || isTime(said.at(-2));
    if (isPair) logits.fill(NEVER, firstTime);
    else logits.fill(NEVER, 0, end);
  }
  const lastTime = said.findLast(isTime);
  if (lastTime !== undefined) {
    const hasEnded = isAfterTime && said.length > 1 && !isTime(said.at(-2));
    // The next part may begin when the last one ends. One that has begun may not end at the same time.
    logits.fill(NEVER, firstTime, hasEnded ? lastTime : lastTime + 1);
  }
  if (likeliest(logits, 0, firstTime) < sumOf(logits, firstTime)) logits.fill(NEVER, 0, firstTime);
}

function likeliest(logits: Float32Array, from: number, to: number): number {
  let most = NEVER;
  for (let index = from; index < to; index += 1) most = Math.max(most, logits[index] as number);
  return most;
}

/** The logarithm of the sum of the exponentials. */
export function sumOf(logits: Float32Array, from = 0): number {
  const most = likeliest(logits, from, logits.length);
  if (most === NEVER) return NEVER;
  let sum = 0;
  for (let index = from; index < logits.length; index += 1) sum += Math.exp((logits[index] as number) - most);
  return most + Math.log(sum);
}

export interface ChosenToken {
  token: number;
  /** Natural logarithm of its probability. */
  logprob: number;
}

/** The likeliest one; with a temperature, one by chance. @param random from 0 to 1 */
export function chooseToken(logits: Float32Array, temperature: number, random: () => number): ChosenToken {
  let token = 0;
  if (temperature === 0) {
    for (let index = 1; index < logits.length; index += 1)
      if ((logits[index] as number) > (logits[token] as number)) token = index;
  } else {
    const scaled = logits.map((value) => value / temperature);
    const total = sumOf(scaled);
    let rest = random();
    for (let index = 0; index < scaled.length; index += 1) {
      const share = Math.exp((scaled[index] as number) - total);
      if (share === 0) continue;
      token = index;
      rest -= share;
      if (rest < 0) break;
    }
  }
  return { token, logprob: (logits[token] as number) - sumOf(logits) };
}
