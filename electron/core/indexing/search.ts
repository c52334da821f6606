/** Search over all sources at once, by keywords and by vectors, merged by rank, shown as snippets. */
import { abortable } from '../../../shared/abortable.ts';
import { type ErrorCode, isPilotlightError } from '../../../shared/contract/errors.ts';
import {
  type Embedder,
  embedderId,
  type FileType,
  type SearchHit,
  type SearchResult,
  type SourceRecord,
} from '../../../shared/models/indexing.ts';
import { distinct, fact, type Message } from '../../../shared/models/message.ts';
import type { Acquired } from '../acquire/model.ts';
import { createHealthTracker } from '../acquire/node-health.ts';
import type { SourceIndex, VectorHit } from '../ports/vectors.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { type EmbeddingSource, embeddingSource } from './embedding-source.ts';
import { utf8Length } from './encoding.ts';
import { isOfQdrant, reasonOf } from './failures.ts';
import { fileTypeOf } from './file-type.ts';
import { fuseRanks } from './fusion.ts';
import type { IndexHandles } from './index-handles.ts';
import { joinPath } from './join-path.ts';
import type { IndexingDependencies } from './model.ts';
import { placeAt, withoutPlaces } from './places.ts';
import type { QueryTurns } from './query-turns.ts';
import { isWeak } from './search-floor.ts';
import { keywordTerms } from './search-words.ts';
import { makeSnippet } from './snippet.ts';
import { isIngested } from './sources.ts';

/** How long one node may take for the vector of a query. After that the next is asked, and then keywords must do. */
const nodeDeadlineMs = 4000;
const sourceDeadlineMs = 10_000;
const nodesTried = 2;
/** The newest vectors that Qdrant does not have yet are compared by the index itself. */
const MAX_UNSENT = 20_000;

export interface SourceHits {
  source: Pick<SourceRecord, 'id' | 'kind' | 'name' | 'path' | 'embedder'>;
  hits: readonly VectorHit[];
}

export interface MergedHit {
  source: SourceHits['source'];
  hit: VectorHit;
  wordRank: number | null;
  vectorRank: number | null;
  score: number;
}

/**
 * One list from those of several sources, by reciprocal ranks. Keyword scores can be compared across sources, so they
 * make one list. Similarities can be compared only within one embedder, so each embedder's best comes first.
 */
export function mergeHits(found: readonly SourceHits[], limit: number): MergedHit[] {
  const all = found.flatMap(({ source, hits }) => hits.map((hit) => ({ source, hit })));
  const words = all
    .flatMap(({ hit }, id) =>
      hit.wordRank === null ? [] : [{ id, score: hit.wordScore ?? 0, rank: hit.wordRank }],
    )
    .sort(found.length === 1 ? (a, b) => a.rank - b.rank : (a, b) => b.score - a.score || a.rank - b.rank);
  const ranksByEmbedder = new Map<string, { id: number; score: number; rank: number }[]>();
  for (const [id, { source, hit }] of all.entries()) {
    if (hit.vectorRank === null) continue;
    const key = embedderId(source.embedder);
    const list = ranksByEmbedder.get(key) ?? [];
    list.push({ id, score: hit.vectorScore ?? 0, rank: hit.vectorRank });
    ranksByEmbedder.set(key, list);
  }
  const vectors = [...ranksByEmbedder.values()]
    .flatMap((list) =>
      list.sort((a, b) => b.score - a.score || a.rank - b.rank).map((item, place) => ({ ...item, place })),
    )
    .sort((a, b) => a.place - b.place);
  return fuseRanks(words, vectors)
    .slice(0, limit)
    .flatMap((fused) => {
      const item = all[fused.id];
      if (!item) return [];
      return [{ ...item, wordRank: fused.wordRank, vectorRank: fused.vectorRank, score: fused.score }];
    });
}

