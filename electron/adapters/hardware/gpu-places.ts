/** Which GPUs this machine has, independent of their drivers and tools. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './exec.ts';

export interface GpuPlaces {
  /** A folder for each card that a driver has taken. */
  drm: string;
  /** Every device of the bus, with a driver or without one. */
  pci: string;
  /** A folder for each GPU that NVIDIA's driver has taken. */
  nvidiaProc: string;
  /** What a board without PCI is made of. */
  boardIs: string;
}

export const GPU_PLACES: GpuPlaces = {
  drm: '/sys/class/drm',
  pci: '/sys/bus/pci/devices',
  nvidiaProc: '/proc/driver/nvidia/gpus',
  boardIs: '/proc/device-tree/compatible',
};

const NVIDIA = '0x10de';
const AMD = '0x1002';
/** Class 03 of PCI: what shows or computes pictures, and not a GPU's sound or its switch. */
const DISPLAY_CLASS = /^0x03/;

/** False only where none was found in any place: one that cannot be read may hide one. */
export async function mayHaveNvidia(places: GpuPlaces): Promise<boolean> {
  const found = await Promise.all([
    hasCard(places.drm, NVIDIA),
    hasPciDisplay(places.pci, NVIDIA),
    list(places.nvidiaProc).then((names) => names === null || names.length > 0),
    text(places.boardIs).then((words) => words === null || words.includes('nvidia,tegra')),
  ]);
  return found.some(Boolean);
}

/**
 * AMD's GPUs, one sentence for each that a driver has taken which does not say their load. Without any driver nothing
 * can run on them.
 */
export async function unreadAmdGpus(places: GpuPlaces): Promise<string[]> {
  const names = (await list(places.pci)) ?? [];
  const cards = await Promise.all(
    names.map(async (name) => {
      const folder = join(places.pci, name);
      if (!(await isDisplayOf(folder, AMD))) return [];
      const [driver, vram] = await Promise.all([
        list(join(folder, 'driver')),
        text(join(folder, 'mem_info_vram_total')),
      ]);
      return driver?.length !== 0 && vram === '' ? [name] : [];
    }),
  );
  return cards.flat().map((address) => `The driver of the AMD GPU at ${address} does not report its load.`);
}

/** Without a processor's own graphics where the machine has a card: models go to the card. */
export function withoutIntegrated<Reading extends { integrated?: true | undefined }>(
  readings: readonly Reading[],
  hasCard: boolean,
): Reading[] {
  const alone = !hasCard && readings.every(({ integrated }) => integrated === true);
  return alone ? [...readings] : readings.filter(({ integrated }) => integrated !== true);
}

async function hasCard(folder: string, vendor: string): Promise<boolean> {
  const names = await list(folder);
  if (names === null) return true;
  const cards = names.filter((name) => /^card\d+$/.test(name));
  const vendors = await Promise.all(cards.map((card) => text(join(folder, card, 'device', 'vendor'))));
  return vendors.includes(vendor);
}

async function hasPciDisplay(folder: string, vendor: string): Promise<boolean> {
  const names = await list(folder);
  if (names === null) return true;
  const found = await Promise.all(names.map((name) => isDisplayOf(join(folder, name), vendor)));
  return found.includes(true);
}

async function isDisplayOf(folder: string, vendor: string): Promise<boolean> {
  if ((await text(join(folder, 'vendor'))) !== vendor) return false;
  return DISPLAY_CLASS.test((await text(join(folder, 'class'))) ?? '');
}

/** Empty where there is no such folder; null where it cannot be read. */
async function list(folder: string): Promise<string[] | null> {
  return readdir(folder).catch((error: unknown) => (isMissing(error) ? [] : null));
}

/** Empty where there is no such file; null where it cannot be read. */
async function text(path: string): Promise<string | null> {
  return readFile(path, 'utf8').then(
    (content) => content.trim(),
    (error: unknown) => (isMissing(error) ? '' : null),
  );
}
