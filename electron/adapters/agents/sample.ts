/**
 * One moment of an agent's machine, read by hand: a thousand come each second, and a schema costs ten times as
 * much.
 */
import type { AgentGpuReading, AgentSample } from '../../core/ports.ts';

type Fields = Readonly<Record<string, unknown>>;

const MOST_GPUS = 64;
const MOST_PROCESSES = 200;
const MOST_PROBLEMS = 20;
const MOST_TEXT = 500;

const VENDORS: ReadonlySet<unknown> = new Set<AgentGpuReading['vendor']>([
  'nvidia',
  'amd',
  'intel',
  'apple',
  'unknown',
]);

/** null for what is no sample: nothing of it is used then. */
export function readSample(value: unknown): AgentSample | null {
  if (!isFields(value) || !isNumber(value.at) || !isFields(value.host) || !Array.isArray(value.gpus))
    return null;
  const { memoryTotalBytes, memoryUsedBytes } = value.host;
  if (!isNumber(memoryTotalBytes) || !isNumber(memoryUsedBytes)) return null;
  if (value.gpus.length > MOST_GPUS) return null;
  const gpus: AgentGpuReading[] = [];
  for (const one of value.gpus) {
    const gpu = readGpu(one);
    if (gpu === null) return null;
    gpus.push(gpu);
  }
  return {
    at: value.at,
    host: { cpuPercent: numberOrNull(value.host.cpuPercent), memoryTotalBytes, memoryUsedBytes },
    gpus,
    problems: Array.isArray(value.problems) ? readProblems(value.problems) : [],
  };
}

function readGpu(value: unknown): AgentGpuReading | null {
  if (!isFields(value) || !isText(value.id) || !isText(value.name)) return null;
  return {
    id: value.id,
    vendor: VENDORS.has(value.vendor) ? (value.vendor as AgentGpuReading['vendor']) : 'unknown',
    name: value.name,
    vramTotalBytes: numberOrNull(value.vramTotalBytes),
    vramUsedBytes: numberOrNull(value.vramUsedBytes),
    utilisationPercent: numberOrNull(value.utilisationPercent),
    temperatureCelsius: numberOrNull(value.temperatureCelsius),
    powerWatts: numberOrNull(value.powerWatts),
    processes: Array.isArray(value.processes) ? readProcesses(value.processes) : [],
  };
}

function readProcesses(values: readonly unknown[]): AgentGpuReading['processes'] {
  const processes: AgentGpuReading['processes'] = [];
  for (const one of values) {
    if (processes.length >= MOST_PROCESSES) break;
    if (!isFields(one) || !isNumber(one.pid) || !isText(one.name)) continue;
    processes.push({ pid: one.pid, name: one.name, vramUsedBytes: numberOrNull(one.vramUsedBytes) });
  }
  return processes;
}

function readProblems(values: readonly unknown[]): string[] {
  const problems: string[] = [];
  for (const one of values) {
    if (problems.length >= MOST_PROBLEMS) break;
    if (typeof one === 'string') problems.push(one.slice(0, MOST_TEXT));
  }
  return problems;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && value >= 0;
const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= MOST_TEXT;
/** JSON has no NaN and no infinity but 1e999; a negative reading is a tool's way to say "unknown". */
const numberOrNull = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY ? value : null;
