import os from 'node:os';
import type { HostReading } from '../../../shared/models/telemetry.ts';

export interface HostSource {
  cpus(): { times: Readonly<Record<string, number>> }[];
  totalmem(): number;
  freemem(): number;
}

/** Milliseconds. A shorter interval between two calls is meaningless; the previous percentage is returned again. */
const MIN_MS = 500;

/** CPU use since the last call; null on the first one, which has nothing to compare with. */
export function createHostReader(source: HostSource = os as unknown as HostSource): () => HostReading {
  let before: { idle: number; total: number } | null = null;
  let cpuPercent: number | null = null;
  return () => {
    let idle = 0;
    let total = 0;
    const cores = source.cpus();
    for (const { times } of cores) {
      idle += times.idle ?? 0;
      for (const value of Object.values(times)) total += value;
    }
    if (before === null) before = { idle, total };
    const passed = total - before.total;
    if (passed >= MIN_MS * cores.length && passed > 0) {
      cpuPercent = Math.min(100, Math.max(0, 100 * (1 - (idle - before.idle) / passed)));
      before = { idle, total };
    }
    const memoryTotalBytes = source.totalmem();
    return { cpuPercent, memoryTotalBytes, memoryUsedBytes: memoryTotalBytes - source.freemem() };
  };
}
