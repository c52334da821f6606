/**
 * GPUs on Windows that nvidia-smi does not list, from performance counters. CIM classes are used, because the names of
 * the counters themselves are translated into the system's language.
 */
import { parseJson } from '../../../shared/json.ts';
import { openLineTool } from './line-tool.ts';
import type { AgentGpu, Clock, GpusRead } from './types.ts';

/** Ends when its input closes, so it never outlives the agent. */
const SCRIPT = `
$ErrorActionPreference = 'Stop'
$stop = [Console]::In.ReadLineAsync()
$cards = @(Get-CimInstance Win32_VideoController | ForEach-Object { @{ name = $_.Name; ram = $_.AdapterRAM } })
while (-not $stop.IsCompleted) {
  $memory = @(Get-CimInstance Win32_PerfFormattedData_GPUPerformanceCounters_GPUAdapterMemory | ForEach-Object { @{ name = $_.Name; used = $_.DedicatedUsage } })
  $engines = @(Get-CimInstance Win32_PerfFormattedData_GPUPerformanceCounters_GPUEngine | Where-Object { $_.UtilizationPercentage -gt 0 } | ForEach-Object { @{ name = $_.Name; percent = $_.UtilizationPercentage } })
  $processes = @(Get-CimInstance Win32_PerfFormattedData_GPUPerformanceCounters_GPUProcessMemory | Where-Object { $_.DedicatedUsage -gt 0 } | ForEach-Object { @{ name = $_.Name; used = $_.DedicatedUsage } })
  ConvertTo-Json -Compress -Depth 3 @{ cards = $cards; memory = $memory; engines = $engines; processes = $processes }
  [void]$stop.Wait(2000)
}`;

const SILENT_MS = 30_000;

interface Counter {
  name: string;
  value: number;
}

/**
 * One line of the script. An adapter is identified by its LUID; engines of one kind run in parallel, so the busiest
 * kind is the adapter's utilisation, as in Task Manager. null for anything else.
 */
export function parseWindowsGpus(line: string): AgentGpu[] | null {
  const content = parseJson(line);
  if (typeof content !== 'object' || content === null) return null;
  const table = content as Record<string, unknown>;
  const memory = counters(table.memory, 'used');
  const engines = counters(table.engines, 'percent');
  const processes = counters(table.processes, 'used');
  const names = rows(table.cards).flatMap((card) => (typeof card.name === 'string' ? card.name : []));
  const adapters = memory.flatMap(({ name, value }) => {
    const luid = luidOf(name);
    return luid === null ? [] : { luid, used: value };
  });
  // One of each belong together; with several adapters the counters do not show which is which.
  const only = adapters.length === 1 && names.length === 1 ? names[0] : undefined;
  return adapters.map(({ luid, used }) => ({
    id: luid,
    vendor: vendorOf(only ?? ''),
    name: only ?? 'GPU',
    vramTotalBytes: null,
    vramUsedBytes: used,
    utilisationPercent: utilisation(engines.filter(({ name }) => luidOf(name) === luid)),
    temperatureCelsius: null,
    powerWatts: null,
    processes: processes
      .filter(({ name }) => luidOf(name) === luid)
      .map(({ name, value }) => ({
        pid: Number(/pid_(\d+)/.exec(name)?.[1] ?? 0),
        name: '',
        vramUsedBytes: value,
      })),
  }));
}

function utilisation(engines: readonly Counter[]): number {
  const byKind = new Map<string, number>();
  for (const { name, value } of engines) {
    const kind = /engtype_(.+)$/.exec(name)?.[1] ?? '';
    byKind.set(kind, (byKind.get(kind) ?? 0) + value);
  }
  return Math.min(100, Math.max(0, ...byKind.values()));
}

const luidOf = (name: string): string | null => /luid_0x[0-9a-f]+_0x[0-9a-f]+/i.exec(name)?.[0] ?? null;

function vendorOf(name: string): AgentGpu['vendor'] {
  if (/nvidia|geforce|quadro/i.test(name)) return 'nvidia';
  if (/amd|radeon/i.test(name)) return 'amd';
  return /intel/i.test(name) ? 'intel' : 'unknown';
}

function rows(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((row) => typeof row === 'object' && row !== null) : [];
}

/** 64-bit numbers arrive as numbers, or as strings from older PowerShells. */
function counters(value: unknown, key: string): Counter[] {
  return rows(value).flatMap((row) => {
    const amount = Number(row[key]);
    return typeof row.name === 'string' && Number.isFinite(amount) ? { name: row.name, value: amount } : [];
  });
}

const COMMAND = ['powershell.exe', '-NoProfile', '-NonInteractive', '-Command', SCRIPT] as const;

export interface WindowsGpusOptions {
  clock: Clock;
  command?: readonly [program: string, ...args: string[]];
}

export interface WindowsReading {
  gpus: AgentGpu[];
  read: GpusRead;
  /** null if everything was read; otherwise one sentence. */
  problem: string | null;
}

export function openWindowsGpus({ clock, command = COMMAND }: WindowsGpusOptions) {
  /** null before the first line: a counter without samples reports no load. */
  let latest: AgentGpu[] | null = null;
  const tool = openLineTool({
    clock,
    command,
    silentMs: SILENT_MS,
    input: true,
    onLine(line) {
      const gpus = parseWindowsGpus(line);
      latest = gpus ?? latest;
      return gpus !== null;
    },
  });

  return {
    read(): WindowsReading {
      if (tool.present() === false)
        return { gpus: [], read: 'failed', problem: 'PowerShell is not installed.' };
      const problem = tool.problem();
      // Values from before the failure say nothing about now.
      if (problem !== null) return { gpus: [], read: 'failed', problem };
      if (latest === null)
        return { gpus: [], read: 'not-yet', problem: 'The performance counters have not been read yet.' };
      return { gpus: latest, read: 'all', problem: null };
    },
    /** Resolves after the first reading, or when it is known why there is none. */
    settled: tool.settled,
    close: tool.close,
  };
}
