/** The open indexes, one for each source, shared by jobs and searches. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { embedderId, type SourceRecord } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import type { SourceIndex, VectorStore } from '../ports/vectors.ts';

export interface IndexHandles {
  /** Rejects with NOT_FOUND for a source that is barred. */
  get(source: SourceRecord): Promise<SourceIndex>;
  /** Closes the handle; the next `get` opens the index again. */
  forget(sourceId: string): Promise<void>;
  /**
   * The source is being removed: from now on its index is not opened, and calls on an open one reject with NOT_FOUND,
   * because a call would create the file again. Returns a function that undoes this.
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
    throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_FOLDER') });
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
      document: (...args) => call(() => index.document(...args)),
      reset: (...args) => call(() => index.reset(...args)),
      close: () => index.close(),
    };
  }

  async function openAfterClosing(source: SourceRecord): Promise<SourceIndex> {
    // Closing ends every call on that index, including the first call of a new handle.
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
    // A handle whose worker has ended cannot be closed in order, and need not be.
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
