import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseIoreg, readAppleGpus } from '../../../../electron/adapters/agent-host/apple-gpus.ts';
import { parseComputeProcess } from '../../../../electron/adapters/agent-host/nvidia-stream.ts';
import { gpuFoundInLog, gpuUsedByModels } from '../../../../electron/adapters/agent-host/ollama-facts.ts';
import {
  openTelemetrySource,
  parseAvailable,
  parseSwap,
} from '../../../../electron/adapters/agent-host/telemetry-source.ts';
import { parseNetAdapters } from '../../../../electron/adapters/agent-host/wake-armed.ts';
import { parseWindowsGpus } from '../../../../electron/adapters/agent-host/windows-gpus.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const MIB = 1024 ** 2;
const { signal } = new AbortController();

describe('nvidia-smi’s processes', () => {
  it.each([
    ['GPU-1, 4711, ollama, 8123', { pid: 4711, name: 'ollama', vramUsedBytes: 8123 * MIB }],
    ['GPU-1, 4711, [Not Found], 8123', { name: '[Not Found]', vramUsedBytes: 8123 * MIB }],
    [
      'GPU-1, 4711, C:\\Users\\ann\\a, b\\ollama.exe, [N/A]',
      { name: 'C:\\Users\\ann\\a, b\\ollama.exe', vramUsedBytes: null },
    ],
    ['GPU-1, 4711, ollama, [Insufficient Permissions]', { vramUsedBytes: null }],
    ['GPU-1, 4711, ollama, N/A', { vramUsedBytes: null }],
  ])('are read from %j', (line, expected) => {
    expect(parseComputeProcess(line)).toMatchObject({ gpuId: 'GPU-1', ...expected });
  });

  it.each([
    '',
    'gpu_uuid, pid, process_name, used_gpu_memory [MiB]',
    'GPU-1, 4711, ollama',
    'GPU-1, x, ollama, 5',
    'GPU-1, 4711, ollama, 5 MiB',
    'Failed to initialize NVML: Driver/library version mismatch',
    'Unable to determine the device handle for GPU0000:01:00.0: Unknown Error',
  ])('are none in %j', (line) => {
    expect(parseComputeProcess(line)).toBeNull();
  });
});

describe('Windows’s performance counters', () => {
  const luid = (number: string) => `luid_0x00000000_0x0000${number}`;
  const line = (table: Record<string, unknown>) => JSON.stringify(table);

  it('tell one adapter with its name, its busiest engine, and its processes', () => {
    const gpus = parseWindowsGpus(
      line({
        cards: [{ name: 'AMD Radeon RX 7800 XT', ram: 4293918720 }],
        memory: [{ name: `${luid('d3f1')}_phys_0`, used: 5_368_709_120 }],
        engines: [
          { name: `pid_4242_${luid('d3f1')}_phys_0_eng_0_engtype_3D`, percent: 20 },
          { name: `pid_77_${luid('d3f1')}_phys_0_eng_0_engtype_3D`, percent: 15 },
          { name: `pid_4242_${luid('d3f1')}_phys_0_eng_5_engtype_Compute 1`, percent: 30 },
        ],
        processes: [{ name: `pid_4242_${luid('d3f1')}_phys_0`, used: '5100000000' }],
      }),
    );
    expect(gpus).toEqual([
      {
        id: luid('d3f1'),
        vendor: 'amd',
        name: 'AMD Radeon RX 7800 XT',
        vramTotalBytes: null,
        vramUsedBytes: 5_368_709_120,
        utilisationPercent: 35,
        temperatureCelsius: null,
        powerWatts: null,
        processes: [{ pid: 4242, name: '', vramUsedBytes: 5_100_000_000 }],
      },
    ]);
  });

  it('do not say which of two adapters has which name, and never count more than all', () => {
    const gpus = parseWindowsGpus(
      line({
        cards: [{ name: 'NVIDIA GeForce RTX 4070' }, { name: 'Intel(R) UHD Graphics 770' }],
        memory: [
          { name: `${luid('0001')}_phys_0`, used: 1 },
          { name: `${luid('0002')}_phys_0`, used: 2 },
        ],
        engines: [
          { name: `pid_1_${luid('0001')}_phys_0_eng_0_engtype_3D`, percent: 80 },
          { name: `pid_2_${luid('0001')}_phys_0_eng_0_engtype_3D`, percent: 90 },
        ],
        processes: [],
      }),
    );
    expect(gpus).toMatchObject([
      { id: luid('0001'), vendor: 'unknown', name: 'GPU', utilisationPercent: 100 },
      { id: luid('0002'), vendor: 'unknown', name: 'GPU', utilisationPercent: 0 },
    ]);
  });

  it('that are empty or missing tell no GPU', () => {
    expect(parseWindowsGpus(line({ cards: null, memory: null, engines: null, processes: null }))).toEqual([]);
    expect(parseWindowsGpus(line({}))).toEqual([]);
    expect(parseWindowsGpus(line({ memory: [{ name: 'total', used: 5 }, null, 7, { used: 5 }] }))).toEqual(
      [],
    );
  });

  it.each(['', 'Get-CimInstance : Invalid class', 'null', '5', '{"memory": ['])('are not %j', (text) => {
    expect(parseWindowsGpus(text)).toBeNull();
  });
});

