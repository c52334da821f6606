import { beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../../electron/workers/index/database.ts';
import { createFileRows } from '../../../../electron/workers/index/file-rows.ts';
import { createKeywords } from '../../../../electron/workers/index/keywords.ts';

const CHUNKS = 4000;
/** "all" is in each chunk, "most" in half of them, "tenth" in every tenth, "rare" in every hundredth, "two" in two. */
function textOf(number: number): string {
  const words = ['all'];
  if (number % 2 === 0) words.push('most');
  if (number % 10 === 0) words.push('tenth');
  if (number % 8 === 1) words.push('eighth');
  if (number % 100 === 0) words.push('rare');
  if (number === 200) words.push('rare rare');
  if (number === 1200 || number === 1201) words.push('two');
  // A word that is in one part only, as a folder about one thing has it.
  if (number < 400) words.push('local');
  return words.join(' ');
}

describe('words in very many chunks', () => {
  const { database } = openDatabase(':memory:', null);
  const limited = createKeywords(database, { rare: 100, scanned: 50, counted: 1500 });
  const unlimited = createKeywords(database, { rare: 1e6, scanned: 1e6, counted: 1e9 });
  /** Ids begin at 1. */
  const found = (query: string, count = 10) => limited.find(query, count).map(({ id }) => id - 1);

  beforeAll(() => {
    const rows = createFileRows(database);
    const numbers = Array.from({ length: CHUNKS }, (_, number) => number);
    rows.put(
      {
        path: 'x',
        size: 1,
        modifiedMs: 1,
        changedMs: 1,
        settled: true,
        hash: new Uint8Array(16),
        recipe: '1:64',
        problem: null,
        language: 'text',
        chunks: numbers.map((number) => ({
          ordinal: number,
          text: textOf(number),
          startByte: 0,
          endByte: 1,
          heading: '',
        })),
      },
      numbers.map(() => new Float32Array([1])),
    );
  });

  test('rare words alone give exactly what they give without limits', () => {
    for (const query of ['rare', 'two', 'rare two', 'two nowhere', 'nowhere']) {
      expect(limited.find(query, 20)).toEqual(unlimited.find(query, 20));
    }
  });

  test('a rare word selects, a common one orders, one that is everywhere is ignored', () => {
    expect(found('two all')).toEqual(expect.arrayContaining([1200, 1201]));
    expect(found('two all')).toHaveLength(2);
    expect(found('two tenth')).toEqual([1200, 1201]);
    expect(found('eighth two')).toEqual([1201, 1200]);
    expect(found('the two of all most')).toHaveLength(2);
    // The most occurrences of the rare word come first, as without limits.
    expect(found('rare all', 50)[0]).toBe(200);
    expect(found('rare all', 50)).toHaveLength(40);
    expect(found('rare tenth all', 100)).toHaveLength(40);
    expect(found('rare two tenth', 50).slice(0, 2)).toEqual([1200, expect.any(Number)]);
  });

  test('with common words only, a limited number of chunks is scored, those with all words first', () => {
    const both = found('most tenth', 30);
    expect(both).toHaveLength(30);
    expect(both.every((number) => number % 10 === 0)).toBe(true);
    const few = found('local eighth', 60);
    expect(few.slice(0, 50).every((number) => number < 400 && number % 8 === 1)).toBe(true);
    expect(few).toHaveLength(60);
    expect(new Set(few).size).toBe(60);
    expect(found('all', 60)).toHaveLength(60);
    // The newest ones.
    expect(Math.min(...found('all', 40))).toBeGreaterThanOrEqual(CHUNKS - 50);
    expect(found('all nowhere')).toHaveLength(10);
  });

  test('a word of one part only is not taken for one that is everywhere', () => {
    expect(found('local two', 3)).toEqual(expect.arrayContaining([1200, 1201]));
    const hits = limited.find('rare local', 40).map(({ id }) => id - 1);
    expect(hits.slice(0, 4).sort((a, b) => a - b)).toEqual([0, 100, 200, 300]);
  });
});
