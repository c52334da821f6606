/** What counts as a word, for the embedder, the keyword index and the snippets alike. */

/** Scripts written without spaces between words; their runs are words of their own, then cut further. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/v;
const UNSPACED_EACH = new RegExp(UNSPACED.source, 'gv');
const WORD = new RegExp(
  `${UNSPACED.source}+|[[\\p{L}\\p{N}]--${UNSPACED.source}][[\\p{L}\\p{N}\\p{M}]--${UNSPACED.source}]*`,
  'gv',
);
const ASCII_WORD = /[A-Za-z0-9]+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is meant
const ASCII_ONLY = /^[\x00-\x7f]*$/;

/** One spelling for all: compatibility forms folded (NFKC), then lower case. */
export function normaliseText(text: string): string {
  return ASCII_ONLY.test(text) ? text.toLowerCase() : text.normalize('NFKC').toLowerCase();
}

export function isUnspaced(word: string): boolean {
  return UNSPACED.test(word);
}

/** The words of a text that went through `normaliseText`, in order, repeats included. */
export function wordsOf(normalised: string): string[] {
  return normalised.match(ASCII_ONLY.test(normalised) ? ASCII_WORD : WORD) ?? [];
}

/** A word with its place in the text it was found in: UTF-16 code units, [start, end). */
export interface PlacedWord {
  word: string;
  start: number;
  end: number;
}

/** The words of a text as it stands, each normalised, with their places. */
export function placedWordsOf(text: string): PlacedWord[] {
  const found: PlacedWord[] = [];
  for (const match of text.matchAll(WORD)) {
    found.push({
      word: normaliseText(match[0]),
      start: match.index,
      end: match.index + match[0].length,
    });
  }
  return found;
}

/** Text for the keyword index: runs without spaces are spread so that each character is a word. */
export function searchableText(text: string): string {
  if (ASCII_ONLY.test(text)) return text;
  return text.normalize('NFKC').replace(UNSPACED_EACH, ' $& ');
}

/**
 * Turns what a person typed into FTS5 terms, each a quoted string, so that no input is a syntax error.
 * Empty when it holds no word. At most `limit` different words are used.
 */
export function keywordTerms(query: string, limit = 32): string[] {
  const terms = new Set<string>();
  for (const word of wordsOf(normaliseText(query))) {
    terms.add(`"${searchableText(word).trim()}"`);
    if (terms.size >= limit) break;
  }
  return [...terms];
}
