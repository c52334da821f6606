import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAmdGpus } from '../../../../electron/adapters/hardware/amdgpu.ts';
import { type Exec, execProgram } from '../../../../electron/adapters/hardware/exec.ts';
import { mayHaveNvidia } from '../../../../electron/adapters/hardware/gpu-places.ts';
import { createHostReader } from '../../../../electron/adapters/hardware/host.ts';
import { createLocalHardware } from '../../../../electron/adapters/hardware/local-hardware.ts';
import { parseNvidiaSmi } from '../../../../electron/adapters/hardware/nvidia.ts';

const MIB = 1024 ** 2;
const placesUnder = (root: string) => ({
  drm: join(root, 'drm'),
  pci: join(root, 'pci'),
  nvidiaProc: join(root, 'nvidia'),
  boardIs: join(root, 'board'),
});
const never = () => new AbortController().signal;
const oneCard = 'GPU-1a2b, NVIDIA GeForce RTX 4090, 24564, 1312, 7, 41, 28.35\n';

describe('nvidia-smi', () => {
  it('tells each GPU', () => {
    expect(parseNvidiaSmi(oneCard)).toEqual([
      {
        id: 'GPU-1a2b',
        vendor: 'nvidia',
        name: 'NVIDIA GeForce RTX 4090',
        vramTotalBytes: 24564 * MIB,
        vramUsedBytes: 1312 * MIB,
        utilisationPercent: 7,
        temperatureCelsius: 41,
        powerWatts: 28.35,
      },
    ]);
    const two = parseNvidiaSmi(`${oneCard.trim()}\r\nGPU-2, NVIDIA T4, 15360, 0, 0, 35, 9.10\r\n`);
    expect(two.map((gpu) => [gpu.id, gpu.vramUsedBytes])).toEqual([
      ['GPU-1a2b', 1312 * MIB],
      ['GPU-2', 0],
    ]);
  });

  it('takes what the driver does not say as unknown', () => {
    const [gpu] = parseNvidiaSmi('GPU-1, NVIDIA GB10, [N/A], [N/A], [Not Supported], 50, [Unknown Error]');
    expect(gpu).toMatchObject({
      vramTotalBytes: null,
      vramUsedBytes: null,
      utilisationPercent: null,
      temperatureCelsius: 50,
      powerWatts: null,
    });
    expect(parseNvidiaSmi('GPU-1, Card, N/A, 12, 0, 1, N/A')[0]).toMatchObject({
      vramTotalBytes: null,
      powerWatts: null,
    });
  });

  it('keeps a comma that belongs to the name', () => {
    expect(parseNvidiaSmi('GPU-1, Card, rev. B, 100, 10, 0, 1, 2')[0]?.name).toBe('Card, rev. B');
  });

  it.each([
    '',
    '\n\n',
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest, newest, best NVIDIA driver is installed, and running, really.",
    'No devices were found',
    'Failed to initialize NVML: Driver/library version mismatch',
    'uuid, name, memory.total [MiB], memory.used [MiB], utilization.gpu [%], temperature.gpu, power.draw [W]',
    'GPU-1, Card, 100, 10',
    'GPU-1, Card, 100 MiB, 10 MiB, 0, 1, 2',
  ])('makes no GPU of %j', (output) => {
    expect(parseNvidiaSmi(output)).toEqual([]);
  });
});

