/** Apple's GPUs, read with ioreg, which answers once and exits. */
import type { Exec } from '../hardware/exec.ts';
import { plausibleCelsius, plausiblePercent, plausibleWatts } from '../hardware/plausible.ts';
import type { AgentGpu } from './types.ts';

const ARGS = ['-r', '-d', '1', '-w', '0', '-c', 'IOAccelerator'];
const DEADLINE_MS = 4000;

/** One GPU for each accelerator with statistics. Memory is shared with the processor, so there is no total. */
export function parseIoreg(output: string): AgentGpu[] {
  return output.split(/^\+-o /m).flatMap((block) => {
    const statistics = /"PerformanceStatistics" = \{([^}]*)\}/.exec(block)?.[1];
    if (statistics === undefined) return [];
    const model = /"model" = (?:<)?"([^"]+)"/.exec(block)?.[1];
    const id = /id 0x([0-9a-f]+)/.exec(block)?.[1];
    const name = model ?? 'Apple GPU';
    return [
      {
        id: id === undefined ? name : `0x${id}`,
        vendor: /apple/i.test(name) ? ('apple' as const) : /amd|radeon/i.test(name) ? 'amd' : 'unknown',
        name,
        vramTotalBytes: null,
        vramUsedBytes:
          statistic(statistics, 'In use system memory') ?? statistic(statistics, 'inUseVidMemoryBytes'),
        utilisationPercent: plausiblePercent(statistic(statistics, 'Device Utilization %')),
        temperatureCelsius: plausibleCelsius(statistic(statistics, 'Temperature(C)')),
        powerWatts: plausibleWatts(statistic(statistics, 'Total Power(W)')),
        processes: [],
      },
    ];
  });
}

/** Rejects if it lists none, because every Mac has one. */
export async function readAppleGpus(exec: Exec, signal: AbortSignal): Promise<AgentGpu[]> {
  const gpus = parseIoreg(await exec('ioreg', ARGS, { deadlineMs: DEADLINE_MS, signal }));
  if (gpus.length === 0) throw new Error('it lists no GPU statistics.');
  return gpus;
}

function statistic(text: string, name: string): number | null {
  const escaped = name.replaceAll(/[()%]/g, '\\$&');
  const value = new RegExp(`"${escaped}"=(-?\\d+)`).exec(text)?.[1];
  return value === undefined ? null : Number(value);
}
