import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { keywordTerms, searchableText } from '../../../../electron/core/indexing/search-words.ts';
import { makeSnippet } from '../../../../electron/core/indexing/snippet.ts';

const texts = [
  'Das Ge\u00adsamt\u00adkon\u00adzept liegt vor',
  'word\u2060joiner and Hoch\u200bspannung and byte\ufeffmark',
  '🔥 hot topics ❤️ 👩🏽‍🚀 🇩🇪',
  'costs 5 €, a→b, ½ ≤ 1',
  '서버를 켜면 GPU를 씁니다',
  'C++ and C# and F# code; i++ too',
  'plain c code',
  'the .NET runtime reads .env files',
  '東京タワー',
  'می‌خواهم',
];
const database = new DatabaseSync(':memory:');
database.exec(
  "CREATE VIRTUAL TABLE words USING fts5(body, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2')",
);
for (const [at, text] of texts.entries())
  database.prepare('INSERT INTO words (rowid, body) VALUES (?, ?)').run(at, searchableText(text));
afterAll(() => database.close());

const find = (query: string) =>
  database
    .prepare('SELECT rowid AS at FROM words WHERE words MATCH ?')
    .all(keywordTerms(query).join(' AND '))
    .map(({ at }) => Number(at));

describe('the search by words', () => {
  it.each([
    ['Gesamtkonzept', [0]],
    ['wordjoiner', [1]],
    ['Hochspannung', [1]],
    ['bytemark', [1]],
    ['Ge\u00adsamtkonzept', [0]],
    ['🔥', [2]],
    ['❤', [2]],
    ['❤️', [2]],
    ['👩‍🚀', [2]],
    ['🇩🇪', [2]],
    ['€', [3]],
    ['→', [3]],
    ['a b', [3]],
    ['서버', [4]],
    ['서버가', [4]],
    ['서버에서는', [4]],
    ['gpu', [4]],
    ['C++', [5]],
    ['c#', [5]],
    ['F#', [5]],
    ['C', [5, 6]],
    ['.NET', [7]],
    ['net', [7]],
    ['.env', [7]],
    ['タワー', [8]],
    ['می‌خواهم', [9]],
    ['میخواهم', [9]],
    ['💧', []],
    ['C--', [5, 6]],
  ])('for %s finds %j', (query, places) => {
    expect(find(query)).toEqual(places);
  });

  it.each(['', '???', '"', '* - ()', '\u200b', '─│'])('has no word in %j', (query) => {
    expect(keywordTerms(query)).toEqual([]);
  });

  it('is never a syntax error', () => {
    for (const query of [
      '"a" OR',
      'c++ "',
      '.net*',
      '서버"',
      '🔥"',
      'NEAR(',
      "a'b",
      'col:x',
      '^a',
      '+',
      'a+ #',
    ])
      if (keywordTerms(query).length > 0) expect(() => find(query)).not.toThrow();
  });

  it.each([
    ['C++', 'Use C++ today', ['C++']],
    ['서버', '서버를 켜다', ['서버']],
    ['🔥', 'so 🔥🔥 hot', ['🔥', '🔥']],
    ['Gesamt', 'Ge\u00adsamt und', ['Ge\u00adsamt']],
    ['.NET', 'the .NET runtime', ['.NET']],
  ])('shows %s in %j', (query, text, shown) => {
    const snippet = makeSnippet({ text, startByte: 0, endByte: Buffer.byteLength(text) }, query);
    expect(snippet.highlights.map(([start, end]) => snippet.text.slice(start, end))).toEqual(shown);
  });
});
