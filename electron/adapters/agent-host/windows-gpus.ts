/**
 * GPUs on Windows that nvidia-smi does not list, from performance counters. CIM classes are used, because the names of
 * the counters themselves are translated into the system's language.
 */
import { parseJson } from '../../../shared/json.ts';
import { oneLine } from '../../../shared/printable.ts';
import { powershell } from '../hardware/powershell.ts';
import { openLineTool } from './line-tool.ts';
import type { ListedRunner } from './runner-parents.ts';
import type { AgentGpu, Clock, GpusRead } from './types.ts';
import { gpusAmong, type KnownAdapter } from './windows-adapters.ts';

/** Ends when its input closes, so it never outlives the agent. */
const SCRIPT = `
$ErrorActionPreference = 'Stop'
$stop = [Console]::In.ReadLineAsync()
$cards = @(Get-CimInstance Win32_VideoController | ForEach-Object { @{ name = $_.Name; ram = $_.AdapterRAM } })
$adapters = @(Get-ChildItem 'HKLM:\\SOFTWARE\\Microsoft\\DirectX' -ErrorAction SilentlyContinue | Get-ItemProperty -ErrorAction SilentlyContinue | Where-Object { $_.AdapterLuid -ne $null } | ForEach-Object { @{ luid = [string]$_.AdapterLuid; name = [string]$_.Description; memory = [string]$_.DedicatedVideoMemory } })
while (-not $stop.IsCompleted) {
  $memory = @(Get-CimInstance Win32_PerfFormattedData_GPUPerformanceCounters_GPUAdapterMemory | ForEach-Object { @{ name = $_.Name; used = $_.DedicatedUsage } })
  $engines = @(Get-CimInstance Win32_PerfFormattedData_GPUPerformanceCounters_GPUEngine | Where-Object { $_.UtilizationPercentage -gt 0 } | ForEach-Object { @{ name = $_.Name; percent = $_.UtilizationPercentage } })
  $processes = @(Get-CimInstance Win32_PerfFormattedData_GPUPerformanceCounters_GPUProcessMemory | Where-Object { $_.DedicatedUsage -gt 0 } | ForEach-Object { @{ name = $_.Name; used = $_.DedicatedUsage } })
  $runners = @(Get-CimInstance Win32_Process -Filter "Name = 'llama-server.exe' OR Name = 'ollama_llama_server.exe' OR (Name = 'ollama.exe' AND CommandLine LIKE '% runner %')" | ForEach-Object { $p = Get-CimInstance Win32_Process -Filter "ProcessId = $($_.ParentProcessId)"; $alive = $p -and $p.CreationDate -le $_.CreationDate; @{ pid = $_.ProcessId; name = $_.Name; parent = $_.ParentProcessId; by = $(if ($alive) { $p.Name } else { $null }) } })
  ConvertTo-Json -Compress -Depth 3 @{ cards = $cards; adapters = $adapters; memory = $memory; engines = $engines; processes = $processes; runners = $runners }
  [void]$stop.Wait(2000)
}`;

const SILENT_MS = 30_000;
const NONE: ReadonlyMap<number, ListedRunner> = new Map();

interface Counter {
  name: string;
  value: number;
}

/**
 * One line of the script. An adapter is identified by its LUID; its engines run in parallel, so the busiest one is the
 * adapter's utilisation, as in Task Manager. null for anything else.
 * @param listed NVIDIA's cards as nvidia-smi lists them, which are among the adapters too
 */
export function parseWindowsGpus(line: string, listed: readonly Pick<AgentGpu, 'vramUsedBytes'>[] = []) {
  const content = parseJson(line);
  if (typeof content !== 'object' || content === null) return null;
  return gpusOf(content as Record<string, unknown>, listed);
}

