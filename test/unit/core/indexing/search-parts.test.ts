import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuseRanks } from '../../../../electron/core/indexing/fusion.ts';
import { keywordTerms, searchableText } from '../../../../electron/core/indexing/search-words.ts';
import { makeSnippet } from '../../../../electron/core/indexing/snippet.ts';
import { wordsOf } from '../../../../electron/core/indexing/terms.ts';

describe('reciprocal rank fusion', () => {
  test('sums 1 / (60 + rank) over both lists', () => {
    const fused = fuseRanks(
      [
        { id: 1, score: 9 },
        { id: 2, score: 8 },
      ],
      [
        { id: 2, score: 0.9 },
        { id: 3, score: 0.8 },
      ],
    );
    expect(fused.map((item) => item.id)).toEqual([2, 1, 3]);
    expect(fused[0]).toEqual({
      id: 2,
      wordRank: 2,
      vectorRank: 1,
      wordScore: 8,
      vectorScore: 0.9,
      score: 1 / 62 + 1 / 61,
    });
    expect(fused[1]).toMatchObject({ vectorRank: null, vectorScore: null, score: 1 / 61 });
  });

  test('each id once, best first, and always in the same order', () => {
    const lists = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 20 });
    fc.assert(
      fc.property(lists, lists, (words, vectors) => {
        const ranked = (ids: number[]) => ids.map((id) => ({ id, score: 1 }));
        const fused = fuseRanks(ranked(words), ranked(vectors));
        expect(new Set(fused.map((item) => item.id))).toEqual(new Set([...words, ...vectors]));
        for (let i = 1; i < fused.length; i += 1) {
          expect(fused[i - 1]?.score).toBeGreaterThanOrEqual(fused[i]?.score as number);
        }
      }),
    );
  });
});

describe('words and keyword terms', () => {
  test('the words are those that the classes of Unicode name', () => {
    const unspaced =
      '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]';
    const pattern = new RegExp(
      `${unspaced}+|[[\\p{L}\\p{N}]--${unspaced}][[\\p{L}\\p{N}\\p{M}]--${unspaced}]*`,
      'gv',
    );
    const parts = fc.constantFrom(
      'a',
      'é',
      'e\u0301',
      '\u0301',
      '漢',
      'か',
      '\u3099',
      'ไ',
      '𝒳',
      '𠮷',
      '👩',
      '1',
      '_',
      ' ',
      '\ud835',
      '\udc00',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.array(parts, { maxLength: 30 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(wordsOf(text)).toEqual(text.match(pattern) ?? []);
      }),
    );
  });

  test('scripts without spaces are words of their own', () => {
    expect(wordsOf('gpu東京2台 ok')).toEqual(['gpu', '東京', '2', '台', 'ok']);
    expect(searchableText('東京x').replace(/\s+/g, ' ').trim()).toBe('東 京 x');
    expect(keywordTerms('東京 Tower "tower" OR *')).toEqual(['"東  京"', '"tower"', '"or"']);
  });
});

describe('a snippet', () => {
  const chunk = (text: string) => ({ text, startByte: 100, endByte: 100 + Buffer.byteLength(text) });

  test('shows the place with the most words of the query, marked', () => {
    const filler = 'nothing to see here. '.repeat(30);
    const snippet = makeSnippet(
      chunk(`${filler}The magic packet wakes the GPU. ${filler}magic `),
      'GPU magic',
      80,
    );
    expect(snippet.text.length).toBeLessThanOrEqual(80);
    expect(snippet.highlights.map(([start, end]) => snippet.text.slice(start, end))).toEqual([
      'magic',
      'GPU',
    ]);
  });

  test('accents and scripts without spaces', () => {
    const french = makeSnippet(chunk('Un café à Genève'), 'cafe geneve');
    expect(french.highlights.map(([start, end]) => french.text.slice(start, end))).toEqual([
      'café',
      'Genève',
    ]);
    const japanese = makeSnippet(chunk('私は東京大学の学生'), '東京');
    expect(japanese.highlights).toEqual([[2, 4]]);
  });

  test('its bytes are those of its text in the file, whatever the text', () => {
    const texts = fc.array(fc.constantFrom('wake ', 'größe ', '漢字', '👩‍🚀', 'x'.repeat(50), '\n', ' '), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom('wake', 'größe 漢字', '', '!?'),
        fc.integer({ min: 30, max: 200 }),
        (parts, query, length) => {
          const text = parts.join('');
          const snippet = makeSnippet(chunk(text), query, length);
          expect(snippet.text.isWellFormed()).toBe(true);
          expect(snippet.text.length).toBeLessThanOrEqual(length);
          const bytes = Buffer.from(text).subarray(snippet.startByte - 100, snippet.endByte - 100);
          expect(bytes.toString()).toBe(snippet.text);
          let at = 0;
          for (const [start, end] of snippet.highlights) {
            expect(start).toBeGreaterThanOrEqual(at);
            expect(end).toBeGreaterThan(start);
            expect(end).toBeLessThanOrEqual(snippet.text.length);
            at = end;
          }
        },
      ),
    );
  });

  test('UTF-16 and single-byte files; a page whose text is not its source', () => {
    const text = `über ${'a'.repeat(40)} wake`;
    const wide = makeSnippet({ text, startByte: 2, endByte: 2 + text.length * 2 }, 'wake', 20);
    expect(wide.endByte - wide.startByte).toBe(wide.text.length * 2);
    const single = makeSnippet({ text, startByte: 0, endByte: text.length }, 'wake', 20);
    expect([single.endByte, single.endByte - single.startByte]).toEqual([text.length, single.text.length]);
    expect(makeSnippet({ text, startByte: 7, endByte: 999 }, 'wake', 20)).toMatchObject({
      startByte: 7,
      endByte: 999,
    });
  });
});