function toSearchHit(
  { source, hit, wordRank, vectorRank, score }: MergedHit,
  query: string,
  ingestedText: IndexingDependencies['ingestedText'],
): SearchHit {
  const ingested = isIngested(source) ? ingestedText(hit.path) : null;
  const snippet = makeSnippet(hit.chunk, query);
  const place = placeAt(ingested?.places ?? hit.places ?? [], bestMatchByte(snippet));
  const words = wordRank === null ? null : { rank: wordRank, score: hit.wordScore ?? 0 };
  const vectors = vectorRank === null ? null : { rank: vectorRank, similarity: hit.vectorScore ?? 0 };
  return {
    sourceId: source.id,
    sourceName: source.name,
    path: hit.path,
    absolutePath: joinPath(source.path, hit.path),
    type: fileTypeOf(hit.language),
    heading: hit.chunk.heading,
    snippet: snippet.text,
    highlights: snippet.highlights,
    startByte: snippet.startByte,
    endByte: snippet.endByte,
    score,
    words,
    vectors,
    ...(isWeak({ words, vectors }, source.embedder) && { weak: true as const }),
    ...(ingested !== null && { ingested: withoutPlaces(ingested) }),
    ...(place !== null && { place }),
  };
}

/** As far as a sentence goes, UTF-16 units. */
const NEAR = 200;

/**
 * Stored texts are UTF-8. A snippet may begin on the page before its match, and a single frequent word may stand long
 * before the sentence that was looked for: the first place with the most matches near it counts.
 */
function bestMatchByte({ text, highlights, startByte }: ReturnType<typeof makeSnippet>): number {
  let best = { at: 0, count: 0 };
  for (const [at] of highlights) {
    const count = highlights.filter(([other]) => other >= at && other < at + NEAR).length;
    if (count > best.count) best = { at, count };
  }
  return startByte + utf8Length(text, 0, best.at);
}

const strongFirst = (hits: readonly SearchHit[]) => [
  ...hits.filter(({ weak }) => !weak),
  ...hits.filter(({ weak }) => weak),
];

export interface Searcher {
  search(
    query: { text: string; sources: readonly SourceRecord[]; types?: FileType[] | null; limit: number },
    signal: AbortSignal,
  ): Promise<SearchResult>;
}