function gpusOf(
  table: Record<string, unknown>,
  listed: readonly Pick<AgentGpu, 'vramUsedBytes'>[],
): AgentGpu[] {
  const engines = counters(table.engines, 'percent');
  const processes = counters(table.processes, 'used');
  const names = rows(table.cards).flatMap((card) =>
    typeof card.name === 'string' ? oneLine(card.name) || [] : [],
  );
  const adapters = [...sums(counters(table.memory, 'used'), luidOf)].map(([luid, value]) => {
    const active = value > 0 || [...engines, ...processes].some((one) => luidOf(one.name) === luid);
    return { luid, used: value, active };
  });
  const found = gpusAmong({ adapters, names, known: rows(table.adapters).flatMap(knownAdapter), listed });
  return found.map(({ luid, used, vendor, name, memoryBytes, integrated }) => ({
    id: luid,
    vendor,
    name: name ?? 'GPU',
    vramTotalBytes: memoryBytes,
    vramUsedBytes: used,
    utilisationPercent: utilisation(engines.filter((engine) => luidOf(engine.name) === luid)),
    temperatureCelsius: null,
    powerWatts: null,
    ...(integrated ? { integrated } : {}),
    processes: [
      ...sums(
        processes.filter((process) => luidOf(process.name) === luid),
        (name) => /pid_(\d+)/.exec(name)?.[1] ?? '0',
      ),
    ].map(([pid, bytes]) => ({ pid: Number(pid), name: '', vramUsedBytes: bytes })),
  }));
}

/** The registry has a LUID as one 64-bit number, a counter as its two halves. */
function knownAdapter({ luid, name, memory }: Record<string, unknown>): KnownAdapter[] {
  if (typeof name !== 'string' || !/^\d+$/.test(String(luid))) return [];
  const digits = BigInt(String(luid)).toString(16).padStart(16, '0');
  const bytes = Number(memory || Number.NaN);
  return [
    {
      luid: `luid_0x${digits.slice(0, 8)}_0x${digits.slice(8)}`,
      name: oneLine(name),
      memoryBytes: Number.isFinite(bytes) && bytes > 0 ? bytes : null,
    },
  ];
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
  const byEngine = sums(engines, (name) => /phys_\d+_eng_\d+/i.exec(name)?.[0] ?? '');
  return Math.min(100, Math.max(0, ...byEngine.values()));
}

/** Each program has its own counter of an engine, and cards that are linked are one adapter with a counter for each. */
function sums(list: readonly Counter[], keyOf: (name: string) => string | null): Map<string, number> {
  const found = new Map<string, number>();
  for (const { name, value } of list) {
    const key = keyOf(name);
    if (key !== null) found.set(key, (found.get(key) ?? 0) + value);
  }
  return found;
}

const luidOf = (name: string): string | null => /luid_0x[0-9a-f]+_0x[0-9a-f]+/i.exec(name)?.[0] ?? null;

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

const COMMAND = powershell(SCRIPT);

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
  let latest: Record<string, unknown> | null = null;
  let runners: ReadonlyMap<number, ListedRunner> = NONE;
  const tool = openLineTool({
    clock,
    command,
    silentMs: SILENT_MS,
    input: true,
    onLine(line) {
      const content = parseJson(line);
      if (typeof content !== 'object' || content === null) return false;
      latest = content as Record<string, unknown>;
      runners = parseRunners(line);
      return true;
    },
  });

  return {
    /** @param listed NVIDIA's cards as nvidia-smi lists them */
    read(listed: readonly Pick<AgentGpu, 'vramUsedBytes'>[] = []): WindowsReading {
      if (tool.present() === false)
        return { gpus: [], runners: NONE, read: 'failed', problem: 'PowerShell is not installed.' };
      const problem = tool.problem();
      // Values from before the failure say nothing about now.
      if (problem !== null) return { gpus: [], runners: NONE, read: 'failed', problem };
      if (latest === null) {
        const notYet = 'The performance counters have not been read yet.';
        return { gpus: [], runners: NONE, read: 'not-yet', problem: notYet };
      }
      return { gpus: gpusOf(latest, listed), runners, read: 'all', problem: null };
    },
    /** Resolves after the first reading, or when it is known why there is none. */
    settled: tool.settled,
    close: tool.close,
  };
}
