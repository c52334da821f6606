/** Readings of the amdgpu driver in sysfs. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { oneLine } from '../../../shared/printable.ts';
import { plausibleCelsius, plausiblePercent, plausibleWatts } from './plausible.ts';

/** A card has more. The processor's own graphics reserve what the firmware sets, from a few MiB to most of the memory. */
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
  const monitor = await findMonitor(join(folder, 'hwmon'));
  const gttBytes = await readNumber(join(folder, 'mem_info_gtt_total'));
  // The driver shows this voltage for the processor's own graphics only.
  const voltage = monitor === null ? null : await readText(join(monitor, 'in1_label'));
  const integrated = vramBytes < MIN_CARD_BYTES || voltage === 'vddnb';
  // Models go to whichever is larger: what is reserved, or the memory that the graphics can map.
  const memory =
    integrated && (gttBytes === null || gttBytes >= vramBytes) ? 'mem_info_gtt' : 'mem_info_vram';
  const [total, used, busy, uniqueId, product] = await Promise.all([
    readNumber(join(folder, `${memory}_total`)),
    readNumber(join(folder, `${memory}_used`)),
    readBusy(folder),
    readText(join(folder, 'unique_id')),
    readText(join(folder, 'product_name')),
  ]);
  const sensors = await readSensors(monitor);
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
  const percent = plausiblePercent(await readNumber(join(folder, 'gpu_busy_percent')));
  if (percent !== null) return percent;
  return (await readText(join(folder, 'power', 'runtime_status'))) === 'suspended' ? 0 : null;
}

/** The folder of the driver's own sensors; null if there is none. Network and disk parts may add others. */
async function findMonitor(folder: string): Promise<string | null> {
  const names = (await readdir(folder).catch(() => [] as string[])).sort();
  const named = await Promise.all(names.map((name) => readText(join(folder, name, 'name'))));
  const at = named.indexOf('amdgpu');
  const name = names[at] ?? (named.some((one) => one !== null) ? undefined : names[0]);
  return name === undefined ? null : join(folder, name);
}

const TEMPERATURES = ['temp1', 'temp2', 'temp3', 'temp4'];

async function readSensors(
  monitor: string | null,
): Promise<Pick<GpuReading, 'temperatureCelsius' | 'powerWatts'>> {
  if (monitor === null) return { temperatureCelsius: null, powerWatts: null };
  const sensors = await Promise.all(
    TEMPERATURES.map(async (name) => ({
      label: (await readText(join(monitor, `${name}_label`)))?.toLowerCase() ?? null,
      value: plausibleCelsius(readMillis(await readText(join(monitor, `${name}_input`)))),
    })),
  );
  const labelled = (...labels: (string | null)[]) =>
    sensors.find(({ label, value }) => value !== null && labels.includes(label))?.value ?? null;
  // Compute cards have no edge sensor, only one at the hottest place; since kernel 6.6 many cards report no average.
  const watts = async (name: string) => {
    const microwatts = await readNumber(join(monitor, name));
    return plausibleWatts(microwatts === null ? null : microwatts / 1e6);
  };
  const [average, now] = await Promise.all([watts('power1_average'), watts('power1_input')]);
  return {
    temperatureCelsius: labelled('edge') ?? labelled(null) ?? labelled('junction', 'hotspot'),
    powerWatts: average || (now ?? average),
  };
}

/** Thousandths of a degree, which may be below zero. */
const readMillis = (text: string | null) =>
  text !== null && /^-?\d+$/.test(text) ? Number(text) / 1000 : null;

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
