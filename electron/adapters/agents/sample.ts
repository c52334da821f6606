/**
 * Parses an agent's sample by hand, into the objects of the previous one: a thousand arrive each second, a schema would
 * cost ten times as much, and new objects live just long enough to fill the old heap.
 */
import { oneLine } from '../../../shared/printable.ts';
import type { AgentGpuReading, AgentSample } from '../../core/ports/agents.ts';

type Fields = Readonly<Record<string, unknown>>;
type Process = AgentGpuReading['processes'][number];

const MAX_GPUS = 64;
const MAX_PROCESSES = 200;
const MAX_PROBLEMS = 20;
const MAX_TEXT = 500;

const VENDORS: ReadonlySet<unknown> = new Set<AgentGpuReading['vendor']>([
  'nvidia',
  'amd',
  'intel',
  'apple',
  'unknown',
]);

export function emptySample(): AgentSample {
  return {
    at: 0,
    host: { cpuPercent: null, memoryTotalBytes: 0, memoryUsedBytes: 0 },
    gpus: [],
    gpusRead: 'all',
    problems: [],
  };
}

/** False if the value is not a sample; `into` is then no longer valid either. */
export function readSample(value: unknown, into: AgentSample): boolean {
  if (!isFields(value) || !isNumber(value.at) || !isFields(value.host) || !Array.isArray(value.gpus))
    return false;
  into.at = value.at;
  into.host.cpuPercent = numberOrNull(value.host.cpuPercent);
  into.host.memoryTotalBytes = numberOrNull(value.host.memoryTotalBytes) ?? 0;
  into.host.memoryUsedBytes = numberOrNull(value.host.memoryUsedBytes) ?? 0;
  readProblems(Array.isArray(value.problems) ? value.problems : [], into.problems);
  const readAll = readGpus(value.gpus, into.gpus);
  // The list is not complete without a GPU that could not be read.
  into.gpusRead = readAll ? gpusReadOf(value.gpusRead, into.problems.length > 0) : 'failed';
  return true;
}

/** Leaves out an odd one. Whether it read all. */
function readGpus(values: readonly unknown[], into: AgentGpuReading[]): boolean {
  let count = 0;
  for (const value of values.slice(0, MAX_GPUS)) {
    const gpu = into[count] ?? emptyGpu();
    if (!readGpu(value, gpu)) continue;
    into[count] = gpu;
    count += 1;
  }
  into.length = count;
  return count === values.length;
}

/** An older agent omits it; a list that comes with a problem may be incomplete. */
function gpusReadOf(value: unknown, hasProblems: boolean): AgentSample['gpusRead'] {
  if (value === 'all' || value === 'not-yet' || value === 'failed') return value;
  return (value === undefined || value === null) && !hasProblems ? 'all' : 'failed';
}

function readGpu(value: unknown, into: AgentGpuReading): boolean {
  if (!isFields(value) || !isText(value.id) || !isText(value.name)) return false;
  into.id = kept(into.id, value.id);
  into.vendor = VENDORS.has(value.vendor) ? kept(into.vendor, value.vendor as typeof into.vendor) : 'unknown';
  into.name = lineOf(into.name, value.name);
  into.vramTotalBytes = numberOrNull(value.vramTotalBytes);
  into.vramUsedBytes = numberOrNull(value.vramUsedBytes);
  into.utilisationPercent = numberOrNull(value.utilisationPercent);
  into.temperatureCelsius = numberOrNull(value.temperatureCelsius);
  into.powerWatts = numberOrNull(value.powerWatts);
  if (value.integrated === true) into.integrated = true;
  else delete into.integrated;
  readProcesses(Array.isArray(value.processes) ? value.processes : [], into.processes);
  return true;
}

function readProcesses(values: readonly unknown[], into: Process[]): void {
  let count = 0;
  for (const one of values) {
    if (count >= MAX_PROCESSES) break;
    if (!isFields(one) || !isNumber(one.pid) || !isText(one.name)) continue;
    const vramUsedBytes = numberOrNull(one.vramUsedBytes);
    const known = into[count] ?? { pid: one.pid, name: oneLine(one.name), vramUsedBytes };
    known.pid = one.pid;
    known.name = lineOf(known.name, one.name);
    known.vramUsedBytes = vramUsedBytes;
    readProcessParent(one.parent, known);
    into[count] = known;
    count += 1;
  }
  into.length = count;
}

/** Left out for most programs. */
function readProcessParent(value: unknown, into: Process): void {
  if (!isFields(value) || !isNumber(value.pid)) {
    delete into.parent;
    return;
  }
  const name = isText(value.name) ? value.name : null;
  if (into.parent === undefined) into.parent = { pid: value.pid, name };
  else {
    into.parent.pid = value.pid;
    into.parent.name = name;
  }
}

function readProblems(values: readonly unknown[], into: string[]): void {
  let count = 0;
  for (const one of values) {
    if (count >= MAX_PROBLEMS) break;
    if (typeof one !== 'string') continue;
    into[count] = lineOf(into[count], one.slice(0, MAX_TEXT));
    count += 1;
  }
  into.length = count;
}

function emptyGpu(): AgentGpuReading {
  return {
    id: '',
    vendor: 'unknown',
    name: '',
    vramTotalBytes: null,
    vramUsedBytes: null,
    utilisationPercent: null,
    temperatureCelsius: null,
    powerWatts: null,
    processes: [],
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Keeps the existing string if it is equal. */
function kept<Text extends string>(before: Text | undefined, next: Text): Text {
  return before === next ? before : next;
}

/** The same for a name or a sentence. */
function lineOf(before: string | undefined, next: string): string {
  return before === next ? before : kept(before, oneLine(next));
}

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= MAX_TEXT;
/** JSON has no NaN, and infinity only as 1e999; tools report "unknown" as a negative reading. */
const numberOrNull = (value: unknown): number | null => (isNumber(value) ? value : null);