describe('Apple’s ioreg', () => {
  const apple = `+-o AGXAcceleratorG14G  <class AGXAcceleratorG14G, id 0x100000427, registered, matched, active, busy 0 (0 ms), retain 93>
    {
      "IOClass" = "AGXAcceleratorG14G"
      "model" = "Apple M2"
      "PerformanceStatistics" = {"In use system memory (driver)"=0,"Alloc system memory"=1843200000,"Tiler Utilization %"=3,"recoveryCount"=0,"Renderer Utilization %"=5,"Device Utilization %"=7,"In use system memory"=456704000}
      "gpu-core-count" = 10
    }
`;
  const radeon = `+-o AMDRadeonX6000_AMDNavi14GraphicsAccelerator  <class AMDRadeonX6000_AMDNavi14GraphicsAccelerator, id 0x1000004f2, registered, matched, active, busy 0 (0 ms), retain 51>
    {
      "PerformanceStatistics" = {"Temperature(C)"=52,"inUseVidMemoryBytes"=901775360,"Total Power(W)"=24,"Device Utilization %"=41}
      "model" = <"AMD Radeon Pro 5500M">
    }
`;

  it('tells a chip of Apple’s, whose memory is the processor’s', () => {
    expect(parseIoreg(apple)).toEqual([
      {
        id: '0x100000427',
        vendor: 'apple',
        name: 'Apple M2',
        vramTotalBytes: null,
        vramUsedBytes: 456_704_000,
        utilisationPercent: 7,
        temperatureCelsius: null,
        powerWatts: null,
        processes: [],
      },
    ]);
  });

  it('tells two, and one that leaves fields out', () => {
    expect(parseIoreg(`${apple}\n${radeon}`)).toMatchObject([
      { vendor: 'apple' },
      {
        vendor: 'amd',
        vramUsedBytes: 901_775_360,
        temperatureCelsius: 52,
        powerWatts: 24,
        utilisationPercent: 41,
      },
    ]);
    expect(parseIoreg(apple.replace(/"Device Utilization %"=7,/, ''))).toMatchObject([
      { utilisationPercent: null, vramUsedBytes: 456_704_000 },
    ]);
  });

  it('tells none where it prints nothing, an error or no statistics', () => {
    for (const output of [
      '',
      "ioreg: error: can't find class\n",
      apple.replace(/.*PerformanceStatistics.*\n/, ''),
    ])
      expect(parseIoreg(output)).toEqual([]);
  });

  it('that is missing or hangs is a sentence in the sample, asked for once in two seconds', async () => {
    let calls = 0;
    const clock = createFakeClock();
    const source = openTelemetrySource({
      clock,
      exec: async (program) => {
        calls += 1;
        throw new Error(`${program} was killed at its deadline`);
      },
      platform: 'darwin',
      ollama: 'http://127.0.0.1:9',
      hold: () => new Promise(() => {}),
      bootId: async () => 'boot-1',
    });
    expect((await source.read(signal)).problems).toEqual(['ioreg: ioreg was killed at its deadline']);
    expect((await source.read(signal)).gpus).toEqual([]);
    expect(calls).toBe(1);
    await clock.advance(2_000);
    await source.read(signal);
    expect(calls).toBe(2);
    source.close();
    await expect(
      readAppleGpus(async () => apple, signal).then((gpus) => gpus.map(({ name }) => name)),
    ).resolves.toEqual(['Apple M2']);
  });
});

