/**
 * What tools print on machines that people reported problems of. Each line has the fields, units and oddities of a real
 * one; names and numbers are our own.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseIoreg } from '../../../../electron/adapters/agent-host/apple-gpus.ts';
import { loadOf } from '../../../../electron/adapters/agent-host/gpu-load.ts';
import { parseNetAdapters } from '../../../../electron/adapters/agent-host/wake-armed.ts';
import { parseWindowsGpus } from '../../../../electron/adapters/agent-host/windows-gpus.ts';
import { readAmdGpus } from '../../../../electron/adapters/hardware/amdgpu.ts';
import { decodeConsole } from '../../../../electron/adapters/hardware/console-text.ts';
import { isOddLine, parseNvidiaSmi } from '../../../../electron/adapters/hardware/nvidia.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const unknown = { vramUsedBytes: null, utilisationPercent: null };

describe('nvidia-smi', () => {
  it.each([
    [
      'a data-centre card in slices, read in a container without rights',
      'GPU-a1, NVIDIA A100-SXM4-80GB, [Insufficient Permissions], [Insufficient Permissions], [N/A], 47, 61.20',
      { ...unknown, vramTotalBytes: null, temperatureCelsius: 47, powerWatts: 61.2 },
    ],
    [
      'a desktop whose chip shares the memory of its processor',
      'GPU-b2, NVIDIA GB10, [N/A], [N/A], 2, 38, 11.85',
      { vramTotalBytes: null, vramUsedBytes: null, utilisationPercent: 2, temperatureCelsius: 38 },
    ],
    [
      'a laptop chip of that kind, which reports a part of it',
      'GPU-c3, NVIDIA N1X, 8128, 199, 0, 41, [N/A]',
      { vramTotalBytes: 8128 * MIB, vramUsedBytes: 199 * MIB, powerWatts: null },
    ],
    [
      'a guest of Windows with a card that fell off its bus',
      'GPU-d4, NVIDIA GeForce RTX 3090, 24576, 0, [GPU is lost], [GPU is lost], [Unknown Error]',
      { utilisationPercent: null, temperatureCelsius: null, powerWatts: null },
    ],
    [
      'a card whose sensors answer with all ones',
      'GPU-e5, NVIDIA T500, 4096, 1, 4294967295, 255, 4294967.30',
      { vramUsedBytes: MIB, utilisationPercent: null, temperatureCelsius: null, powerWatts: null },
    ],
    [
      'a machine in a cold shed',
      'GPU-f6, NVIDIA Tesla P40, 23040, 0, 0, -4, 9.40',
      { temperatureCelsius: -4, powerWatts: 9.4 },
    ],
  ])('of %s', (_what, line, wanted) => {
    expect(parseNvidiaSmi(line)).toMatchObject([wanted]);
  });

  it.each([
    ['a card that is lost', 'Unable to determine the device handle for GPU0000:41:00.0: GPU is lost.'],
    ['a driver that was updated', 'Failed to initialize NVML: Driver/library version mismatch'],
    ['a virtual machine without the licence of its card', 'Function Not Found'],
  ])('is odd, and no idle GPU, on %s', (_what, line) => {
    expect(parseNvidiaSmi(line)).toEqual([]);
    expect(isOddLine(line)).toBe(true);
  });

  it('keeps a machine on whose load is a number that cannot be', () => {
    const gpus = parseNvidiaSmi('GPU-e5, NVIDIA T500, 4096, 1, 4294967295, 40, 5');
    expect(loadOf([{ gpus, problems: [] }])).toMatchObject({
      percent: null,
      problem: expect.stringContaining('NVIDIA T500'),
    });
  });
});

describe('amdgpu', () => {
  async function read(files: Record<string, string | number>) {
    const root = await mkdtemp(join(tmpdir(), 'pilotlight-outputs-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const all = { mem_info_vram_total: 16 * GIB, mem_info_vram_used: GIB, ...files };
    for (const [name, content] of Object.entries(all)) {
      const path = join(root, 'card0/device', name.replace(/^@/, 'hwmon/hwmon3/'));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, `${content}\n`);
    }
    const [gpu] = await readAmdGpus(root);
    return gpu;
  }
  const sensors = (values: Record<string, string | number>) => ({ '@name': 'amdgpu', ...values });

  it.each<[string, Record<string, string | number>, Record<string, unknown>]>([
    [
      'an older card on a newer kernel: no average',
      { gpu_busy_percent: 12, ...sensors({ '@power1_input': 31_104_000, '@temp1_input': 44_000 }) },
      { utilisationPercent: 12, powerWatts: 31.104, temperatureCelsius: 44 },
    ],
    [
      'a laptop’s second card that sleeps: the end of the scale',
      {
        'power/runtime_status': 'suspended',
        ...sensors({
          '@temp1_input': 511_000,
          '@temp1_label': 'edge',
          '@power1_average': 4_294_967_295_000_000,
        }),
      },
      { utilisationPercent: 0, temperatureCelsius: null, powerWatts: null },
    ],
    [
      'a card with one bad sensor: the next one counts',
      sensors({
        ...{ '@temp1_input': 511_000, '@temp1_label': 'edge' },
        ...{ '@temp2_input': 61_000, '@temp2_label': 'junction' },
      }),
      { temperatureCelsius: 61 },
    ],
    [
      'a processor’s graphics whose counter is all ones',
      { gpu_busy_percent: 65_535, ...sensors({ '@in1_label': 'vddnb', '@temp1_input': 52_000 }) },
      { integrated: true, utilisationPercent: null, temperatureCelsius: 52 },
    ],
    [
      'a handheld: two kinds of power, one unreadable',
      {
        ...sensors({ '@power1_label': 'slowPPT', '@power1_average': 4_090_000, '@power2_label': 'fastPPT' }),
      },
      { powerWatts: 4.09 },
    ],
    ['a machine in a cold shed', sensors({ '@temp1_input': -3500 }), { temperatureCelsius: -3.5 }],
  ])('of %s', async (_what, files, wanted) => {
    expect(await read(files)).toMatchObject(wanted);
  });
});

describe('the performance counters of Windows', () => {
  const line = (table: Record<string, unknown>) =>
    JSON.stringify({ engines: [], processes: [], runners: [], ...table });
  const luid = 'luid_0x00000000_0x0001532a';

  it('of two linked cards are one adapter, and each engine counts alone', () => {
    const gpus = parseWindowsGpus(
      line({
        cards: [{ name: 'AMD Radeon Pro WX 9100', ram: 4_293_918_720 }],
        memory: [
          { name: `${luid}_phys_0`, used: 3 * GIB },
          { name: `${luid}_phys_1`, used: 2 * GIB },
        ],
        engines: [
          { name: `pid_812_${luid}_phys_0_eng_2_engtype_Copy`, percent: 60 },
          { name: `pid_812_${luid}_phys_1_eng_2_engtype_Copy`, percent: 55 },
          { name: `pid_90_${luid}_phys_1_eng_2_engtype_Copy`, percent: 5 },
          { name: `pid_812_${luid}_phys_0_eng_3_engtype_Copy`, percent: 45 },
        ],
        processes: [
          { name: `pid_812_${luid}_phys_0`, used: GIB },
          { name: `pid_812_${luid}_phys_1`, used: GIB },
        ],
      }),
    );
    expect(gpus).toMatchObject([
      {
        vramUsedBytes: 5 * GIB,
        utilisationPercent: 60,
        processes: [{ pid: 812, vramUsedBytes: 2 * GIB }],
      },
    ]);
  });

  it('of a small machine with one large memory show its graphics, and no memory set aside', () => {
    const copies = [94_361, 94_260].map((number) => ({
      name: `luid_0x00000000_0x000${number.toString(16)}_phys_0`,
      used: 0,
    }));
    const gpus = parseWindowsGpus(
      line({
        cards: [{ name: 'AMD Radeon(TM) 8060S Graphics', ram: 536_870_912 }],
        adapters: [
          { luid: '94260', name: 'Microsoft Basic Render Driver', memory: '0' },
          { luid: '86826', name: 'AMD Radeon(TM) 8060S Graphics', memory: '536870912' },
        ],
        memory: [...copies, { name: `${luid}_phys_0`, used: 1_017_000_000 }],
      }),
    );
    expect(gpus).toMatchObject([{ integrated: true, vramTotalBytes: null, vramUsedBytes: 1_017_000_000 }]);
  });

  it('of a desk with a screen on USB count no card for it', () => {
    const gpus = parseWindowsGpus(
      line({
        cards: [
          { name: 'DisplayLink USB Device', ram: null },
          { name: 'NVIDIA Quadro P2000', ram: 4_294_967_295 },
        ],
        memory: [
          { name: `${luid}_phys_0`, used: 0 },
          { name: 'luid_0x00000000_0x0000b001_phys_0', used: 0 },
        ],
      }),
    );
    expect(gpus).toMatchObject([{ name: 'NVIDIA Quadro P2000', vramTotalBytes: null }]);
  });
});

describe('what Windows prints in other languages', () => {
  it.each([
    ['German', 850, [0x42, 0x81, 0x72, 0x6f], 'Büro'],
    ['Polish', 852, [0x50, 0x6f, 0x88, 0xa5, 0x63, 0x7a], 'Połącz'],
    ['Greek', 737, [0x83, 0xe5, 0xa1, 0xab, 0xac, 0xa6], 'Δίκτυο'],
    ['Arabic', 720, [0xac, 0xa0, 0xe8, 0xa1], 'شبكة'],
    ['Hebrew', 862, [0x98, 0x99, 0x9a], 'רשת'],
    ['Korean', 949, [0xc0, 0xcc, 0xb4, 0xf5, 0xb3, 0xdd], '이더넷'],
    ['Thai', 874, [0xe0, 0xa4, 0xc3, 0xd7, 0xcd], 'เครือ'],
  ])('an adapter in %s has its own name', (_language, page, name, wanted) => {
    const parts = ['{"Name":"', Uint8Array.from(name), '","WakeOnMagicPacket":"Enabled"}'];
    const printed = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    expect([...parseNetAdapters(decodeConsole(printed, page))]).toEqual([[wanted, true]]);
  });
});

describe('ioreg', () => {
  it('of a card whose sensors are not read shows no figures of them', () => {
    const block = `+-o AMDRadeonX6000 <class AMDRadeonX6000, id 0x1000004f2, registered>
    {
      "PerformanceStatistics" = {"Temperature(C)"=255,"Total Power(W)"=-1,"Device Utilization %"=0}
      "model" = "AMD Radeon RX 6600"
    }
`;
    expect(parseIoreg(block)).toMatchObject([
      { utilisationPercent: 0, temperatureCelsius: null, powerWatts: null },
    ]);
  });
});
