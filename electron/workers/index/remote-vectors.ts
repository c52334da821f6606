/**
 * The vectors of one index in Qdrant. The index keeps its own, so a search ranks what Qdrant finds exactly, adds what
 * has not been sent yet, and nothing is lost when the server is: see docs/decisions/0024.
 */
import type { DatabaseSync } from 'node:sqlite';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { QdrantClient } from '../../adapters/vectors/qdrant/qdrant-client.ts';
import { createBest } from './matrix.ts';
import type { ScoredId } from './nearest.ts';
import type { RemoteRecord, RemoteState } from './remote-record.ts';
import { dot, normalised, toVector } from './vector-values.ts';

/** As JSON about 2 MB with 384 dimensions. */
const SEND_ROWS = 500;
const CANDIDATES = 100;
/** Of an answer, which has 50 bytes for each. */
const MAX_FOUND = 10_000;
/** Vectors that are not there yet are compared here; the rest waits until it has been sent. */
const MAX_COMPARED = 20_000;

export interface RemoteVectors {
  /** @throws QDRANT_UNREACHABLE, QDRANT_REFUSED, QDRANT_COLLECTION_LOST, QDRANT_NOT_SET */
  find(query: Float32Array, count: number, signal: AbortSignal): Promise<ScoredId[]>;
  /**
   * Sends what is missing there, and removes what is removed here. Calls while it runs share its result.
   * @param onSent the number of vectors that are there, of all
   */
  send(onSent?: (sent: number, all: number) => void): Promise<void>;
  /** Sends in the background; the next call does what fails. */
  sendSoon(): void;
  close(): void;
}

export function createRemoteVectors({
  database,
  dimensions,
  record,
  client,
  pause,
}: {
  database: DatabaseSync;
  dimensions: number;
  record: RemoteRecord;
  /** Of the server that is set now. @throws QDRANT_NOT_SET */
  client: () => { url: string; calls: QdrantClient };
  pause: () => Promise<void>;
}): RemoteVectors {
  const selectPage = database.prepare(
    'SELECT chunk_id, vector FROM vectors WHERE chunk_id > ? ORDER BY chunk_id LIMIT ?',
  );
  const selectVector = database.prepare('SELECT vector FROM vectors WHERE chunk_id = ?');
  const stopping = new AbortController();
  let sending: Promise<void> | null = null;
  let listeners: ((sent: number, all: number) => void)[] = [];

  /** The state for the server that is set now: another server has none of the vectors. */
  function stateFor(url: string): RemoteState {
    stopping.signal.throwIfAborted();
    const state = record.read();
    if (state === null) throw new PilotlightError('CANCELLED');
    if (state.url === url) return state;
    const moved = { ...state, url, created: false, sent: 0 };
    record.write(moved);
    return moved;
  }

  /** The collection was deleted there: everything is sent again. */
  function noteLost(error: unknown): void {
    if (!isPilotlightError(error) || error.code !== 'QDRANT_COLLECTION_LOST' || stopping.signal.aborted)
      return;
    const state = record.read();
    if (state !== null) record.write({ ...state, created: false, sent: 0 });
  }

  async function sendAll(): Promise<void> {
    const { signal } = stopping;
    for (;;) {
      const { url, calls } = client();
      let state = stateFor(url);
      if (!state.created) {
        await calls.createCollection(state.collection, dimensions, signal);
        state = stateFor(url);
        record.write({ ...state, created: true, sent: 0 });
        continue;
      }
      const page = selectPage.all(state.sent, SEND_ROWS);
      const last = Number(page.at(-1)?.chunk_id ?? state.sent);
      const points = page.flatMap((row) => {
        const vector = toVector(row.vector, dimensions);
        return vector === null ? [] : [{ id: Number(row.chunk_id), vector }];
      });
      if (points.length > 0) await calls.upsert(state.collection, points, signal);
      state = stateFor(url);
      if (state.created && last > state.sent) record.write({ ...state, sent: last });
      const removed = record.removed(last, SEND_ROWS);
      if (removed.length > 0) {
        await calls.deletePoints(state.collection, removed, signal);
        stateFor(url);
        record.forgetRemoved(removed);
      }
      const unsent = record.unsent(last);
      for (const listener of listeners) listener(Math.max(0, all() - unsent), all());
      // Nothing is awaited between the last page and the end, so that nothing is committed there.
      if (page.length === 0 && removed.length === 0) return;
      await pause();
    }
  }

  const countAll = database.prepare('SELECT coalesce(sum(chunk_count), 0) AS vectors FROM files');
  const all = () => Number(countAll.get()?.vectors ?? 0);

  function send(onSent?: (sent: number, all: number) => void): Promise<void> {
    if (onSent !== undefined) listeners.push(onSent);
    sending ??= sendAll()
      .catch((error: unknown) => {
        noteLost(error);
        throw error;
      })
      .finally(() => {
        sending = null;
        listeners = [];
      });
    return sending;
  }

  function sendSoon(): void {
    send().catch(() => {
      // The next commit, run or search tries again, and a search says what is wrong.
    });
  }

  return {
    async find(query, count, signal) {
      const unit = normalised(query);
      if (count <= 0 || unit.every((value) => value === 0)) return [];
      const { url, calls } = client();
      const state = stateFor(url);
      const isBehind = !state.created || record.unsent(state.sent) > 0;
      if (isBehind) sendSoon();
      const wanted = Math.min(MAX_FOUND, Math.max(CANDIDATES, count * 2));
      let ids: number[] = [];
      if (state.created) {
        try {
          ids = await calls.nearest(state.collection, unit, wanted, signal);
        } catch (error) {
          signal.throwIfAborted();
          noteLost(error);
          throw error;
        }
      } else {
        await calls.check(signal);
      }
      signal.throwIfAborted();
      stopping.signal.throwIfAborted();
      const best = createBest(count);
      const offer = (id: number, stored: unknown) => {
        const vector = toVector(stored, dimensions);
        const score = vector === null ? 0 : dot(unit, vector);
        if (score > 0 && score > best.threshold()) best.offer(id, score);
      };
      for (const id of new Set(ids)) if (id <= state.sent) offer(id, selectVector.get(id)?.vector);
      for (const row of selectPage.all(state.sent, MAX_COMPARED)) offer(Number(row.chunk_id), row.vector);
      return best.sorted();
    },
    send,
    sendSoon,
    close: () => stopping.abort(new PilotlightError('CANCELLED')),
  };
}