describe('amdgpu in sysfs', () => {
  it('is told beside a missing nvidia-smi, without processes', async () => {
    const drmFolder = mkdtempSync(join(tmpdir(), 'pilotlight-drm-'));
    const device = join(drmFolder, 'card0', 'device');
    mkdirSync(device, { recursive: true });
    writeFileSync(join(device, 'mem_info_vram_total'), '17163091968\n');
    writeFileSync(join(device, 'mem_info_vram_used'), '1202913280\n');
    // The driver says this while the card is off to save power.
    writeFileSync(join(device, 'gpu_busy_percent'), '');
    const source = openTelemetrySource({
      clock: createFakeClock(),
      exec: async () => '',
      platform: 'linux',
      ollama: 'http://127.0.0.1:9',
      hold: () => new Promise(() => {}),
      bootId: async () => 'boot-1',
      drmFolder,
      nvidiaSmi: '/nonexistent/nvidia-smi',
    });
    try {
      const { gpus, problems } = await source.read(signal);
      expect(problems).toEqual([]);
      expect(gpus).toMatchObject([
        {
          vendor: 'amd',
          vramUsedBytes: 1_202_913_280,
          utilisationPercent: null,
          powerWatts: null,
          processes: [],
        },
      ]);
    } finally {
      source.close();
      rmSync(drmFolder, { recursive: true, force: true });
    }
  });
});

describe('what else is read', () => {
  it('of Ollama: whether it found a GPU when it started last', () => {
    const line = (library: string) =>
      `time=2026 level=INFO source=types.go msg="inference compute" id=0 library=${library}`;
    expect(gpuFoundInLog(`${line('CUDA')}\nother\n${line('cpu')}`)).toBe(false);
    expect(gpuFoundInLog(`${line('cpu')}\nother\n${line('rocm')}\n${line('cpu')}`)).toBe(true);
    expect(gpuFoundInLog('level=INFO msg="no compatible GPUs were discovered"')).toBe(false);
    // What an earlier process found says nothing about one that has only just started.
    const listening = 'level=INFO source=routes.go:2008 msg="Listening on 127.0.0.1:11434 (version 0.33.0)"';
    expect(gpuFoundInLog(`${line('CUDA')}\n${listening}`)).toBeNull();
    expect(gpuFoundInLog(`${line('CUDA')}\n${listening}\n${line('cpu')}`)).toBe(false);
    expect(gpuUsedByModels({ models: [{ size_vram: 0 }, { size_vram: 5 }] })).toBe(true);
    for (const body of [null, {}, { models: [] }, { models: [null, { size_vram: 0 }] }, 'text'])
      expect(gpuUsedByModels(body)).toBeNull();
  });

  it('of memory and network adapters, with what is missing as unknown', () => {
    const meminfo = 'MemTotal: 100 kB\nMemAvailable:   40 kB\nSwapTotal:  20 kB\nSwapFree:   5 kB\n';
    expect(parseSwap(meminfo)).toEqual({ totalBytes: 20 * 1024, usedBytes: 15 * 1024 });
    expect(parseAvailable(meminfo)).toBe(40 * 1024);
    expect(parseSwap('MemTotal: 100 kB\n')).toBeNull();
    expect(parseAvailable('')).toBeNull();
    const adapters =
      '[{"Name":"Ethernet","WakeOnMagicPacket":"Enabled"},{"Name":"WLAN","WakeOnMagicPacket":1},{"Name":"x"},null]';
    expect([...parseNetAdapters(adapters)]).toEqual([
      ['Ethernet', true],
      ['WLAN', false],
      ['x', null],
    ]);
    expect([...parseNetAdapters('{"Name":"Ethernet","WakeOnMagicPacket":2}')]).toEqual([['Ethernet', true]]);
    expect(parseNetAdapters('Get-NetAdapterPowerManagement : Access is denied.').size).toBe(0);
  });
});
