/** What counts as a word, for the embedder, the keyword index and the snippets. */

/** Scripts written without spaces between words. A run of their characters is one word, which is split further later. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/v;
const UNSPACED_EACH = new RegExp(UNSPACED.source, 'gv');
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const COMBINING = /\p{M}/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is meant
const ASCII_ONLY = /^[\x00-\x7f]*$/;

/** Folds compatibility forms (NFKC), then changes to lower case. */
export function normaliseText(text: string): string {
  return ASCII_ONLY.test(text) ? text.toLowerCase() : text.normalize('NFKC').toLowerCase();
}

export function isUnspaced(word: string): boolean {
  return UNSPACED.test(word);
}

const NO_WORD = 1;
const BEGINS_WORD = 2;
const CONTINUES = 3;
const OF_UNSPACED = 4;
/** The class of each character of the basic plane; 0 until it first occurs. */
const classes = new Uint8Array(0x10000);

function classify(character: string): number {
  if (UNSPACED.test(character)) return OF_UNSPACED;
  if (LETTER_OR_DIGIT.test(character)) return BEGINS_WORD;
  return COMBINING.test(character) ? CONTINUES : NO_WORD;
}

function classAt(text: string, at: number, code: number): number {
  if ((code & 0xfc00) === 0xd800) return classify(String.fromCodePoint(text.codePointAt(at) as number));
  const known = classes[code] as number;
  if (known !== 0) return known;
  const found = classify(String.fromCharCode(code));
  classes[code] = found;
  return found;
}

/**
 * A word is a letter or digit followed by letters, digits and their marks, or a run of characters of the scripts without
 * spaces. There is no regular expression for this, because one with these classes is ten times slower.
 */
function eachWord(text: string, visit: (start: number, end: number) => void): void {
  let start = -1;
  let open = NO_WORD;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isPair = (code & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
    const found = classAt(text, at, code);
    const continues =
      open === OF_UNSPACED ? found === OF_UNSPACED : found === BEGINS_WORD || found === CONTINUES;
    if (start >= 0 && !continues) {
      visit(start, at);
      start = -1;
    }
    if (start < 0 && (found === BEGINS_WORD || found === OF_UNSPACED)) {
      start = at;
      open = found;
    }
    if (isPair) at += 1;
  }
  if (start >= 0) visit(start, text.length);
}

/** The words of a text from `normaliseText`, in order, with repetitions. */
export function wordsOf(normalised: string): string[] {
  const words: string[] = [];
  eachWord(normalised, (start, end) => words.push(normalised.slice(start, end)));
  return words;
}

/** A word with its place in its text: UTF-16 code units, [start, end). */
export interface PlacedWord {
  word: string;
  start: number;
  end: number;
}

/** The words of an unchanged text, each normalised, with their places. */
export function placedWordsOf(text: string): PlacedWord[] {
  const found: PlacedWord[] = [];
  eachWord(text, (start, end) => found.push({ word: normaliseText(text.slice(start, end)), start, end }));
  return found;
}

/** Text for the keyword index: in scripts without spaces, each character becomes a word. */
export function searchableText(text: string): string {
  if (ASCII_ONLY.test(text)) return text;
  return text.normalize('NFKC').replace(UNSPACED_EACH, ' $& ');
}

/**
 * Turns what a person typed into FTS5 terms. Each is a quoted string, so that no input is a syntax error. Empty if it
 * contains no word. At most `limit` different words are used.
 */
export function keywordTerms(query: string, limit = 32): string[] {
  const terms = new Set<string>();
  for (const word of wordsOf(normaliseText(query))) {
    terms.add(`"${searchableText(word).trim()}"`);
    if (terms.size >= limit) break;
  }
  return [...terms];
}
