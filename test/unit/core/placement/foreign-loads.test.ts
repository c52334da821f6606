import { expect, it } from 'vitest';
import type { GpuVerdict } from '../../../../electron/core/fleet/gpu-state.ts';
import { createForeignLoads } from '../../../../electron/core/placement/foreign-loads.ts';
import type { ForeignLoad } from '../../../../electron/core/placement/model.ts';
import type { GpuReading } from '../../../../shared/models/telemetry.ts';
import { aLoaded, aNode, GB, type NodeChanges } from './support.ts';

const model = 'llama3.1:8b';
const card = (vramUsedBytes: number): GpuReading =>
  ({ id: 'g', vendor: 'nvidia', name: 'GPU', vramTotalBytes: 24 * GB, vramUsedBytes }) as GpuReading;

async function observe(
  load: Partial<ForeignLoad> = {},
  {
    node = {},
    gpus = [card(GB)],
    moving = null,
    kept = false,
  }: { node?: NodeChanges; gpus?: GpuReading[]; moving?: string | null; kept?: boolean } = {},
) {
  const verdicts: GpuVerdict['kind'][] = [];
  const learned: number[] = [];
  const probed: string[] = [];
  const loads = createForeignLoads({
    fleet: {
      list: () => [aNode({ loaded: [aLoaded()], ...node })],
      probe: async (nodeId) => void probed.push(nodeId),
      markGpu: (_nodeId, verdict) => verdicts.push(verdict.kind),
    },
    times: { learn: (_nodeId, _model, ms) => learned.push(ms) },
    gpus: () => gpus,
    moving: () => moving,
    keptOnCpu: () => kept,
  });
  await loads.observe({ nodeId: 'node_1', model, loadMs: 4000, placesModel: false, ...load });
  return { verdicts, learned, probed };
}

it('shows a lost GPU if a model ended on the CPU with enough VRAM free, and learns how long it took', async () => {
  expect(await observe()).toEqual({
    verdicts: ['lost'],
    learned: [4000],
    probed: ['node_1'],
  });
});

it.each<[string, Parameters<typeof observe>]>([
  ['the model was loaded already', [{ loadMs: 5 }]],
  ['the program chose the layers', [{ placesModel: true }]],
  ['it is on the GPU', [{}, { node: { loaded: [aLoaded({ vramBytes: 6 * GB })] } }]],
  ['it is gone again', [{}, { node: { loaded: [] } }]],
  ['the machine has no GPU', [{}, { node: { hasGpu: false } }]],
  ['the VRAM is taken', [{}, { gpus: [card(20 * GB)] }]],
  ['no tool measures the VRAM', [{}, { gpus: [] }]],
  ['it is being moved', [{}, { moving: model }]],
  ['it is meant to be there', [{}, { kept: true }]],
])('shows nothing if %s', async (_what, [load, world]) => {
  expect((await observe(load, world)).verdicts).toEqual([]);
});

it.each([
  [4000, ['node_1']],
  [5, []],
])('checks the machine after a load by a program that chose the layers, of %i ms', async (loadMs, probed) => {
  expect((await observe({ placesModel: true, loadMs })).probed).toEqual(probed);
});
