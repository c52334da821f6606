/** Turns one window into tokens: the likeliest ones, or others where those cannot be right. */
import { deflateSync } from 'node:zlib';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Decoder, Step } from './decoder.ts';
import type { HeardWindow, SpeechTask } from './task.ts';
import { applyTokenRules, chooseToken, sumOf } from './tokens.ts';

export interface WindowOptions {
  decoder: Decoder;
  signal: AbortSignal;
  /** After each token. */
  onToken(): void;
}

type Attempt = Omit<HeardWindow, 'language'>;

/** How well tokens can be compressed that repeat themselves, each as two bytes. */
const MOST_COMPRESSION = 1.35;
const LEAST_LOGPROB = -1;
const SILENCE = 0.6;

/** @throws RUNNER_NAN; what runs of the decoder throw; the signal's reason */
export async function hearWindow(
  { plan, language: wanted, before, temperatures }: Omit<SpeechTask, 'samples'>,
  { decoder, signal, onToken }: WindowOptions,
): Promise<HeardWindow> {
  const { tokens, mostTokens } = plan;
  const isMultilingual = Object.keys(tokens.languages).length > 0;
  const language = isMultilingual ? (wanted ?? (await detectLanguage())) : null;
  const marks = [tokens.start, language, isMultilingual ? tokens.transcribe : null].filter(
    (token) => token !== null,
  );
  const most = Math.floor(mostTokens / 2);
  const earlier = tokens.previous === null || before.length === 0 ? [] : before.slice(-(most - 1));
  const prompt = [...(earlier.length > 0 ? [tokens.previous as number] : []), ...earlier, ...marks];
  const first = await decoder.step(prompt, null);
  onToken();
  const noSpeech = probabilityOf(first.logits(prompt.length - marks.length), tokens.noSpeech);
  let best: Attempt | null = null;
  for (const temperature of temperatures) {
    best = await attempt(temperature);
    if (!isWrong(best)) break;
  }
  return { ...(best ?? (await attempt(0))), language };

  async function detectLanguage(): Promise<number> {
    const { logits } = await decoder.step([tokens.start], null);
    onToken();
    const next = logits(0);
    return Object.values(tokens.languages).reduce((one, other) =>
      (next[other] ?? Number.NEGATIVE_INFINITY) > (next[one] ?? Number.NEGATIVE_INFINITY) ? other : one,
    );
  }

  async function attempt(temperature: number): Promise<Attempt> {
    const said: number[] = [];
    const random = createRandom();
    let step: Step = first;
    let logits = step.logits(prompt.length - 1);
    let sum = 0;
    while (said.length < Math.min(most, mostTokens - prompt.length)) {
      signal.throwIfAborted();
      applyTokenRules(logits, said, tokens);
      const { token, logprob } = chooseToken(logits, temperature, random);
      // One number that is none makes the sum none.
      if (!Number.isFinite(logprob)) throw new PilotlightError('RUNNER_NAN');
      sum += logprob;
      if (token === tokens.end) break;
      said.push(token);
      step = await decoder.step([token], step.memory);
      onToken();
      logits = step.logits(0);
    }
    return { tokens: said, logprob: sum / (said.length + 1), noSpeech, temperature };
  }
}

/** Whether the tokens repeat themselves, or the model was too unsure of them. What is silence need not be sure. */
export function isWrong(attempt: Omit<Attempt, 'temperature'>): boolean {
  if (isSilence(attempt)) return false;
  return attempt.logprob < LEAST_LOGPROB || compressionOf(attempt.tokens) > MOST_COMPRESSION;
}

/** Whether what was heard is most likely made up. */
export const isSilence = ({ logprob, noSpeech }: Pick<Attempt, 'logprob' | 'noSpeech'>): boolean =>
  noSpeech > SILENCE && logprob < LEAST_LOGPROB;

function compressionOf(tokens: readonly number[]): number {
  if (tokens.length === 0) return 0;
  const { buffer } = Uint16Array.from(tokens);
  return buffer.byteLength / deflateSync(new Uint8Array(buffer)).length;
}

const probabilityOf = (logits: Float32Array, token: number): number =>
  Math.exp((logits[token] ?? Number.NEGATIVE_INFINITY) - sumOf(logits));

/** The same numbers each time, so that a recording gives the same text each time (mulberry32). */
function createRandom(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
