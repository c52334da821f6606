/** Runners that outlived their server and hold VRAM. Pure. */
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { leftBehindName } from '../../../shared/text/left-behind.ts';
import { formatMemory } from '../../../shared/units.ts';

export interface LeftBehind {
  pid: number;
  /** Null if the driver does not report it. */
  bytes: number | null;
  /** `llama-server left behind by Ollama (PID 1842), 20.4 GB`. */
  title: string;
}

/** Each once, with its VRAM over all GPUs. */
export function leftBehind(gpus: readonly Pick<GpuReading, 'processes'>[]): LeftBehind[] {
  const byPid = new Map<number, { name: string; bytes: number | null }>();
  for (const { pid, name, vramUsedBytes, leftBehind: left } of gpus.flatMap((gpu) => gpu.processes ?? [])) {
    if (!left || pid === undefined) continue;
    const before = byPid.get(pid)?.bytes ?? null;
    const bytes = vramUsedBytes === null ? before : (before ?? 0) + vramUsedBytes;
    byPid.set(pid, { name: name.split(/[\\/]/).at(-1) || name, bytes });
  }
  return [...byPid].map(([pid, { name, bytes }]) => {
    const size = bytes === null ? '' : `, ${formatMemory(bytes)}`;
    return { pid, bytes, title: `${leftBehindName(name, pid)}${size}` };
  });
}
