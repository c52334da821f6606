/** The open indexes, one a source, shared by jobs and searches. */
import { embedderId, type SourceRecord } from '../../../shared/models/indexing.ts';
import type { SourceIndex, VectorStore } from '../ports.ts';

export interface IndexHandles {
  get(source: SourceRecord): Promise<SourceIndex>;
  /** Closes the handle; the next `get` opens the index anew. */
  forget(sourceId: string): Promise<void>;
  closeAll(): Promise<void>;
}

export function createIndexHandles(vectors: Pick<VectorStore, 'openIndex'>): IndexHandles {
  const open = new Map<string, Promise<SourceIndex>>();

  async function forget(sourceId: string): Promise<void> {
    const handle = open.get(sourceId);
    open.delete(sourceId);
    // A handle whose worker is gone cannot be closed in order, and need not be.
    await handle?.then((index) => index.close()).catch(() => undefined);
  }

  return {
    get(source) {
      let handle = open.get(source.id);
      if (!handle) {
        const opening = vectors.openIndex({
          id: source.id,
          path: source.path,
          embedderId: embedderId(source.embedder),
        });
        handle = opening;
        open.set(source.id, opening);
        opening.catch(() => {
          if (open.get(source.id) === opening) open.delete(source.id);
        });
      }
      return handle;
    },
    forget,
    async closeAll() {
      await Promise.all([...open.keys()].map(forget));
    },
  };
}
