/** How many layers Modelfiles put on the GPU (`PARAMETER num_gpu`), for loads that do not ask for a number. */
import { eitherOf } from '../../../shared/either.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { ModelOnNode } from '../../../shared/models/placement.ts';
import type { InferenceServer } from '../ports/inference.ts';

export interface Modelfiles {
  /** It is not entirely on the GPU because its Modelfile says so. False also while that is not known. */
  keeps(model: Pick<ModelOnNode, 'digest' | 'placement'>): boolean;
  /** Reads the Modelfile of each model that is loaded on a node that may have a GPU, once. */
  observe(node: NodeView): void;
}

const DESCRIBE_MS = 30_000;

export function createModelfiles({
  server,
  signal,
  onRead,
}: {
  server(nodeId: string): InferenceServer | null;
  signal: AbortSignal;
  /** A Modelfile sets a number of layers. */
  onRead(digest: string, layers: number): void;
}): Modelfiles {
  /** By digest; undefined while it is being read. */
  const layers = new Map<string, number | null | undefined>();

  async function read(nodeId: string, name: string, digest: string): Promise<void> {
    try {
      using limited = eitherOf(signal, AbortSignal.timeout(DESCRIBE_MS));
      const described = await server(nodeId)?.describe(name, limited.signal);
      const found = described?.gpuLayers ?? null;
      layers.set(digest, found);
      if (found !== null) onRead(digest, found);
    } catch {
      // Read again when the node changes.
      layers.delete(digest);
    }
  }

  return {
    keeps({ digest, placement }) {
      const known = layers.get(digest) ?? null;
      if (known === null || placement === 'gpu') return false;
      return placement === 'cpu' ? known === 0 : known > 0;
    },
    observe(node) {
      if (node.hasGpu === false) return;
      for (const { name, digest } of node.loaded) {
        if (digest === '' || layers.has(digest)) continue;
        layers.set(digest, undefined);
        void read(node.id, name, digest);
      }
    },
  };
}
