/** Readings of the amdgpu driver in sysfs. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GpuReading } from '../../../shared/models/telemetry.ts';

/** A processor's own graphics set less than this aside; its models lie in the memory that it can map (GTT). */
const LEAST_CARD_BYTES = 1024 ** 3;

/** Cards and integrated graphics under `root` (`/sys/class/drm`) of this driver. Empty where there is no such folder. */
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
  const vramBytes = await readNumber(join(folder, 'mem_info_vram_total'));
  if (vramBytes === null) return null;
  const integrated = vramBytes < LEAST_CARD_BYTES;
  const memory = integrated ? 'mem_info_gtt' : 'mem_info_vram';
  const [total, used, busy, uniqueId, product] = await Promise.all([
    readNumber(join(folder, `${memory}_total`)),
    readNumber(join(folder, `${memory}_used`)),
    readBusy(folder),
    readText(join(folder, 'unique_id')),
    readText(join(folder, 'product_name')),
  ]);
  const sensors = await readSensors(join(folder, 'hwmon'));
  return {
    id: uniqueId ?? card,
    vendor: 'amd',
    name: product ?? 'AMD GPU',
    vramTotalBytes: total,
    vramUsedBytes: used,
    utilisationPercent: busy,
    ...sensors,
    ...(integrated ? { integrated } : {}),
  };
}

/** A card that is off to save power is read by no sensor, and does nothing. */
async function readBusy(folder: string): Promise<number | null> {
  const percent = await readNumber(join(folder, 'gpu_busy_percent'));
  if (percent !== null) return percent;
  return (await readText(join(folder, 'power', 'runtime_status'))) === 'suspended' ? 0 : null;
}

async function readSensors(folder: string): Promise<Pick<GpuReading, 'temperatureCelsius' | 'powerWatts'>> {
  const [monitor] = await readdir(folder).catch(() => [] as string[]);
  if (monitor === undefined) return { temperatureCelsius: null, powerWatts: null };
  const read = (name: string) => readNumber(join(folder, monitor, name));
  // Cards for computing have no sensor at the edge, only the junction's; kernels from 6.6 on give many cards no average.
  const [edge, junction, average, now] = await Promise.all([
    read('temp1_input'),
    read('temp2_input'),
    read('power1_average'),
    read('power1_input'),
  ]);
  const [millidegrees, microwatts] = [edge ?? junction, average ?? now];
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
