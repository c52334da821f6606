/**
 * Notices when another program's load puts a model on the CPU that was on the GPU before, although it fits there. The
 * program may have asked for the CPU, so this does not show that the GPU is lost, but it is not verified any more.
 */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { ModelOnNode } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import { VRAM_RESERVE_BYTES, vramState } from './fit.ts';

export interface GpuDoubt {
  /** Whether the GPU of the node is in doubt since its last change. */
  observe(node: NodeView, circumstances: DoubtCircumstances): boolean;
  forget(nodeId: string): void;
}

export interface DoubtCircumstances {
  /** Readings of its own tools; empty if there are none. */
  gpus: readonly GpuReading[];
  /** The model that is being moved there; null if none is. */
  moving: string | null;
  /** Whether Pilotlight, a person or its Modelfile put the model on the CPU. */
  keptOnCpu(model: ModelOnNode): boolean;
}

export function createGpuDoubt(): GpuDoubt {
  /** Names of models that were on the GPU when they were last loaded, by node. */
  const onGpu = new Map<string, Set<string>>();

  return {
    observe(node, { gpus, moving, keptOnCpu }) {
      const known = onGpu.get(node.id) ?? new Set<string>();
      let fell = false;
      for (const model of node.loaded) {
        const name = canonicalName(model.name);
        if (model.placement !== 'cpu') known.add(name);
        else if (known.delete(name) && !keptOnCpu(model)) fell ||= fits(node, gpus, model);
      }
      if (known.size > 0) onGpu.set(node.id, known);
      const inUse = node.loaded.some(({ vramBytes }) => vramBytes > 0);
      return fell && !inUse && moving === null && node.state === 'gpu-verified';
    },
    forget: (nodeId) => void onGpu.delete(nodeId),
  };
}

function fits(node: NodeView, gpus: readonly GpuReading[], { sizeBytes }: ModelOnNode): boolean {
  const vram = vramState({ vram: node.vram, loaded: node.loaded, gpus });
  return vram?.measured === true && vram.freeOnOneBytes >= sizeBytes + VRAM_RESERVE_BYTES;
}