describe('amdgpu', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'pilotlight-drm-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function card(name: string, files: Record<string, string>) {
    for (const [path, text] of Object.entries(files)) {
      const full = join(root, name, 'device', path);
      await mkdir(join(full, '..'), { recursive: true });
      await writeFile(full, text);
    }
  }

  it('tells VRAM, load, heat and power of each card', async () => {
    await card('card1', {
      mem_info_vram_total: '17163091968\n',
      mem_info_vram_used: '1202913280\n',
      gpu_busy_percent: '37\n',
      unique_id: '1f2e3d\n',
      'hwmon/hwmon4/temp1_input': '52000\n',
      'hwmon/hwmon4/power1_average': '87000000\n',
    });
    await card('card1-DP-1', { mem_info_vram_total: '17163091968\n' });
    expect(await readAmdGpus(root)).toEqual([
      {
        id: '1f2e3d',
        vendor: 'amd',
        name: 'AMD GPU',
        vramTotalBytes: 17163091968,
        vramUsedBytes: 1202913280,
        utilisationPercent: 37,
        temperatureCelsius: 52,
        powerWatts: 87,
      },
    ]);
  });

  it('leaves out other drivers, and takes what is missing as unknown', async () => {
    await card('card0', { vendor: '0x8086\n' });
    await card('card2', { mem_info_vram_total: '8589934592\n', mem_info_vram_used: 'nonsense' });
    expect(await readAmdGpus(root)).toMatchObject([
      { id: 'card2', vramUsedBytes: null, temperatureCelsius: null },
    ]);
    expect(await readAmdGpus(join(root, 'not-there'))).toEqual([]);
  });

  it('reads the memory of a processor’s own graphics where its models lie', async () => {
    await card('card0', {
      mem_info_vram_total: '536870912\n',
      mem_info_vram_used: '155189248\n',
      mem_info_gtt_total: '133143986176\n',
      mem_info_gtt_used: '70000000000\n',
      gpu_busy_percent: '98\n',
      'hwmon/hwmon2/name': 'amdgpu\n',
      'hwmon/hwmon2/temp1_input': '60000\n',
      'hwmon/hwmon2/power1_input': '80000000\n',
    });
    await card('card1', { mem_info_vram_total: '268435456\n', mem_info_vram_used: '1\n' });
    expect(await readAmdGpus(root)).toEqual([
      {
        id: 'card0',
        vendor: 'amd',
        name: 'AMD GPU',
        vramTotalBytes: 133_143_986_176,
        vramUsedBytes: 70_000_000_000,
        utilisationPercent: 98,
        temperatureCelsius: 60,
        powerWatts: 80,
        integrated: true,
      },
      expect.objectContaining({ id: 'card1', vramTotalBytes: null, vramUsedBytes: null }),
    ]);
  });

  it.each<[string, Record<string, string>, { powerWatts: number | null; temperatureCelsius: number | null }]>(
    [
      [
        'the momentary power where the kernel gives no average',
        { power1_input: '33190000\n', power1_label: 'PPT\n', temp1_input: '48000\n' },
        { powerWatts: 33.19, temperatureCelsius: 48 },
      ],
      [
        'the average where it gives both',
        { power1_input: '99000000\n', power1_average: '90000000\n' },
        { powerWatts: 90, temperatureCelsius: null },
      ],
      [
        'the junction of a card without a sensor at its edge',
        { temp2_input: '43000\n', temp2_label: 'junction\n', temp3_input: '37000\n', temp3_label: 'mem\n' },
        { powerWatts: null, temperatureCelsius: 43 },
      ],
    ],
  )('takes %s', async (_, sensors, expected) => {
    const files = Object.entries(sensors).map(([name, text]) => [`hwmon/hwmon2/${name}`, text]);
    await card('card0', { mem_info_vram_total: '8589934592\n', ...Object.fromEntries(files) });
    expect(await readAmdGpus(root)).toMatchObject([expected]);
  });

  it('takes a card that is off to save power as idle, and any other silent one as unknown', async () => {
    const vram = { mem_info_vram_total: '8589934592\n' };
    await card('card0', { ...vram, gpu_busy_percent: '', 'power/runtime_status': 'suspended\n' });
    await card('card1', { ...vram, gpu_busy_percent: '', 'power/runtime_status': 'active\n' });
    await card('card2', vram);
    expect((await readAmdGpus(root)).map(({ utilisationPercent }) => utilisationPercent)).toEqual([
      0,
      null,
      null,
    ]);
  });
});

