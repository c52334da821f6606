/** Search in the index of one source: by keywords and by vectors, merged by rank. */
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { FileType } from '../../../shared/models/indexing.ts';
import { type FilePlace, filePlaceSchema } from '../../../shared/models/places.ts';
import { fileTypeOf } from '../../core/indexing/file-type.ts';
import { fuseRanks } from '../../core/indexing/fusion.ts';
import type { VectorHit } from '../../core/ports/vectors.ts';
import type { FileRows } from './file-rows.ts';
import type { Keywords } from './keywords.ts';
import type { OwnData } from './own-data.ts';
import type { VectorEngine } from './vector-engine.ts';

const places = z.array(filePlaceSchema);

/** Reads the list of each document once a search. One that cannot be read costs the place, not the hit. */
function createPlaces() {
  const lists = new Map<string, readonly FilePlace[]>();
  /** The places that the bytes of a passage cover. */
  return (row: Record<string, unknown>): Pick<VectorHit, 'places'> => {
    if (row.places === null) return {};
    const path = String(row.path);
    const all = lists.get(path) ?? places.safeParse(parseJson(String(row.places))).data ?? [];
    lists.set(path, all);
    const before = all.findLastIndex(({ startByte }) => startByte <= Number(row.start_byte));
    const found = all.slice(Math.max(0, before)).filter(({ startByte }) => startByte < Number(row.end_byte));
    return found.length === 0 ? {} : { places: found };
  };
}

const MAX_HITS = 500;
/** How many candidates of each kind are ranked where only some kinds of files count, until there are enough hits. */
const TYPED_DEPTHS = [1000, 10_000, 100_000];

export interface IndexQuery {
  text: string;
  vector: Float32Array | null;
  limit: number;
  /** null for all. */
  types?: readonly FileType[] | null;
}

export function createIndexSearch({
  database,
  rows,
  keywords,
  dimensions,
  vectors,
  ownData,
  noteDamage,
}: {
  database: DatabaseSync;
  rows: FileRows;
  keywords: Keywords;
  dimensions(): number | null;
  vectors: Pick<VectorEngine, 'find'>;
  ownData: Pick<OwnData, 'hides'>;
  noteDamage(mark: () => void): void;
}) {
  const selectChunk = database.prepare(`
    SELECT files.path, files.language, files.places, chunks.ordinal, chunks.start_byte, chunks.end_byte, chunks.heading, chunks.text
    FROM chunks JOIN files ON files.id = chunks.file_id WHERE chunks.id = ?`);

  return async function search(query: IndexQuery, signal: AbortSignal): Promise<VectorHit[]> {
    const stored = dimensions();
    if (query.vector !== null && stored !== null && query.vector.length !== stored) {
      throw new PilotlightError('DIMENSION_MISMATCH', {
        details: { index: stored, query: query.vector.length },
      });
    }
    const limit = Math.max(0, Math.min(MAX_HITS, Math.floor(query.limit)));
    const types = query.types ?? null;
    const isHidden = await ownData.hides();
    const placesIn = createPlaces();

    async function hitsAmong(depth: number): Promise<{ hits: VectorHit[]; isAll: boolean }> {
      const near =
        query.vector === null || stored === null ? [] : await vectors.find(query.vector, depth, signal);
      const words = keywords.find(query.text, depth);
      const hits: VectorHit[] = [];
      for (const { id, ...ranks } of fuseRanks(words, near)) {
        if (hits.length >= limit) break;
        const row = selectChunk.get(id);
        if (row === undefined) {
          noteDamage(rows.markLostChunks);
          continue;
        }
        const [path, language] = [String(row.path), String(row.language)];
        if (isHidden(path) || (types !== null && !types.includes(fileTypeOf(language)))) continue;
        hits.push({
          ...ranks,
          path,
          language,
          ...placesIn(row),
          chunk: {
            ordinal: Number(row.ordinal),
            text: String(row.text),
            startByte: Number(row.start_byte),
            endByte: Number(row.end_byte),
            heading: String(row.heading),
          },
        });
      }
      return { hits, isAll: words.length < depth && near.length < depth };
    }

    if (types === null) return (await hitsAmong(Math.max(50, limit * 2))).hits;
    let best: VectorHit[] = [];
    for (const depth of TYPED_DEPTHS) {
      const { hits, isAll } = await hitsAmong(depth);
      best = hits;
      if (isAll || hits.length >= limit) break;
      signal.throwIfAborted();
    }
    return best;
  };
}
