/** Tokenises many texts without holding the thread: queries of others are served meanwhile. */
import type { TextTokenizer } from './tokenizer.ts';

/** How long the thread is held at once, milliseconds. */
const SLICE_MS = 8;

export async function encodeAll(
  texts: readonly string[],
  {
    tokenizer,
    maxTokens,
    keep = 'start',
    pause,
    monotonic,
    signal,
  }: {
    tokenizer: Pick<TextTokenizer, 'encode'>;
    maxTokens: number;
    /** Of a text with more tokens. */
    keep?: 'start' | 'end';
    pause(): Promise<void>;
    monotonic(): number;
    signal: AbortSignal;
  },
): Promise<number[][]> {
  const all: number[][] = [];
  let since = monotonic();
  for (const text of texts) {
    all.push(tokenizer.encode(text, maxTokens, keep));
    if (monotonic() - since < SLICE_MS) continue;
    await pause();
    signal.throwIfAborted();
    since = monotonic();
  }
  return all;
}
