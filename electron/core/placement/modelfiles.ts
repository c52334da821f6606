/** Which models their Modelfile keeps on the CPU (`PARAMETER num_gpu 0`), for loads that do not ask for layers. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { InferenceServer } from '../ports/inference.ts';

export interface Modelfiles {
  /** False also while it is not known. */
  keepsOnCpu(digest: string): boolean;
  /** Reads the Modelfile of each model that is on the CPU of a node with a GPU, once. */
  observe(node: NodeView): void;
}

const DESCRIBE_MS = 30_000;

export function createModelfiles({
  server,
  signal,
}: {
  server(nodeId: string): InferenceServer | null;
  signal: AbortSignal;
}): Modelfiles {
  /** By digest; undefined while it is being read. */
  const layers = new Map<string, number | null | undefined>();

  async function read(nodeId: string, name: string, digest: string): Promise<void> {
    try {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(DESCRIBE_MS)]);
      const described = await server(nodeId)?.describe(name, limited);
      layers.set(digest, described?.gpuLayers ?? null);
    } catch {
      // Read again when the node changes.
      layers.delete(digest);
    }
  }

  return {
    keepsOnCpu: (digest) => layers.get(digest) === 0,
    observe(node) {
      if (node.hasGpu === false) return;
      for (const { name, digest, placement } of node.loaded) {
        if (placement !== 'cpu' || layers.has(digest)) continue;
        layers.set(digest, undefined);
        void read(node.id, name, digest);
      }
    },
  };
}