describe('signs of a GPU of NVIDIA', () => {
  const write = async (root: string, files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), text);
    }
  };
  it.each<[string, Record<string, string>, boolean]>([
    ['an empty machine', {}, false],
    ['a card that a driver has taken', { 'drm/card0/device/vendor': '0x10de\n' }, true],
    ['a card of another vendor', { 'drm/card0/device/vendor': '0x1002\n' }, false],
    ['its picture output alone is no card', { 'drm/card0-DP-1/device/vendor': '0x10de\n' }, false],
    [
      'one on the bus without a driver',
      { 'pci/0000:01:00.0/vendor': '0x10de\n', 'pci/0000:01:00.0/class': '0x030200\n' },
      true,
    ],
    [
      'the sound of a card',
      { 'pci/0000:01:00.1/vendor': '0x10de\n', 'pci/0000:01:00.1/class': '0x040300\n' },
      false,
    ],
    ['a GPU that its driver has taken', { 'nvidia/0000:01:00.0/information': 'Model: x\n' }, true],
    ['a board with one built in', { board: 'nvidia,p3737\u0000nvidia,tegra234\u0000' }, true],
  ])('%s', async (_, files, expected) => {
    const root = await mkdtemp(join(tmpdir(), 'pilotlight-places-'));
    try {
      await write(root, files);
      const places = placesUnder(root);
      expect(await mayHaveNvidia(places)).toBe(expected);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  it('a place that cannot be read may hide one', async () => {
    const root = await mkdtemp(join(tmpdir(), 'pilotlight-places-'));
    try {
      await writeFile(join(root, 'pci'), 'not a folder');
      expect(await mayHaveNvidia(placesUnder(root))).toBe(true);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});

describe('the tools of this computer', () => {
  const missing = Object.assign(new Error('spawn nvidia-smi ENOENT'), { code: 'ENOENT' });
  const hardwareWith = (exec: Exec, time = { now: 0 }, root = '/nonexistent') =>
    createLocalHardware({ exec, places: placesUnder(root), monotonic: () => time.now });

  it('are asked without a shell and with a deadline', async () => {
    const calls: unknown[] = [];
    const hardware = hardwareWith(async (file, args, options) => {
      calls.push([file, args, options.deadlineMs]);
      return oneCard;
    });
    expect(await hardware.readGpus(never())).toHaveLength(1);
    expect(calls).toEqual([
      [
        'nvidia-smi',
        [
          '--query-gpu=uuid,name,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw',
          '--format=csv,noheader,nounits',
        ],
        4000,
      ],
    ]);
  });

  it('are not tried again and again where they are missing', async () => {
    let calls = 0;
    const time = { now: 0 };
    const hardware = hardwareWith(async () => {
      calls += 1;
      throw missing;
    }, time);
    expect(await hardware.readGpus(never())).toEqual([]);
    expect(await hardware.readGpus(never())).toEqual([]);
    expect(calls).toBe(1);
    time.now = 301_000;
    await hardware.readGpus(never());
    expect(calls).toBe(2);
  });

  it('are tried again soon after they failed', async () => {
    const time = { now: 0 };
    let broken = true;
    const hardware = hardwareWith(async () => {
      if (broken) throw Object.assign(new Error('Command failed'), { code: 9, stdout: 'No driver.\n' });
      return oneCard;
    }, time);
    // A tool that failed is no "there is none", not even until it is tried again.
    const failure = 'nvidia-smi failed with code 9: No driver.';
    await expect(hardware.readGpus(never())).rejects.toThrow(failure);
    broken = false;
    await expect(hardware.readGpus(never())).rejects.toThrow(failure);
    time.now = 21_000;
    expect(await hardware.readGpus(never())).toHaveLength(1);
  });

  it('that are missing beside a GPU that is there are no "there is none"', async () => {
    const root = await mkdtemp(join(tmpdir(), 'pilotlight-places-'));
    try {
      await mkdir(join(root, 'nvidia', '0000:01:00.0'), { recursive: true });
      const hardware = hardwareWith(async () => Promise.reject(missing), { now: 0 }, root);
      await expect(hardware.readGpus(never())).rejects.toThrow('nvidia-smi is not installed');
      // A processor's own graphics are not what models go to there.
      await mkdir(join(root, 'drm/card1/device'), { recursive: true });
      await writeFile(join(root, 'drm/card1/device/mem_info_vram_total'), '536870912');
      await expect(hardware.readGpus(never())).rejects.toThrow('nvidia-smi is not installed');
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  it('end with the caller', async () => {
    const controller = new AbortController();
    const hardware = hardwareWith((_file, _args, { signal }) => {
      const { promise, reject } = Promise.withResolvers<string>();
      signal.addEventListener('abort', () => reject(signal.reason));
      return promise;
    });
    const reading = hardware.readGpus(controller.signal);
    controller.abort(new Error('stop'));
    await expect(reading).rejects.toThrow('stop');
  });

  it('a program that hangs is killed at its deadline, one that is missing says so', async () => {
    const hang = execProgram(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      deadlineMs: 200,
      signal: never(),
    });
    await expect(hang).rejects.toMatchObject({ killed: true, signal: 'SIGKILL' });
    await expect(
      execProgram('no-such-program-here', [], { deadlineMs: 1000, signal: never() }),
    ).rejects.toMatchObject({ code: 'ENOENT' });
    const echo = execProgram(process.execPath, ['-e', 'console.log(process.argv[1])', '$(whoami); `id`'], {
      deadlineMs: 10_000,
      signal: never(),
    });
    expect(await echo).toBe('$(whoami); `id`\n');
  });
});

describe('the load of this computer', () => {
  it('is the share of processor time since the last look, and the memory that is taken', () => {
    let idle = 1000;
    let busy = 1000;
    const read = createHostReader({
      cpus: () => [{ times: { user: busy, nice: 0, sys: 0, idle, irq: 0 } }],
      totalmem: () => 100,
      freemem: () => 30,
    });
    expect(read()).toEqual({ cpuPercent: null, memoryTotalBytes: 100, memoryUsedBytes: 70 });
    idle += 750;
    busy += 250;
    expect(read().cpuPercent).toBe(25);
    busy += 100;
    expect(read().cpuPercent).toBe(25);
    busy += 900;
    expect(read().cpuPercent).toBe(100);
  });

  it('is read from this machine', () => {
    const { memoryTotalBytes, memoryUsedBytes } = createLocalHardware().readHost();
    expect(memoryTotalBytes).toBeGreaterThan(0);
    expect(memoryUsedBytes).toBeGreaterThan(0);
    expect(memoryUsedBytes).toBeLessThanOrEqual(memoryTotalBytes);
  });
});
