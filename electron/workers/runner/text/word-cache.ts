/**
 * Remembers the tokens of words. A tokenizer in JavaScript makes a thousand texts a second, and a GPU more; most words of
 * a text were in one before it. Only for tokenizers for which a text is the sum of its words.
 */

export interface WordCache {
  /** At most so many tokens; what follows them is not read. */
  encode(text: string, most: number): number[];
}

/** Words that are remembered: a few megabytes. */
const MOST_WORDS = 40_000;
const MOST_LENGTH = 40;
/** Other white space is for the tokenizer: some of it does not end a word there. */
const BETWEEN = /[ \t\n\r]+/g;

/** @param tokensOf of one word, without special tokens */
export function createWordCache(tokensOf: (word: string) => readonly number[]): WordCache {
  // When one half is full, it becomes the older half, and what was in that and is not used any more is forgotten.
  let known = new Map<string, readonly number[]>();
  let before = new Map<string, readonly number[]>();

  function lookUp(word: string): readonly number[] {
    const found = known.get(word);
    if (found !== undefined) return found;
    const tokens = before.get(word) ?? tokensOf(word);
    if (word.length > MOST_LENGTH) return tokens;
    if (known.size >= MOST_WORDS / 2) {
      before = known;
      known = new Map();
    }
    known.set(flat(word), tokens);
    return tokens;
  }

  return {
    encode(text, most) {
      const tokens: number[] = [];
      let from = 0;
      BETWEEN.lastIndex = 0;
      while (from < text.length && tokens.length < most) {
        const gap = BETWEEN.exec(text);
        const end = gap === null ? text.length : gap.index;
        if (end > from) for (const token of lookUp(text.slice(from, end))) tokens.push(token);
        from = gap === null ? text.length : BETWEEN.lastIndex;
      }
      if (tokens.length > most) tokens.length = most;
      return tokens;
    },
  };
}

/** A part of a text keeps the whole of it in memory; this does not. */
const flat = (part: string): string => Buffer.from(part, 'utf16le').toString('utf16le');

interface TokenizerFile {
  model?: { type?: unknown };
  normalizer?: { type?: unknown } | null;
  pre_tokenizer?: { type?: unknown } | null;
  added_tokens?: readonly { content?: unknown }[];
}

/**
 * Whether a text has the tokens of its words, whatever stands beside them: so it is for BERT's word pieces. Byte pairs
 * and unigrams begin a word with the space before it.
 * @param file tokenizer.json
 */
export function isSumOfWords(file: object): boolean {
  const { model, normalizer, pre_tokenizer, added_tokens = [] } = file as TokenizerFile;
  return (
    model?.type === 'WordPiece' &&
    (normalizer == null || normalizer.type === 'BertNormalizer') &&
    pre_tokenizer?.type === 'BertPreTokenizer' &&
    added_tokens.every(({ content }) => typeof content === 'string' && !/\s/.test(content))
  );
}
