/** The open indexes, one a source, shared by jobs and searches. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { embedderId, type SourceRecord } from '../../../shared/models/indexing.ts';
import type { SourceIndex, VectorStore } from '../ports/vectors.ts';

export interface IndexHandles {
  /** Rejects with NOT_FOUND for a source that is barred. */
  get(source: SourceRecord): Promise<SourceIndex>;
  /** Closes the handle; the next `get` opens the index anew. */
  forget(sourceId: string): Promise<void>;
  /**
   * The source is being removed: from now on nothing opens its index, and what is open already answers NOT_FOUND,
   * for a call would make the file again. Returns how to undo that.
   */
  bar(sourceId: string): () => void;
  closeAll(): Promise<void>;
}

export function createIndexHandles(vectors: Pick<VectorStore, 'openIndex'>): IndexHandles {
  const open = new Map<string, Promise<SourceIndex>>();
  const closing = new Map<string, Promise<void>>();
  const barred = new Set<string>();

  function refuseBarred(sourceId: string): void {
    if (!barred.has(sourceId)) return;
    throw new PilotlightError('NOT_FOUND', { message: 'There is no such folder in the index.' });
  }

  function guarded(index: SourceIndex, sourceId: string): SourceIndex {
    const call = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      refuseBarred(sourceId);
      return work();
    };
    return {
      meta: () => call(() => index.meta()),
      scan: (...args) => call(() => index.scan(...args)),
      prepare: (...args) => call(() => index.prepare(...args)),
      commit: (...args) => call(() => index.commit(...args)),
      discard: (...args) => call(() => index.discard(...args)),
      indexBuiltin: (...args) => call(() => index.indexBuiltin(...args)),
      search: (...args) => call(() => index.search(...args)),
      reset: (...args) => call(() => index.reset(...args)),
      close: () => index.close(),
    };
  }

  async function openAfterClosing(source: SourceRecord): Promise<SourceIndex> {
    // Closing ends every call on that index, the first one of a new handle too.
    while (closing.has(source.id)) await closing.get(source.id);
    refuseBarred(source.id);
    const index = await vectors.openIndex({
      id: source.id,
      path: source.path,
      embedderId: embedderId(source.embedder),
    });
    return guarded(index, source.id);
  }

  async function forget(sourceId: string): Promise<void> {
    const handle = open.get(sourceId);
    open.delete(sourceId);
    // A handle whose worker is gone cannot be closed in order, and need not be.
    const closed = handle?.then((index) => index.close()).catch(() => undefined);
    if (closed === undefined) return closing.get(sourceId);
    closing.set(sourceId, closed);
    await closed;
    if (closing.get(sourceId) === closed) closing.delete(sourceId);
  }

  return {
    get(source) {
      let handle = open.get(source.id);
      if (!handle) {
        const opening = openAfterClosing(source);
        handle = opening;
        open.set(source.id, opening);
        opening.catch(() => {
          if (open.get(source.id) === opening) open.delete(source.id);
        });
      }
      return handle;
    },
    forget,
    bar(sourceId) {
      barred.add(sourceId);
      return () => void barred.delete(sourceId);
    },
    async closeAll() {
      await Promise.all([...open.keys()].map(forget));
    },
  };
}
