/** VRAM in use on a node, from its readings, else from its loaded models. Pure. */
import type { NodeView } from './models/fleet.ts';
import { isServing } from './models/serving.ts';
import type { GpuReading, TelemetrySample } from './models/telemetry.ts';
import { serverCan } from './server-can.ts';

/**
 * Bytes in use. The machine's own tools count every program; without them, it is what the server reports for its
 * models. null if neither is known, as of a server that doesn't report where its models are.
 */
export function usedVramBytes(
  node: Pick<NodeView, 'state' | 'loaded' | 'server'>,
  reading: Pick<TelemetrySample, 'gpus'> | null | undefined,
): number | null {
  const measured = measuredVramBytes(reading?.gpus ?? null);
  if (measured !== null) return measured;
  const known = isServing(node.state) && (node.server === null || serverCan(node, 'says-placement'));
  return known ? node.loaded.reduce((sum, model) => sum + model.vramBytes, 0) : null;
}

/** In use over all GPUs by the machine's own tools, bytes; null unless they report it for every GPU. */
export function measuredVramBytes(gpus: readonly Pick<GpuReading, 'vramUsedBytes'>[] | null): number | null {
  return gpus === null ? null : sumOrNull(gpus.map((gpu) => gpu.vramUsedBytes));
}

/** null for no values: a sum with an unknown part is unknown. */
export function sumOrNull(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
