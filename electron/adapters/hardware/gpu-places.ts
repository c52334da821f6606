/** Which GPUs this machine has, independent of their drivers and tools. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './exec.ts';

export interface GpuPlaces {
  /** A folder for each card that has a driver. */
  drm: string;
  /** Every device of the bus, with or without a driver. */
  pci: string;
  /** A folder for each GPU of NVIDIA's driver. */
  nvidiaProc: string;
  /** The components of a board without PCI. */
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
const INTEL = '0x8086';
/** PCI classes of devices that display or compute graphics, or only compute; not a GPU's audio or switch. */
const GPU_CLASS = /^0x(?:03|12)/;

/** False only if no place listed one: a place that cannot be read may hide one. */
export async function mayHaveNvidia(places: GpuPlaces): Promise<boolean> {
  const found = await Promise.all([
    hasCard(places.drm, NVIDIA),
    hasPciGpu(places.pci, NVIDIA),
    list(places.nvidiaProc).then((names) => names === null || names.length > 0),
    text(places.boardIs).then((words) => words === null || words.includes('nvidia,tegra')),
  ]);
  return found.some(Boolean);
}

/**
 * GPUs with a driver whose load cannot be read here, one sentence each: AMD's whose driver does not report it, and
 * Intel's cards. Without any driver nothing can run on them.
 */
export async function unreadGpus(places: GpuPlaces): Promise<string[]> {
  const names = await list(places.pci);
  if (names === null) return ['Cannot tell which GPUs are installed.'];
  const [amd, cards] = await Promise.all([drivenAmd(places.pci, names), readableCards(places.drm)]);
  const unread = amd.filter(({ reads }) => !reads);
  const intel = await intelCards(places.pci, names);
  const missing = amd.length - unread.length > cards;
  return [
    ...unread.map(({ name }) => `The driver of the AMD GPU at ${name} does not report its load.`),
    ...(missing ? ['An AMD GPU cannot be read.'] : []),
    ...intel.map((name) => `The load of the Intel GPU at ${name} cannot be read.`),
  ];
}

async function drivenAmd(pci: string, names: readonly string[]) {
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = join(pci, name);
      if (!(await isGpuOf(folder, AMD)) || !(await isDriven(folder))) return [];
      return [{ name, reads: isNumber(await text(join(folder, 'mem_info_vram_total'))) }];
    }),
  );
  return found.flat();
}

/** How many cards of amdgpu are among those of all drivers. */
async function readableCards(drm: string): Promise<number> {
  const cards = ((await list(drm)) ?? []).filter((name) => /^card\d+$/.test(name));
  const totals = await Promise.all(
    cards.map((card) => text(join(drm, card, 'device', 'mem_info_vram_total'))),
  );
  return totals.filter(isNumber).length;
}

/** The processor's own graphics are always at 00:02.0, and drive displays. */
async function intelCards(pci: string, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = join(pci, name);
      const isCard = !name.endsWith(':00:02.0') && (await isGpuOf(folder, INTEL)) && (await isDriven(folder));
      return isCard ? [name] : [];
    }),
  );
  return found.flat();
}

const isNumber = (content: string | null) => content !== null && /^\d+$/.test(content);
const isDriven = async (folder: string) => (await list(join(folder, 'driver')))?.length !== 0;

/** Without the processor's own graphics if the machine has a card, because models go to the card. */
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

async function hasPciGpu(folder: string, vendor: string): Promise<boolean> {
  const names = await list(folder);
  if (names === null) return true;
  const found = await Promise.all(names.map((name) => isGpuOf(join(folder, name), vendor)));
  return found.includes(true);
}

async function isGpuOf(folder: string, vendor: string): Promise<boolean> {
  const [maker, kind] = await Promise.all([text(join(folder, 'vendor')), text(join(folder, 'class'))]);
  // A device that cannot be read may be one.
  return (maker === null || maker === vendor) && (kind === null || GPU_CLASS.test(kind));
}

/** Empty if the folder does not exist; null if it cannot be read. */
async function list(folder: string): Promise<string[] | null> {
  return readdir(folder).catch((error: unknown) => (isMissing(error) ? [] : null));
}

/** Empty if the file does not exist; null if it cannot be read. */
async function text(path: string): Promise<string | null> {
  return readFile(path, 'utf8').then(
    (content) => content.trim(),
    (error: unknown) => (isMissing(error) ? '' : null),
  );
}
