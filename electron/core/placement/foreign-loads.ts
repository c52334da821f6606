/**
 * Loads that requests of other programs caused, as the server reported them. One that ended on the CPU of a machine with a
 * GPU, with nothing in its way, shows that the GPU is lost.
 */
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { ModelOnNode } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { sameModelName } from '../fleet/model-placement.ts';
import { VRAM_RESERVE_BYTES, vramState } from './fit.ts';
import type { LoadTimes } from './load-times.ts';
import type { ForeignLoad, PlacementFleet } from './model.ts';

/** A shorter time is no load: the server found the model loaded. Milliseconds. */
const LEAST_LOAD_MS = 100;

export function createForeignLoads({
  fleet,
  times,
  gpus,
  moving,
  keptOnCpu,
}: {
  fleet: Pick<PlacementFleet, 'list' | 'probe' | 'markGpu'>;
  times: Pick<LoadTimes, 'learn'>;
  /** Readings of a node's own tools; empty if there are none. */
  gpus(nodeId: string): readonly GpuReading[];
  /** The model that is being moved on a node; null if none is. */
  moving(nodeId: string): string | null;
  /** Pilotlight, a person or its Modelfile put it on the CPU. */
  keptOnCpu(nodeId: string, model: ModelOnNode): boolean;
}): { observe(load: ForeignLoad): Promise<void> } {
  return {
    async observe({ nodeId, model, loadMs, placesModel }) {
      if (loadMs < LEAST_LOAD_MS) return;
      times.learn(nodeId, model, loadMs);
      // Wherever it is now, it may be somewhere else than before.
      await fleet.probe(nodeId).catch(() => {});
      if (placesModel) return;
      const node = fleet.list().find(({ id }) => id === nodeId);
      const loaded = node?.loaded.find(({ name }) => sameModelName(name, model));
      if (node === undefined || loaded === undefined || loaded.placement !== 'cpu') return;
      if (node.hasGpu !== true || node.gpuLost !== null || moving(nodeId) !== null) return;
      if (keptOnCpu(nodeId, loaded) || !isRoomFor(node, gpus(nodeId), loaded)) return;
      const reason = fact('REQUEST_LOAD_ENDED_ON_CPU', { model: loaded.name });
      fleet.markGpu(nodeId, { kind: 'lost', reason, figuresWrong: false, loaded: node.loaded });
    },
  };
}

/** Only what the machine's own tools measure shows that nothing was in its way. */
function isRoomFor(node: NodeView, gpus: readonly GpuReading[], { sizeBytes }: ModelOnNode): boolean {
  const vram = vramState({ vram: node.vram, loaded: node.loaded, gpus });
  return vram?.measured === true && vram.freeOnOneBytes >= sizeBytes + VRAM_RESERVE_BYTES;
}
