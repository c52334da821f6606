/** What the amdgpu driver tells in sysfs. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GpuReading } from '../../../shared/models/telemetry.ts';

/** A processor's own graphics carve out less than this; no model lands there. */
const LEAST_VRAM_BYTES = 1024 ** 3;

/** Cards under `root` (`/sys/class/drm`) that tell their VRAM. Empty where there is no such folder. */
export async function readAmdGpus(root: string): Promise<GpuReading[]> {
  let names: string[];
  try {
    names = await readdir(root);
  } catch {
    return [];
  }
  const cards = names.filter((name) => /^card\d+$/.test(name)).sort();
  const readings = await Promise.all(cards.map((card) => readCard(join(root, card, 'device'), card)));
  return readings.filter((reading) => reading !== null);
}

async function readCard(folder: string, card: string): Promise<GpuReading | null> {
  const vramTotalBytes = await readNumber(join(folder, 'mem_info_vram_total'));
  if (vramTotalBytes === null || vramTotalBytes < LEAST_VRAM_BYTES) return null;
  const [used, busy, uniqueId, product] = await Promise.all([
    readNumber(join(folder, 'mem_info_vram_used')),
    readNumber(join(folder, 'gpu_busy_percent')),
    readText(join(folder, 'unique_id')),
    readText(join(folder, 'product_name')),
  ]);
  const sensors = await readSensors(join(folder, 'hwmon'));
  return {
    id: uniqueId ?? card,
    vendor: 'amd',
    name: product ?? 'AMD GPU',
    vramTotalBytes,
    vramUsedBytes: used,
    utilisationPercent: busy,
    ...sensors,
  };
}

async function readSensors(folder: string): Promise<Pick<GpuReading, 'temperatureCelsius' | 'powerWatts'>> {
  const [monitor] = await readdir(folder).catch(() => [] as string[]);
  if (monitor === undefined) return { temperatureCelsius: null, powerWatts: null };
  const [millidegrees, microwatts] = await Promise.all([
    readNumber(join(folder, monitor, 'temp1_input')),
    readNumber(join(folder, monitor, 'power1_average')),
  ]);
  return {
    temperatureCelsius: millidegrees === null ? null : millidegrees / 1000,
    powerWatts: microwatts === null ? null : microwatts / 1e6,
  };
}

async function readText(path: string): Promise<string | null> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}

async function readNumber(path: string): Promise<number | null> {
  const text = await readText(path);
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}
