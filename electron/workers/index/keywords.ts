/** Keyword search with FTS5's BM25. No input is a syntax error, because every word is quoted. */
import type { DatabaseSync } from 'node:sqlite';
import { keywordTerms } from '../../core/indexing/search-words.ts';

export interface KeywordHit {
  id: number;
  /** BM25; higher is better. */
  score: number;
}

/** A word in the path or the headings counts double. */
const WEIGHTS = '2.0, 1.0';
/** Maximum number of chunks that an OR query may score: about 10 ms. Common words have almost no weight in BM25. */
const MAX_WEIGHED = 10_000;

export type Keywords = ReturnType<typeof createKeywords>;

export function createKeywords(database: DatabaseSync) {
  const select = database.prepare(
    `SELECT rowid AS id, -bm25(words, ${WEIGHTS}) AS score FROM words WHERE words MATCH ?
     ORDER BY bm25(words, ${WEIGHTS}), rowid LIMIT ?`,
  );
  const countUpTo = database.prepare(
    'SELECT count(*) AS chunks FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)',
  );

  function run(expression: string, count: number): KeywordHit[] {
    return select
      .all(expression, count)
      .map((row): KeywordHit => ({ id: Number(row.id), score: Number(row.score) }));
  }

  /** The rarest words, as many as can be scored in time; at least one. */
  function affordable(terms: readonly string[]): string[] {
    const counted = terms
      .map((term) => ({ term, chunks: Number(countUpTo.get(term, MAX_WEIGHED + 1)?.chunks ?? 0) }))
      .filter(({ chunks }) => chunks > 0)
      .sort((a, b) => a.chunks - b.chunks);
    let weighed = 0;
    return counted
      .filter(({ chunks }, index) => {
        weighed += chunks;
        return index === 0 || weighed <= MAX_WEIGHED;
      })
      .map(({ term }) => term);
  }

  return {
    /** Chunks with all the words come first; chunks with some of them, the rarer ones, fill the rest. */
    find(query: string, count: number): KeywordHit[] {
      const terms = keywordTerms(query);
      if (terms.length === 0 || count <= 0) return [];
      const all = run(terms.join(' AND '), count);
      if (terms.length === 1 || all.length >= count) return all;
      const some = affordable(terms);
      if (some.length === 0) return all;
      const seen = new Set(all.map((hit) => hit.id));
      const rest = run(some.join(' OR '), count).filter((hit) => !seen.has(hit.id));
      return [...all, ...rest].slice(0, count);
    },
  };
}
