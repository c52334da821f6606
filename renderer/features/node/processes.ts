/** VRAM use by program. Pure. */
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { leftBehindName } from '../../../shared/text/left-behind.ts';

export interface ProcessShare {
  name: string;
  /** Bytes over all GPUs and all processes of that name; null if the driver does not report it. */
  bytes: number | null;
}

/** By program name without its folder, largest first; empty if no agent reports it. */
export function processShares(gpus: readonly Pick<GpuReading, 'processes'>[]): ProcessShare[] {
  const byName = new Map<string, number | null>();
  for (const { name, vramUsedBytes, pid, leftBehind } of gpus.flatMap((gpu) => gpu.processes ?? [])) {
    const program = name.split(/[\\/]/).at(-1) || name;
    const short = leftBehind && pid !== undefined ? leftBehindName(program, pid) : program;
    const before = byName.get(short);
    byName.set(short, vramUsedBytes === null ? (before ?? null) : (before ?? 0) + vramUsedBytes);
  }
  return [...byName]
    .map(([name, bytes]) => ({ name, bytes }))
    .toSorted((a, b) => (b.bytes ?? -1) - (a.bytes ?? -1));
}
