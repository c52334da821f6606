/**
 * Keyword search with FTS5's BM25. No input is a syntax error, because every word is quoted. What it costs is limited:
 * BM25 is computed for the chunks with rare words only, and common words then order these.
 */
import type { DatabaseSync } from 'node:sqlite';
import { keywordTerms } from '../../core/indexing/search-words.ts';

export interface KeywordHit {
  id: number;
  /** BM25; higher is better. */
  score: number;
}

export interface KeywordLimits {
  /** Words in more chunks are common. Also the maximum number of chunks that are scored for rare words: about 10 ms. */
  rare: number;
  /** Maximum number of chunks that are scored if every word is common. */
  scanned: number;
  /** BM25 counts the chunks of each of its words: about 15 ms. */
  counted: number;
}

/** A word in the path or the headings counts double. */
const WEIGHTS = '2.0, 1.0';
const LIMITS: KeywordLimits = { rare: 10_000, scanned: 4000, counted: 600_000 };
/** A word in more than this share of the chunks tells nothing beside rare ones. */
const TELLING_SHARE = 0.25;
/** Common words that order the chunks of rare ones; each takes a few milliseconds. */
const MAX_BESIDE = 4;

interface Counted {
  term: string;
  /** Exact up to the limit, then estimated. */
  chunks: number;
  /** The highest id among those that were counted. */
  last: number;
}

export type Keywords = ReturnType<typeof createKeywords>;

