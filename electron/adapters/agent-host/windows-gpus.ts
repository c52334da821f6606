/**
 * GPUs on Windows that nvidia-smi does not list, from performance counters. CIM classes are used, because the names of
 * the counters themselves are translated into the system's language.
 */
import { parseJson } from '../../../shared/json.ts';
import { openLineTool } from './line-tool.ts';
import type { ListedRunner } from './runner-parents.ts';
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
  $runners = @(Get-CimInstance Win32_Process -Filter "Name = 'llama-server.exe' OR Name = 'ollama_llama_server.exe' OR (Name = 'ollama.exe' AND CommandLine LIKE '% runner %')" | ForEach-Object { $p = Get-CimInstance Win32_Process -Filter "ProcessId = $($_.ParentProcessId)"; $alive = $p -and $p.CreationDate -le $_.CreationDate; @{ pid = $_.ProcessId; name = $_.Name; parent = $_.ParentProcessId; by = $(if ($alive) { $p.Name } else { $null }) } })
  ConvertTo-Json -Compress -Depth 3 @{ cards = $cards; memory = $memory; engines = $engines; processes = $processes; runners = $runners }
  [void]$stop.Wait(2000)
}`;

const SILENT_MS = 30_000;
const NONE: ReadonlyMap<number, ListedRunner> = new Map();

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

/** The runners of Ollama in one line of the script, by process id. A parent that has ended has no name. */
export function parseRunners(line: string): Map<number, ListedRunner> {
  const content = parseJson(line);
  const table = (typeof content === 'object' && content !== null ? content : {}) as Record<string, unknown>;
  return new Map(
    rows(table.runners).flatMap(({ pid, name, parent, by }): [number, ListedRunner][] =>
      typeof pid === 'number' && typeof name === 'string' && typeof parent === 'number'
        ? [[pid, { name, parent: { pid: parent, name: typeof by === 'string' ? by : null } }]]
        : [],
    ),
  );
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
  /** Runners of Ollama, by process id. */
  runners: ReadonlyMap<number, ListedRunner>;
  read: GpusRead;
  /** null if everything was read; otherwise one sentence. */
  problem: string | null;
}

export function openWindowsGpus({ clock, command = COMMAND }: WindowsGpusOptions) {
  /** null before the first line: a counter without samples reports no load. */
  let latest: AgentGpu[] | null = null;
  let runners: ReadonlyMap<number, ListedRunner> = NONE;
  const tool = openLineTool({
    clock,
    command,
    silentMs: SILENT_MS,
    input: true,
    onLine(line) {
      const gpus = parseWindowsGpus(line);
      latest = gpus ?? latest;
      if (gpus !== null) runners = parseRunners(line);
      return gpus !== null;
    },
  });

  return {
    read(): WindowsReading {
      if (tool.present() === false)
        return { gpus: [], runners: NONE, read: 'failed', problem: 'PowerShell is not installed.' };
      const problem = tool.problem();
      // Values from before the failure say nothing about now.
      if (problem !== null) return { gpus: [], runners: NONE, read: 'failed', problem };
      if (latest === null) {
        const notYet = 'The performance counters have not been read yet.';
        return { gpus: [], runners: NONE, read: 'not-yet', problem: notYet };
      }
      return { gpus: latest, runners, read: 'all', problem: null };
    },
    /** Resolves after the first reading, or when it is known why there is none. */
    settled: tool.settled,
    close: tool.close,
  };
}
