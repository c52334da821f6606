/** Keyword search by FTS5's BM25. No input is a syntax error: every word is quoted. */
import type { DatabaseSync } from 'node:sqlite';
import { keywordTerms } from '../../core/indexing/words.ts';

export interface KeywordHit {
  id: number;
  /** BM25; higher is better. */
  score: number;
}

/** A word in the path or the headings counts twice. */
const WEIGHTS = '2.0, 1.0';

export function createKeywords(database: DatabaseSync) {
  const select = database.prepare(
    `SELECT rowid AS id, -bm25(words, ${WEIGHTS}) AS score FROM words WHERE words MATCH ?
     ORDER BY bm25(words, ${WEIGHTS}), rowid LIMIT ?`,
  );
  function run(expression: string, count: number): KeywordHit[] {
    return select
      .all(expression, count)
      .map((row): KeywordHit => ({ id: Number(row.id), score: Number(row.score) }));
  }

  return {
    /** What holds all the words comes first; what holds some of them fills the rest. */
    find(query: string, count: number): KeywordHit[] {
      const terms = keywordTerms(query);
      if (terms.length === 0 || count <= 0) return [];
      const all = run(terms.join(' AND '), count);
      if (terms.length === 1 || all.length >= count) return all;
      const seen = new Set(all.map((hit) => hit.id));
      const some = run(terms.join(' OR '), count).filter((hit) => !seen.has(hit.id));
      return [...all, ...some].slice(0, count);
    },
  };
}