export function createKeywords(database: DatabaseSync, limits: KeywordLimits = LIMITS) {
  const best = database.prepare(
    `SELECT rowid AS id, -bm25(words, ${WEIGHTS}) AS score FROM words WHERE words MATCH ?
     ORDER BY bm25(words, ${WEIGHTS}), rowid LIMIT ?`,
  );
  // The newest chunks, because they are of files that were changed last.
  const newest = database.prepare(
    `SELECT rowid AS id, -bm25(words, ${WEIGHTS}) AS score FROM words WHERE words MATCH ?
     ORDER BY rowid DESC LIMIT ?`,
  );
  const newestIds = database.prepare(
    'SELECT rowid AS id, 0 AS score FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?',
  );
  const countUpTo = database.prepare(
    `SELECT count(*) AS chunks, max(id) AS last
     FROM (SELECT rowid AS id FROM words WHERE words MATCH ? ORDER BY rowid LIMIT ?)`,
  );
  const countFromEnd = database.prepare(
    `SELECT count(*) AS chunks, min(id) AS first
     FROM (SELECT rowid AS id FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?)`,
  );
  const selectAll = database.prepare('SELECT count(*) AS chunks, min(id) AS first FROM words_docsize');
  const selectLast = database.prepare('SELECT max(id) AS id FROM words_docsize');
  let ends = { all: 0, first: 0, last: 0 };

  type Statement = ReturnType<DatabaseSync['prepare']>;
  const hits = (statement: Statement, expression: string, count: number) =>
    statement
      .all(expression, count)
      .map((row): KeywordHit => ({ id: Number(row.id), score: Number(row.score) }));

  /** The number of chunks, counted again when some were added. */
  function countAll(): { all: number; first: number; last: number } {
    const last = Number(selectLast.get()?.id ?? 0);
    if (last !== ends.last) {
      const found = selectAll.get();
      ends = { all: Number(found?.chunks ?? 0), first: Number(found?.first ?? 0), last };
    }
    return ends;
  }

  /**
   * In how many chunks a common word is, by how far from both ends of the index the first of them reach. A word of one
   * part only is not taken for one that is everywhere.
   */
  function estimate({ term, chunks, last }: Counted): number {
    const { all, ...whole } = countAll();
    const fromEnd = countFromEnd.get(term, limits.scanned);
    const found = chunks + Number(fromEnd?.chunks ?? 0);
    const span = last - whole.first + 1 + whole.last - Number(fromEnd?.first ?? whole.last) + 1;
    const share = Math.min(1, found / Math.max(1, span));
    // Gaps between the ids are in both.
    return Math.min(all, Math.max(chunks, Math.round(share * (whole.last - whole.first + 1))));
  }

  /** The rarest words, as many as can be scored in time; at least one. They are sorted. */
  function affordable(counted: readonly Counted[], limit: number): Counted[] {
    let sum = 0;
    return counted.filter(({ chunks }, index) => {
      sum += chunks;
      return index === 0 || sum <= limit;
    });
  }

  const expressionOf = (words: readonly Counted[], operator: 'AND' | 'OR') =>
    words.map(({ term }) => term).join(` ${operator} `);

  /** Chunks with all the words come first; chunks with some of them, the rarer ones, fill the rest. */
  function findExactly(terms: readonly string[], counted: readonly Counted[], count: number): KeywordHit[] {
    const all = hits(best, terms.join(' AND '), count);
    const some = affordable(counted, limits.rare);
    if (terms.length === 1 || all.length >= count || some.length === 0) return all;
    return firstThen(all, hits(best, expressionOf(some, 'OR'), count)).slice(0, count);
  }

  /** Scores the chunks of rare words, and orders them by the common ones as well. */
  function findByRare(
    rare: readonly Counted[],
    beside: readonly Counted[],
    all: number,
    isComplete: boolean,
  ): KeywordHit[] {
    const some = expressionOf(rare, 'OR');
    const scores = new Map<number, number>();
    const words = new Map<number, number>();
    for (const { id, score } of hits(newest, some, limits.rare)) scores.set(id, score);
    for (const word of beside) {
      // What BM25 gives for one occurrence in a chunk of average length.
      const weight = Math.log((all - word.chunks + 0.5) / (word.chunks + 0.5));
      for (const { id } of hits(newestIds, `(${some}) AND ${word.term}`, limits.rare)) {
        scores.set(id, (scores.get(id) ?? 0) + weight);
        words.set(id, (words.get(id) ?? 0) + 1);
      }
    }
    const scored = sorted([...scores].map(([id, score]) => ({ id, score })));
    if (!isComplete || rare.length + beside.length === 1) return scored;
    const whole = new Set(hits(newestIds, expressionOf(rare, 'AND'), limits.rare).map(({ id }) => id));
    return firstThen(
      scored.filter(({ id }) => whole.has(id) && (words.get(id) ?? 0) === beside.length),
      scored,
    );
  }

  /** Scores a limited number of chunks. */
  function findAmongCommon(common: readonly Counted[], count: number): KeywordHit[] {
    const some = affordable(common, limits.counted).slice(0, MAX_BESIDE);
    const [rarest] = some;
    if (rarest === undefined) return [];
    // Counting its chunks would cost more than their order is worth.
    const statement = rarest.chunks > limits.counted ? newestIds : newest;
    // Whoever asks for more than are scanned filters them, and needs so many.
    const scanned = Math.max(limits.scanned, count);
    const all = sorted(hits(statement, expressionOf(some, 'AND'), scanned));
    if (all.length >= count || some.length === 1) return all;
    return firstThen(all, sorted(hits(statement, rarest.term, scanned)));
  }

  return {
    /** Best first. */
    find(query: string, count: number): KeywordHit[] {
      const terms = keywordTerms(query);
      if (terms.length === 0 || count <= 0) return [];
      const counted = terms
        .map((term): Counted => {
          const found = countUpTo.get(term, limits.rare + 1);
          return { term, chunks: Number(found?.chunks ?? 0), last: Number(found?.last ?? 0) };
        })
        .filter(({ chunks }) => chunks > 0)
        .sort((a, b) => a.chunks - b.chunks);
      if (counted.every(({ chunks }) => chunks <= limits.rare)) return findExactly(terms, counted, count);
      const { all } = countAll();
      const estimated = counted
        .map((word) => (word.chunks <= limits.rare ? word : { ...word, chunks: estimate(word) }))
        .sort((a, b) => a.chunks - b.chunks);
      const rare = affordable(
        estimated.filter(({ chunks }) => chunks <= limits.rare),
        limits.rare,
      );
      if (rare.length === 0) return findAmongCommon(estimated, count).slice(0, count);
      const beside = estimated
        .filter((word) => !rare.includes(word) && word.chunks <= all * TELLING_SHARE)
        .slice(0, MAX_BESIDE);
      return findByRare(rare, beside, all, counted.length === terms.length).slice(0, count);
    },
  };
}

/** Best first; equal scores by id. */
function sorted(found: readonly KeywordHit[]): KeywordHit[] {
  return [...found].sort((a, b) => b.score - a.score || a.id - b.id);
}

/** Each chunk once. */
function firstThen(first: readonly KeywordHit[], then: readonly KeywordHit[]): KeywordHit[] {
  const seen = new Set(first.map(({ id }) => id));
  return [...first, ...then.filter(({ id }) => !seen.has(id))];
}
