/** The VRAM of nodes and how much of it is in use: the size is part of a node, the use is measured. */
import type { NodeView } from '../../shared/models/fleet.ts';
import type { TelemetrySample } from '../../shared/models/telemetry.ts';
import { usedVramBytes } from '../../shared/vram.ts';
import type { CoreLink } from './core-link.ts';

export interface MeasuredVram {
  samples: TelemetrySample[];
  sampleOf(node: NodeView): TelemetrySample | null;
  of(node: NodeView): NodeView['vram'] & { usedBytes: number | null };
}

export async function measureVram(link: CoreLink): Promise<MeasuredVram> {
  const samples = await link.call('telemetry.latest', {});
  const sampleOf = (node: NodeView) => samples.find(({ nodeId }) => nodeId === node.id) ?? null;
  return {
    samples,
    sampleOf,
    of: (node) => ({ ...node.vram, usedBytes: usedVramBytes(node, sampleOf(node)) }),
  };
}
