/**
 * The words of the search by words, in texts and in queries. Besides letters and digits: emoji and other symbols, names
 * with signs such as C++ and .NET, Korean nouns without what hangs on them, and no invisible characters. Pure.
 */
import { CONTINUES, classOfLetter, createSplitter, NO_WORD, normaliseText, OF_UNSPACED } from './terms.ts';

const OF_HANGUL = 5;
const SYMBOL = 6;

/**
 * Invisible characters within words, which no one types: soft hyphens, joiners, marks of direction, variants. Zero-width
 * spaces too: where they separate words, in scripts without spaces, each character is a word anyway.
 */
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;
const HANGUL = /\p{Script=Hangul}/u;
/** Signs of money and mathematics, arrows, emoji. Lines and blocks draw tables. */
const SYMBOLS = /[[\p{So}\p{Sc}\p{Sm}]--[\p{ASCII}\u2500-\u259f\u2800-\u28ff\ufffc\ufffd]]/gv;
const isSymbol = (character: string) => character.search(SYMBOLS) === 0;
const UNSPACED_EACH =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gv;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is meant
const ASCII_ONLY = /^[\x00-\x7f]*$/;

const seen = (text: string) => (ASCII_ONLY.test(text) ? text : text.replace(UNSEEN, ''));

function classify(character: string): number {
  if (character.search(UNSEEN) === 0) return CONTINUES;
  if (HANGUL.test(character)) return OF_HANGUL;
  // The sign that makes a vowel of kana long belongs to no script.
  const found = character === 'ー' ? OF_UNSPACED : classOfLetter(character);
  return found === NO_WORD && isSymbol(character) ? SYMBOL : found;
}

const eachRun = createSplitter(classify, true);

/** A word with its place in its text: UTF-16 code units, [start, end). */
export interface PlacedWord {
  word: string;
  start: number;
  end: number;
}

/** `C++`, `C#`, `A+`: signs after a name, where nothing else begins. */
const AFTER_NAME = /(?:\+\+|[+#])(?![\p{L}_+#])/uy;
/** `.NET`, `.env`: a dot before a name, where nothing else ends. */
const BEFORE_NAME = /(?<![\p{L}\p{N}_.)\]}"'`])\.$/u;

/** The words of an unchanged text, each normalised, with their places. */
export function placedWordsOf(text: string): PlacedWord[] {
  const found: PlacedWord[] = [];
  eachRun(text, (start, end) => {
    if (isSymbol(text.slice(start, end))) {
      // Each symbol of a run is a word.
      for (const { 0: symbol, index } of text.slice(start, end).matchAll(SYMBOLS)) {
        found.push({ word: symbol, start: start + index, end: start + index + symbol.length });
      }
      return;
    }
    AFTER_NAME.lastIndex = end;
    const last = AFTER_NAME.test(text) ? AFTER_NAME.lastIndex : end;
    const first = BEFORE_NAME.test(text.slice(Math.max(0, start - 2), start)) ? start - 1 : start;
    found.push({ word: normaliseText(seen(text.slice(first, last))), start: first, end: last });
  });
  return found;
}

/** A character of the private planes, which the tokenizer takes for a letter. */
const asLetter = (character: string) =>
  String.fromCodePoint(0xf0000 + ((character.codePointAt(0) as number) & 0xffff));
const asLetters = (name: string) => name.replaceAll(/[+#.]/g, asLetter);

const NAMES_WITH_SIGNS =
  /[\p{L}\p{N}]+(?:\+\+|[+#])(?![\p{L}_+#])|(?<![\p{L}\p{N}_.)\]}"'`])\.(?=\p{L})[\p{L}\p{N}]+/gu;
const MAY_HAVE_SIGNS = /[+#]|(?:^|[^\p{L}\p{N}_])\.\p{L}/u;
const BESIDE_HANGUL =
  /(?<=\p{Script=Hangul})(?=[[\p{L}\p{N}]--\p{Script=Hangul}])|(?<=[[\p{L}\p{N}]--\p{Script=Hangul}])(?=\p{Script=Hangul})/gv;

/**
 * Text for the keyword index, whose tokenizer knows letters and digits. Characters of scripts without spaces become
 * words of their own, symbols become letters, and a name with signs is there with and without them.
 */
export function searchableText(text: string): string {
  const plain = ASCII_ONLY.test(text)
    ? text
    : seen(text)
        .normalize('NFKC')
        .replace(UNSPACED_EACH, ' $& ')
        .replace(SYMBOLS, (symbol) => ` ${asLetter(symbol)} `)
        .replace(BESIDE_HANGUL, ' ');
  if (!MAY_HAVE_SIGNS.test(plain)) return plain;
  return plain.replace(NAMES_WITH_SIGNS, (name) => `${name} ${asLetters(name)} `);
}

/** Particles of Korean nouns, the longest first. A word that only looks like one with a particle is found by its start. */
const PARTICLES =
  '에서부터 으로부터 에게서는 이라도 에서는 에서도 으로는 으로도 에게는 에게도 까지는 까지도 부터는 한테서 이라는 ' +
  '에서 에게 으로 까지 부터 처럼 보다 한테 께서 마다 조차 밖에 이나 이랑 라도 라는 하고 에는 에도 들은 들이 들을 들의 ' +
  '은 는 이 가 을 를 에 의 로 와 과 도 만 께 랑 들';
const PARTICLE = new RegExp(`^(\\p{Script=Hangul}{2,}?)(?:${PARTICLES.replaceAll(' ', '|')})$`, 'u');

/** How a Korean word begins, whatever particle hangs on it; null for other words. */
export function stemOf(word: string): string | null {
  if (!/^\p{Script=Hangul}+$/u.test(word)) return null;
  return PARTICLE.exec(word)?.[1] ?? word;
}

/**
 * Turns what a person typed into FTS5 terms. Each is a quoted string, so that no input is a syntax error. Empty if it
 * contains no word. At most `limit` different words are used.
 */
export function keywordTerms(query: string, limit = 32): string[] {
  const terms = new Set<string>();
  for (const { word } of placedWordsOf(query)) {
    terms.add(termOf(word));
    if (terms.size >= limit) break;
  }
  return [...terms];
}

function termOf(word: string): string {
  const stem = stemOf(word);
  if (stem !== null) return `"${stem}" *`;
  if (isSymbol(word)) return `"${asLetter(word)}"`;
  return /[+#.]/.test(word) ? `"${asLetters(word)}"` : `"${searchableText(word).trim()}"`;
}
