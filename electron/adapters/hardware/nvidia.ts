/** nvidia-smi's CSV. */
import type { GpuReading } from '../../../shared/models/telemetry.ts';

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
 * One reading per line of `--format=csv,noheader,nounits`; lines that are something else (warnings, error
 * text) are left out. `[N/A]`, `[Not Supported]` and the like are null.
 */
export function parseNvidiaSmi(output: string): GpuReading[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const fields = line.split(',').map((field) => field.trim());
    if (fields.length < FIELDS.length) return [];
    const id = fields[0] ?? '';
    // A name may hold a comma: what lies between the id and the numbers is the name.
    const name = fields.slice(1, -NUMBERS).join(', ');
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
        utilisationPercent: utilisation ?? null,
        temperatureCelsius: temperature ?? null,
        powerWatts: power ?? null,
      },
    ];
  });
}

/** Null where the driver does not say; undefined where this is no answer of the tool at all. */
function readNumber(field: string): number | null | undefined {
  if (/^\[.*\]$/.test(field) || /^N\/A$/i.test(field)) return null;
  if (!/^-?\d+(\.\d+)?$/.test(field)) return undefined;
  return Number(field);
}
