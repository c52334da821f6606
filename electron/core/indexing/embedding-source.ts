/** Where the vectors of an embedder are made: by the servers of the fleet, or by its runners. */
import type { Embedder } from '../../../shared/models/indexing.ts';
import { shortModelName } from './embedders.ts';
import type { IndexingDependencies } from './model.ts';

export interface EmbeddingSource extends Pick<IndexingDependencies, 'fleet' | 'acquire'> {
  /** Its digest, or the hash of its files, and what to call it. */
  model: { digest: string; name: string };
}

export function embeddingSource(
  dependencies: Pick<IndexingDependencies, 'fleet' | 'acquire' | 'runners'>,
  embedder: Exclude<Embedder, { kind: 'builtin' }>,
): EmbeddingSource {
  if (embedder.kind === 'model') {
    const { fleet, acquire } = dependencies;
    return { fleet, acquire, model: { digest: embedder.digest, name: shortModelName(embedder.name) } };
  }
  const { fleet, acquire } = dependencies.runners;
  return { fleet, acquire, model: { digest: embedder.hash, name: embedder.name } };
}
