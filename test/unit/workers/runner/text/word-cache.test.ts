import v8 from 'node:v8';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createTextTokenizer } from '../../../../../electron/workers/runner/text/tokenizer.ts';
import { createWordCache, isSumOfWords } from '../../../../../electron/workers/runner/text/word-cache.ts';
import { tokenizerConfig, tokenizerJson } from '../../../../fakes/text-model.ts';

const alphabet = [...'abcdefghijklmnopqrstuvwxyz,!'];
const pieces = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  ...alphabet,
  ...alphabet.map((one) => `##${one}`),
  '中',
];
const bert = {
  ...tokenizerJson,
  added_tokens: [
    ...tokenizerJson.added_tokens,
    { ...tokenizerJson.added_tokens[0], id: 4, content: '[MASK]' },
  ],
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
  },
};

const letters = (word: string) => [...word].map((letter) => letter.codePointAt(0) ?? 0);

describe('remembered words', () => {
  it('asks for each word once', () => {
    const asked: string[] = [];
    const cache = createWordCache((word) => {
      asked.push(word);
      return letters(word);
    });
    expect(cache.encode('a b a  b\n\ta ', 9)).toEqual([97, 98, 97, 98, 97]);
    expect(asked).toEqual(['a', 'b']);
  });

  it('reads no further than the tokens that count', () => {
    const asked: string[] = [];
    const cache = createWordCache((word) => {
      asked.push(word);
      return letters(word);
    });
    expect(cache.encode('abc def ghi', 5)).toEqual([97, 98, 99, 100, 101]);
    expect(asked).toEqual(['abc', 'def']);
    expect(cache.encode('', 5)).toEqual([]);
    expect(cache.encode(' \n ', 5)).toEqual([]);
    expect(cache.encode('abc', 0)).toEqual([]);
  });

  it('keeps other white space with its word: a vertical tab ends none', () => {
    const cache = createWordCache((word) => [word.length]);
    expect(cache.encode('a\u000bb\u00a0c d', 9)).toEqual([5, 1]);
  });

  it('forgets what is not used any more, and is right all the same', () => {
    let asked = 0;
    const cache = createWordCache((word) => {
      asked += 1;
      return letters(word);
    });
    const many = Array.from({ length: 100_000 }, (_, index) => `w${index}`);
    expect(many.filter((word) => cache.encode(word, 9).join() !== letters(word).join())).toEqual([]);
    for (const word of many.slice(-1000)) cache.encode(word, 9);
    expect(asked).toBe(many.length);
    cache.encode('w0', 9);
    expect(asked).toBe(many.length + 1);
  });
});

describe('which tokenizers it is for', () => {
  it('is BERT as it comes', () => expect(isSumOfWords(bert)).toBe(true));

  it.each([
    { model: { type: 'BPE' } },
    { model: { type: 'Unigram' } },
    { model: {} },
    { pre_tokenizer: null },
    { pre_tokenizer: { type: 'Metaspace' } },
    { normalizer: { type: 'Sequence' } },
    { added_tokens: [{ content: 'two words' }] },
    { added_tokens: [{}] },
  ])('is not %j', (change) => expect(isSumOfWords({ ...bert, ...change })).toBe(false));

  it('gives the same ids as the tokenizer itself', () => {
    const own = createTextTokenizer(bert, tokenizerConfig);
    const normalizer = { type: 'Sequence', normalizers: [bert.normalizer] };
    const whole = createTextTokenizer({ ...bert, normalizer }, tokenizerConfig);
    for (const text of [
      'lamp table',
      'LAMP, table!',
      '[SEP]lamp[MASK] table',
      'x'.repeat(300),
      'lamp\u200btable\u000blamp',
      'é e\u0301 \u0301',
      '中文 lamp',
    ])
      expect([text, own.encode(text, 64)]).toEqual([text, whole.encode(text, 64)]);
    expect(own.encode('lamp', 9)).toHaveLength(6);
  });
});

describe('the memory of what is remembered', () => {
  it('does not hold the texts that the words are from', () => {
    v8.setFlagsFromString('--expose_gc');
    const collect = vm.runInNewContext('gc') as () => void;
    const cache = createWordCache(() => [1]);
    collect();
    const before = process.memoryUsage().heapUsed;
    // Each text has a word of its own that is worth a reference into it, and a megabyte of others.
    for (let text = 0; text < 60; text += 1) {
      const words = [`${text}`.padStart(20, 'w'), ...Array.from({ length: 100_000 }, () => 'same word')];
      cache.encode(words.join(' '), 10);
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
  });
});