export function createSearcher(
  dependencies: Pick<
    IndexingDependencies,
    'clock' | 'fleet' | 'acquire' | 'runners' | 'vectors' | 'log' | 'ingestedText'
  > & {
    handles: IndexHandles;
    queries: Pick<QueryTurns, 'begin'>;
    /** A search found that an index is incomplete. */
    onDamaged(sourceId: string): void;
  },
): Searcher {
  const { clock, vectors, handles, queries, log, onDamaged } = dependencies;
  /** The search must not wait for a task that ignores its signal. */
  function within<T>(
    ms: number,
    signal: AbortSignal,
    task: (signal: AbortSignal) => Promise<T>,
    code?: ErrorCode,
  ): Promise<T> {
    return withDeadline(clock, ms, signal, (limited) => abortable(task(limited), limited), code);
  }

  /** The query's vector, or why there is none. */
  async function embedQuery(
    embedder: Embedder,
    text: string,
    signal: AbortSignal,
  ): Promise<{ vector: Float32Array | null; notice: Message | null }> {
    if (embedder.kind === 'builtin') {
      const [vector] = await vectors.embedBuiltin([text]);
      return { vector: vector ?? null, notice: null };
    }
    const from = embeddingSource(dependencies, embedder);
    const { name } = from.model;
    const tried = new Set<string>();
    let failure: { node: string; reason: Message } | null = null;
    while (tried.size < nodesTried) {
      const server = await queryServer(from, tried, signal);
      if (server === null) break;
      await using acquired = server;
      tried.add(acquired.nodeId);
      using _turn = queries.begin(acquired.nodeId);
      try {
        const { vectors: made } = await within(nodeDeadlineMs, signal, (limited) =>
          acquired.server.embed(acquired.model ?? name, [text], limited, { as: 'query' }),
        );
        const [vector] = made;
        if (vector) return { vector, notice: null };
        failure = { node: acquired.name, reason: fact('WRONG_VECTORS') };
      } catch (error) {
        signal.throwIfAborted();
        failure = { node: acquired.name, reason: reasonOf(error) };
        log.warn('The vector of a query could not be made.', {
          node: acquired.nodeId,
          error: String(error),
        });
        from.fleet.probeSoon(acquired.nodeId);
      }
    }
    const notice =
      failure === null
        ? fact('KEYWORDS_ONLY_NO_NODE', { model: name })
        : fact('KEYWORDS_ONLY_NO_ANSWER', { model: name, ...failure });
    return { vector: null, notice };
  }

  /** A machine that is awake and has the model, the quickest first; null if there is none. Nothing is woken. */
  async function queryServer(
    { acquire, model }: EmbeddingSource,
    except: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Acquired | null> {
    try {
      // Each search starts without history, so a person who tries again after a fix gets an answer.
      const health = createHealthTracker({ clock });
      return await acquire.acquire({
        model,
        except,
        purpose: fact('USED_FOR_SEARCH'),
        by: 'request',
        brief: true,
        whenNone: 'fail',
        health,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      log.debug('No node was found for a query.', { error: String(error) });
      return null;
    }
  }

  return {
    async search({ text, sources, types = null, limit }, signal) {
      const startedAt = clock.monotonic();
      const queries = new Map<string, ReturnType<typeof embedQuery>>();
      const notices: Message[] = keywordTerms(text).length === 0 ? [fact('QUERY_HAS_NO_WORD')] : [];
      const damaged: SourceRecord[] = [];
      const searchOne = async (source: SourceRecord): Promise<SourceHits> => {
        const key = embedderId(source.embedder);
        let query = queries.get(key);
        if (!query) {
          query = embedQuery(source.embedder, text, signal);
          queries.set(key, query);
        }
        const { vector, notice } = await query;
        if (notice !== null) notices.push(notice);
        const hits = await within(
          sourceDeadlineMs,
          signal,
          (limited) => searchIndex(source, key, vector, limited),
          'INDEX_BUSY',
        );
        return { source, hits };
      };
      /** An engine that cannot be used leaves the keywords. */
      const searchEngine = async (
        source: SourceRecord,
        index: SourceIndex,
        wanted: Parameters<SourceIndex['search']>[0],
        limited: AbortSignal,
      ) => {
        try {
          return await index.search(wanted, limited);
        } catch (error) {
          if (!isPilotlightError(error) || !isOfQdrant(error.code)) throw error;
          notices.push(fact('KEYWORDS_ONLY_QDRANT', { folder: source.name, reason: reasonOf(error) }));
          return index.search({ ...wanted, vector: null }, limited);
        }
      };
      const searchIndex = async (
        source: SourceRecord,
        key: string,
        vector: Float32Array | null,
        limited: AbortSignal,
      ) => {
        const index = await handles.get(source);
        const before = await index.meta();
        const usable = before.embedderId === key;
        if (!usable) notices.push(fact('FOLDER_HAS_OTHER_EMBEDDER', { folder: source.name }));
        const wanted = { text, vector: usable ? vector : null, limit: Math.max(limit, 50), types };
        const found = await searchEngine(source, index, wanted, limited);
        // The index has the text of one that was deleted until its next job.
        const hits = isIngested(source)
          ? found.filter(({ path }) => dependencies.ingestedText(path) !== null)
          : found;
        const { incomplete, vectors: state } = await index.meta();
        if (wanted.vector !== null && state !== undefined && state.unsent > MAX_UNSENT) {
          notices.push(fact('VECTORS_BEING_SENT', { folder: source.name, unsent: state.unsent }));
        }
        if (incomplete) damaged.push(source);
        if (incomplete && !before.incomplete) onDamaged(source.id);
        return hits;
      };
      /** A damaged index is set aside. The empty one in its place is searched, and the answer lists what is missing. */
      const searchAgain = async (source: SourceRecord): Promise<SourceHits> => {
        try {
          return await searchOne(source);
        } catch (error) {
          if (!isPilotlightError(error) || error.code !== 'INDEX_CORRUPT') throw error;
          await handles.forget(source.id);
          onDamaged(source.id);
          return searchOne(source);
        }
      };
      const found = await Promise.all(
        sources.map(async (source): Promise<SourceHits> => {
          try {
            return await searchAgain(source);
          } catch (error) {
            // For a single source its trouble is the answer; among others it is a notice.
            if (signal.aborted || sources.length === 1) throw error;
            notices.push(fact('FOLDER_NOT_SEARCHED', { folder: source.name, reason: reasonOf(error) }));
            return { source, hits: [] };
          }
        }),
      );
      if (damaged.length > 0) {
        notices.push(fact('FOLDERS_INCOMPLETE', { folders: damaged.map(({ name }) => name) }));
      }
      return {
        query: text,
        hits: strongFirst(
          mergeHits(found, limit).map((hit) => toSearchHit(hit, text, dependencies.ingestedText)),
        ),
        tookMs: Math.round((clock.monotonic() - startedAt) * 10) / 10,
        notices: distinct(notices),
        ...(damaged.length > 0 ? { incomplete: damaged.map(({ id }) => id) } : {}),
      };
    },
  };
}
