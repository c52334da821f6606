/** Readings of the amdgpu driver in sysfs. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { oneLine } from '../../../shared/printable.ts';

/** The processor's own graphics reserve less than this; their models are in memory that they can map (GTT). */
const MIN_CARD_BYTES = 1024 ** 3;

/** Cards and integrated graphics of this driver under `root` (`/sys/class/drm`). Empty if the folder does not exist. */
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
  const integrated = vramBytes < MIN_CARD_BYTES;
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
    name: oneLine(product ?? '') || 'AMD GPU',
    vramTotalBytes: total,
    vramUsedBytes: used,
    utilisationPercent: busy,
    ...sensors,
    ...(integrated ? { integrated } : {}),
  };
}

/** A suspended card cannot be read by any sensor, and is idle. */
async function readBusy(folder: string): Promise<number | null> {
  const percent = await readNumber(join(folder, 'gpu_busy_percent'));
  if (percent !== null) return percent;
  return (await readText(join(folder, 'power', 'runtime_status'))) === 'suspended' ? 0 : null;
}

async function readSensors(folder: string): Promise<Pick<GpuReading, 'temperatureCelsius' | 'powerWatts'>> {
  const [monitor] = await readdir(folder).catch(() => [] as string[]);
  if (monitor === undefined) return { temperatureCelsius: null, powerWatts: null };
  const read = (name: string) => readNumber(join(folder, monitor, name));
  // Compute cards have no edge sensor, only a junction sensor; since kernel 6.6 many cards report no average.
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
