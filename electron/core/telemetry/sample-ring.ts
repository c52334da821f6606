import type { GpuReading, HostReading, TelemetrySample } from '../../../shared/models/telemetry.ts';
import { createRing } from './ring.ts';

/** One hour at one sample every two seconds. */
const CAPACITY = 1800;
const HOUR_MS = 3_600_000;

/** The last hour of one node: numbers in a ring, names stored once. */
export interface SampleRing {
  push(sample: TelemetrySample): void;
  /** The last hour before `now`, oldest first. */
  samples(now: number): TelemetrySample[];
  readonly bytes: number;
}

const GPU_NUMBERS = [
  'vramTotalBytes',
  'vramUsedBytes',
  'utilisationPercent',
  'temperatureCelsius',
  'powerWatts',
] as const;

export function createSampleRing(nodeId: string): SampleRing {
  const ring = createRing(CAPACITY);
  const gpus = new Map<string, Pick<GpuReading, 'id' | 'vendor' | 'name'>>();

  return {
    push(sample) {
      const values: Record<string, number> = {};
      const put = (column: string, value: number | null) => {
        if (value !== null) values[column] = value;
      };
      for (const gpu of sample.gpus) {
        gpus.set(gpu.id, { id: gpu.id, vendor: gpu.vendor, name: gpu.name });
        values[`gpu ${gpu.id} here`] = 1;
        for (const key of GPU_NUMBERS) put(`gpu ${gpu.id} ${key}`, gpu[key]);
      }
      if (sample.host) {
        put('host cpuPercent', sample.host.cpuPercent);
        put('host memoryTotalBytes', sample.host.memoryTotalBytes);
        put('host memoryUsedBytes', sample.host.memoryUsedBytes);
      }
      for (const [model, bytes] of Object.entries(sample.vramByModel)) values[`model ${model}`] = bytes;
      ring.push(sample.at, values);
    },
    samples: (now) =>
      ring.rows(now - HOUR_MS).map(({ at, values }) => ({
        nodeId,
        at,
        gpus: [...gpus.values()]
          .filter((gpu) => values[`gpu ${gpu.id} here`] === 1)
          .map((gpu) => {
            const read = (key: (typeof GPU_NUMBERS)[number]) => values[`gpu ${gpu.id} ${key}`] ?? null;
            return {
              ...gpu,
              vramTotalBytes: read('vramTotalBytes'),
              vramUsedBytes: read('vramUsedBytes'),
              utilisationPercent: read('utilisationPercent'),
              temperatureCelsius: read('temperatureCelsius'),
              powerWatts: read('powerWatts'),
            };
          }),
        host: readHost(values),
        vramByModel: Object.fromEntries(
          Object.entries(values)
            .filter(([column]) => column.startsWith('model '))
            .map(([column, bytes]) => [column.slice('model '.length), bytes]),
        ),
      })),
    get bytes() {
      return ring.bytes;
    },
  };
}

function readHost(values: Record<string, number>): HostReading | null {
  const memoryTotalBytes = values['host memoryTotalBytes'];
  const memoryUsedBytes = values['host memoryUsedBytes'];
  if (memoryTotalBytes === undefined || memoryUsedBytes === undefined) return null;
  return { cpuPercent: values['host cpuPercent'] ?? null, memoryTotalBytes, memoryUsedBytes };
}
