import os from 'node:os';
import type { HostReading } from '../../../shared/models/telemetry.ts';

export interface HostSource {
  cpus(): { times: Readonly<Record<string, number>> }[];
  totalmem(): number;
  freemem(): number;
}

/** CPU use since the last call; null at the first one, when there is nothing to compare with. */
export function createHostReader(source: HostSource = os as unknown as HostSource): () => HostReading {
  let before: { idle: number; total: number } | null = null;
  return () => {
    let idle = 0;
    let total = 0;
    for (const { times } of source.cpus()) {
      idle += times.idle ?? 0;
      for (const value of Object.values(times)) total += value;
    }
    const passed = before ? total - before.total : 0;
    const cpuPercent =
      before && passed > 0 ? Math.min(100, Math.max(0, 100 * (1 - (idle - before.idle) / passed))) : null;
    before = { idle, total };
    const memoryTotalBytes = source.totalmem();
    return { cpuPercent, memoryTotalBytes, memoryUsedBytes: memoryTotalBytes - source.freemem() };
  };
}
