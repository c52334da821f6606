import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAmdGpus } from '../../../../electron/adapters/hardware/amdgpu.ts';

const GIB = 1024 ** 3;
let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pilotlight-amdgpu-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function read(files: Record<string, string | number>) {
  const all = { mem_info_vram_total: 8 * GIB, mem_info_vram_used: 1, ...files };
  for (const [name, content] of Object.entries(all)) {
    const path = join(root, 'card0/device', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${content}\n`);
  }
  const [gpu] = await readAmdGpus(root);
  return gpu;
}

describe('the sensors of amdgpu', () => {
  it('are those of the folder that carries its name', async () => {
    const gpu = await read({
      'hwmon/hwmon1/name': 'nvme',
      'hwmon/hwmon1/temp1_input': 91_000,
      'hwmon/hwmon4/name': 'amdgpu',
      'hwmon/hwmon4/temp1_input': 41_000,
      'hwmon/hwmon4/power1_input': 12_500_000,
    });
    expect(gpu).toMatchObject({ temperatureCelsius: 41, powerWatts: 12.5 });
  });

  it.each([
    ['the edge, wherever it is', { temp1: ['junction', 70], temp2: ['edge', 50] }, 50],
    ['the hottest place of a card without an edge', { temp2: ['junction', 66], temp3: ['mem', 40] }, 66],
    ['nothing where only the memory has one', { temp3: ['mem', 40] }, null],
  ])('give %s', async (_what, sensors, celsius) => {
    const files = Object.entries(sensors).flatMap(([name, [label, value]]) => [
      [`hwmon/hwmon2/${name}_label`, label],
      [`hwmon/hwmon2/${name}_input`, Number(value) * 1000],
    ]);
    const gpu = await read({ 'hwmon/hwmon2/name': 'amdgpu', ...Object.fromEntries(files) });
    expect(gpu?.temperatureCelsius).toBe(celsius);
  });

  it.each([
    [{ power1_input: 33_190_000 }, 33.19],
    [{ power1_average: 90_000_000, power1_input: 120_000_000 }, 90],
    [{ power1_average: 0, power1_input: 35_000_000 }, 35],
    [{ power1_average: 0 }, 0],
    [{}, null],
  ])('give the power of %j', async (sensors, watts) => {
    const files = Object.entries(sensors).map(([name, value]) => [`hwmon/hwmon2/${name}`, value]);
    const gpu = await read({ 'hwmon/hwmon2/name': 'amdgpu', ...Object.fromEntries(files) });
    expect(gpu?.powerWatts).toBe(watts);
  });
});

describe('the memory of a processor’s graphics', () => {
  const graphics = (vram: number, gtt: number) =>
    read({
      mem_info_vram_total: vram,
      mem_info_vram_used: 11,
      mem_info_gtt_total: gtt,
      mem_info_gtt_used: 22,
      'hwmon/hwmon2/name': 'amdgpu',
      'hwmon/hwmon2/in1_label': 'vddnb',
    });

  it('is what it can map where little is reserved, however much that is', async () => {
    expect(await graphics(4 * GIB, 60 * GIB)).toMatchObject({
      integrated: true,
      vramTotalBytes: 60 * GIB,
      vramUsedBytes: 22,
    });
  });

  it('is what is reserved where that is most of it', async () => {
    expect(await graphics(96 * GIB, 16 * GIB)).toMatchObject({
      integrated: true,
      vramTotalBytes: 96 * GIB,
      vramUsedBytes: 11,
    });
  });

  it('is unknown where nothing says what it can map', async () => {
    const gpu = await read({ mem_info_vram_total: GIB / 2 });
    expect(gpu).toMatchObject({ integrated: true, vramTotalBytes: null, vramUsedBytes: null });
  });
});
