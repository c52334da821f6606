/** Texts to token ids. The library knows no truncation: it is done here, and only as much text is read as can count. */
import { Tokenizer } from '@huggingface/tokenizers';
import { createWordCache, isSumOfWords } from './word-cache.ts';

export interface TextTokenizer {
  /** Ids with the special ones, at most `maxTokens`: of a longer text its start, or its end. */
  encode(text: string, maxTokens: number, keep?: 'start' | 'end'): number[];
  /** The ids as a text. */
  decode(ids: readonly number[], options: { skipSpecial: boolean }): string;
  /** The special ids that a text of no tokens has. */
  readonly specials: { before: readonly number[]; after: readonly number[] };
  readonly padId: number;
  /** Ids are below this. */
  readonly size: number;
  token(id: number): string | null;
  isSpecial(id: number): boolean;
}

/** Characters per token that are tried first: more is rare. */
const CHARACTERS_PER_TOKEN = 16;
/** A longer text is read to its end only if its beginning has too few tokens. */
const FIRST_CHARACTERS = 4096;

/** @throws the library's error for a file that it does not understand */
export function createTextTokenizer(file: object, config: object): TextTokenizer {
  const tokenizer = new Tokenizer(file, config);
  const specials = specialsOf(tokenizer);
  const special = new Set([...specials.before, ...specials.after]);
  const padToken = (config as { pad_token?: string | { content?: string } }).pad_token;
  const padName = typeof padToken === 'object' ? padToken?.content : padToken;
  const padId = (padName === undefined ? undefined : tokenizer.token_to_id(padName)) ?? 0;

  const size = [...tokenizer.get_vocab(true).values()].reduce((most, id) => Math.max(most, id + 1), 0);

  const contentOf = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;

  const words = isSumOfWords(file) ? createWordCache(contentOf) : null;

  /** The first `most` tokens of the text: as those of the whole text, because a part ends between two words. */
  function firstTokens(text: string, most: number): number[] {
    if (words !== null) return words.encode(text, most);
    let characters = Math.max(FIRST_CHARACTERS, most * CHARACTERS_PER_TOKEN);
    while (text.length > characters) {
      const end = text.lastIndexOf(' ', characters);
      if (end > 0) {
        const ids = contentOf(text.slice(0, end));
        if (ids.length > most) return ids.slice(0, most);
      }
      characters *= 4;
    }
    return contentOf(text).slice(0, most);
  }

  /** The last `most` tokens of the text, found in the same way from its end. */
  function lastTokens(text: string, most: number): number[] {
    let characters = Math.max(FIRST_CHARACTERS, most * CHARACTERS_PER_TOKEN);
    while (text.length > characters) {
      const start = text.indexOf(' ', text.length - characters);
      if (start >= 0) {
        const ids = contentOf(text.slice(start));
        if (ids.length > most) return ids.slice(ids.length - most);
      }
      characters *= 4;
    }
    const ids = contentOf(text);
    return ids.slice(Math.max(0, ids.length - most));
  }

  return {
    specials,
    padId,
    size,
    encode(text, maxTokens, keep = 'start') {
      const most = Math.max(0, maxTokens - specials.before.length - specials.after.length);
      const content = keep === 'start' ? firstTokens(text, most) : lastTokens(text, most);
      return [...specials.before, ...content, ...specials.after].slice(0, maxTokens);
    },
    decode: (ids, { skipSpecial }) => tokenizer.decode([...ids], { skip_special_tokens: skipSpecial }),
    token: (id) => tokenizer.id_to_token(id) ?? null,
    isSpecial: (id) => special.has(id),
  };
}

/** What the post-processor adds around a text. */
function specialsOf(tokenizer: Tokenizer): { before: number[]; after: number[] } {
  const whole = tokenizer.encode('a').ids;
  const content = tokenizer.encode('a', { add_special_tokens: false }).ids;
  const at = whole.findIndex((_, index) => content.every((id, offset) => whole[index + offset] === id));
  if (content.length === 0 || at < 0) return { before: [], after: [] };
  return { before: whole.slice(0, at), after: whole.slice(at + content.length) };
}
