/** nvidia-smi's CSV. */

import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { oneLine } from '../../../shared/printable.ts';
import { type Exec, type ExecOptions, exitCodeOf, isMissing, printedBy, toolFailure } from './exec.ts';
import { plausibleCelsius, plausiblePercent, plausibleWatts } from './plausible.ts';

const FIELDS = [
  'uuid',
  'name',
  'memory.total',
  'memory.used',
  'utilization.gpu',
  'temperature.gpu',
  'power.draw',
] as const;
const NUMBERS = FIELDS.length - 2;
const MEBIBYTE = 1024 ** 2;

export const NVIDIA_SMI = 'nvidia-smi';
export const NVIDIA_SMI_ARGS = [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits'];

/**
 * One reading per line of `--format=csv,noheader,nounits`; other lines (warnings, error text) are left out. `[N/A]`,
 * `[Not Supported]` and the like are null.
 */
export function parseNvidiaSmi(output: string): GpuReading[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const fields = line.split(',').map((field) => field.trim());
    if (fields.length < FIELDS.length) return [];
    const id = fields[0] ?? '';
    // A name may contain commas: it is everything between the id and the numbers.
    const name = oneLine(fields.slice(1, -NUMBERS).join(', '));
    const [total, used, utilisation, temperature, power] = fields.slice(-NUMBERS).map(readNumber);
    if (id === '' || name === '') return [];
    if (total === undefined || used === undefined) return [];
    return [
      {
        id,
        vendor: 'nvidia' as const,
        name,
        vramTotalBytes: total === null ? null : total * MEBIBYTE,
        vramUsedBytes: used === null ? null : used * MEBIBYTE,
        utilisationPercent: plausiblePercent(utilisation ?? null),
        temperatureCelsius: plausibleCelsius(temperature ?? null),
        powerWatts: plausibleWatts(power ?? null),
      },
    ];
  });
}

export interface NvidiaQuery extends ExecOptions {
  exec: Exec;
  /** Whether other signs than this tool suggest such a GPU. */
  mayHave(): Promise<boolean>;
}

export interface NvidiaAnswer {
  gpus: GpuReading[];
  /** Why the list may be incomplete; one sentence. */
  problem: string | null;
}

/** `No devices were found`, on standard output. */
const NO_DEVICES_CODE = 6;
const NO_DEVICES = /^No devices were found/im;

export const MISSING_NVIDIA_SMI = 'This machine has an NVIDIA GPU, but nvidia-smi is not installed.';

/** Neither a reading nor a mere warning: it may be about a GPU that cannot be reached. */
export function isOddLine(line: string): boolean {
  return line.trim() !== '' && !/^\s*warning/i.test(line) && parseNvidiaSmi(line).length === 0;
}

export function meansNoDevices(code: number | null, printed: string): boolean {
  return code === NO_DEVICES_CODE || NO_DEVICES.test(printed);
}

/** The result of one run. A tool that is missing, or sees no device, is not a problem without such a GPU. */
export async function queryNvidia({ exec, mayHave, ...options }: NvidiaQuery): Promise<NvidiaAnswer> {
  let output: string;
  try {
    output = await exec(NVIDIA_SMI, NVIDIA_SMI_ARGS, options);
  } catch (error) {
    if (isMissing(error)) return { gpus: [], problem: (await mayHave()) ? MISSING_NVIDIA_SMI : null };
    const none = meansNoDevices(exitCodeOf(error), printedBy(error, 'stdout'));
    if (none && !(await mayHave())) return { gpus: [], problem: null };
    return { gpus: parseNvidiaSmi(printedBy(error, 'stdout')), problem: toolFailure(NVIDIA_SMI, error) };
  }
  const gpus = parseNvidiaSmi(output);
  const odd = output.split(/\r?\n/).find(isOddLine);
  if (odd !== undefined) {
    if (gpus.length === 0 && NO_DEVICES.test(odd) && !(await mayHave())) return { gpus, problem: null };
    return { gpus, problem: `${NVIDIA_SMI} printed: ${odd.trim().slice(0, 200)}` };
  }
  return { gpus, problem: gpus.length === 0 ? `${NVIDIA_SMI} printed nothing.` : null };
}

/** null if the driver does not report it; undefined if this is not the tool's output at all. */
function readNumber(field: string): number | null | undefined {
  if (/^\[.*\]$/.test(field) || /^N\/A$/i.test(field)) return null;
  if (!/^-?\d+(\.\d+)?$/.test(field)) return undefined;
  return Number(field);
}
