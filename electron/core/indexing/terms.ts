/** What counts as a word for the built-in embedder, whose vectors depend on it; search-words.ts is for the search by words. */

/** Scripts written without spaces between words. A run of their characters is one word, which is split further later. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/v;
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

/** What a character does to words. Classes from OF_UNSPACED on make a run of their own, of the same class. */
export const NO_WORD = 1;
export const BEGINS_WORD = 2;
/** Within a word, also within a run. */
export const CONTINUES = 3;
export const OF_UNSPACED = 4;

export function classOfLetter(character: string): number {
  if (UNSPACED.test(character)) return OF_UNSPACED;
  if (LETTER_OR_DIGIT.test(character)) return BEGINS_WORD;
  return COMBINING.test(character) ? CONTINUES : NO_WORD;
}

type VisitWord = (start: number, end: number) => void;

/**
 * A word is a letter or digit followed by letters, digits and their marks, or a run of characters of one class. There is
 * no regular expression for this, because one with these classes is ten times slower.
 */
export function createSplitter(classify: (character: string) => number, marksInRuns: boolean) {
  /** The class of each character of the basic plane; 0 until it first occurs. */
  const classes = new Uint8Array(0x10000);

  function classAt(text: string, at: number, code: number): number {
    if ((code & 0xfc00) === 0xd800) return classify(String.fromCodePoint(text.codePointAt(at) as number));
    const known = classes[code] as number;
    if (known !== 0) return known;
    const found = classify(String.fromCharCode(code));
    classes[code] = found;
    return found;
  }

  return (text: string, visit: VisitWord): void => {
    let start = -1;
    let open = NO_WORD;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      const isPair = (code & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
      const found = classAt(text, at, code);
      const continues =
        open >= OF_UNSPACED
          ? found === open || (marksInRuns && found === CONTINUES)
          : found === BEGINS_WORD || found === CONTINUES;
      if (start >= 0 && !continues) {
        visit(start, at);
        start = -1;
      }
      if (start < 0 && found !== NO_WORD && found !== CONTINUES) {
        start = at;
        open = found;
      }
      if (isPair) at += 1;
    }
    if (start >= 0) visit(start, text.length);
  };
}

const eachWord = createSplitter(classOfLetter, false);

/** The words of a text from `normaliseText`, in order, with repetitions. */
export function wordsOf(normalised: string): string[] {
  const words: string[] = [];
  eachWord(normalised, (start, end) => words.push(normalised.slice(start, end)));
  return words;
}
