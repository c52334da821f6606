/** Where the vectors of one index are searched: in this process, or in Qdrant; and moving them from one to the other. */
import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { abortable } from '../../../shared/abortable.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { VectorEngineName } from '../../../shared/models/indexing.ts';
import type { IndexSettings } from '../../adapters/vectors/protocol.ts';
import { createQdrantClient } from '../../adapters/vectors/qdrant/qdrant-client.ts';
import type { Http } from '../../core/ports/network.ts';
import { createNearestVectors, type NearestVectors, type ScoredId } from './nearest.ts';
import { createRemoteRecord, type RemoteState } from './remote-record.ts';
import { createRemoteVectors, type RemoteVectors } from './remote-vectors.ts';

/** Deleting what is no longer needed must not hold up a removal. */
const CLEAN_UP_MS = 3000;

export interface VectorEngineOptions {
  database: DatabaseSync;
  sourceId: string;
  copyFile: string;
  /** null for an index without vectors. */
  dimensions: () => number | null;
  settings: () => IndexSettings;
  http: Http;
  maxBytes: number;
  pause: () => Promise<void>;
  onDamaged: (chunkIds: ReadonlySet<number>) => void;
}

export type VectorEngine = ReturnType<typeof createVectorEngine>;

export function createVectorEngine(options: VectorEngineOptions) {
  const { database, copyFile, dimensions, settings, http } = options;
  const record = createRemoteRecord(database);
  let here: NearestVectors | null = null;
  let there: RemoteVectors | null = null;

  function client() {
    const { qdrant } = settings();
    if (qdrant === null || qdrant === undefined) throw new PilotlightError('QDRANT_NOT_SET');
    return { url: qdrant.url, calls: createQdrantClient({ http, server: qdrant }) };
  }

  function local(length: number): NearestVectors {
    here ??= createNearestVectors({ ...options, dimensions: length });
    return here;
  }

  function remote(length: number): RemoteVectors {
    const { pause } = options;
    there ??= createRemoteVectors({ database, dimensions: length, record, client, pause });
    return there;
  }

  const isRemote = () => record.read()?.active === true;
  const newState = (active: boolean): RemoteState => ({
    url: client().url,
    collection: `pilotlight-${options.sourceId}`,
    ...{ created: false, sent: 0, active },
  });

  function dropLocal(): void {
    here?.close();
    here = null;
    rmSync(copyFile, { force: true });
  }

  function dropRemote(): void {
    there?.close();
    there = null;
  }

  /** Not reaching the server is no reason to keep an index: the collection has only numbers. */
  async function deleteCollection(state: RemoteState | null): Promise<void> {
    if (state === null || !state.created || settings().qdrant?.url !== state.url) return;
    await client()
      .calls.deleteCollection(state.collection, AbortSignal.timeout(CLEAN_UP_MS))
      .catch(() => {});
  }

  return {
    /** Called once for an index that is empty, before it gets its first vector. */
    choose(): void {
      if (settings().engine === 'qdrant' && settings().qdrant != null) record.write(newState(true));
    },

    info(): { engine: VectorEngineName; unsent: number } {
      const state = record.read();
      if (state?.active !== true) return { engine: 'builtin', unsent: 0 };
      return { engine: 'qdrant', unsent: record.unsent(state.created ? state.sent : 0) };
    },

    find(query: Float32Array, count: number, signal: AbortSignal): Promise<ScoredId[]> {
      const length = dimensions();
      if (length === null) return Promise.resolve([]);
      return (isRemote() ? remote(length) : local(length)).find(query, count, signal);
    },

    /** After each commit. */
    apply(removed: readonly number[], inserted: readonly number[], vectors: readonly Float32Array[]): void {
      here?.apply(removed, inserted, vectors);
      const length = dimensions();
      if (length !== null && isRemote()) remote(length).sendSoon();
    },

    finishRun(): void {
      const length = dimensions();
      if (length === null) return;
      if (isRemote()) remote(length).sendSoon();
      else void local(length).renewCopy();
    },

    /**
     * Searches use the present engine until everything is in the other one. A move that was interrupted continues.
     * @throws QDRANT_UNREACHABLE, QDRANT_REFUSED, QDRANT_NOT_SET, the signal's reason
     */
    async move(
      to: VectorEngineName,
      signal: AbortSignal,
      onMoved: (moved: number, all: number) => void,
    ): Promise<void> {
      const before = record.read();
      if (to === 'builtin') {
        dropRemote();
        record.end();
        await deleteCollection(before);
        return;
      }
      if (before?.active) return;
      const length = dimensions();
      record.write(before ?? newState(length === null));
      if (length === null) return;
      const moving = remote(length);
      try {
        await abortable(moving.send(onMoved), signal);
      } catch (error) {
        if (signal.aborted && there === moving) {
          // Cancelled: the vectors stay here, and nothing is left there.
          const state = record.read();
          dropRemote();
          record.end();
          await deleteCollection(state);
        }
        throw error;
      }
      const state = record.read();
      if (state === null || there !== moving) throw new PilotlightError('CANCELLED');
      record.write({ ...state, active: true });
      dropLocal();
    },

    /** The index is being emptied: `empty` deletes what is known about its vectors. */
    reset(empty: () => void): void {
      const state = record.read();
      dropLocal();
      dropRemote();
      empty();
      if (state?.active) record.write({ ...state, created: false, sent: 0 });
    },

    /** The index is being deleted. */
    async forgetRemote(): Promise<void> {
      const state = record.read();
      dropRemote();
      await deleteCollection(state);
    },

    bytes: () => here?.bytes() ?? 0,
    release: () => here?.release(),
    close(): void {
      here?.close();
      here = null;
      dropRemote();
    },
  };
}
