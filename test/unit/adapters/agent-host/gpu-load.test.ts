import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadOf, readGpuLoad } from '../../../../electron/adapters/agent-host/gpu-load.ts';
import type { HostPlatform } from '../../../../electron/adapters/agent-host/types.ts';
import { execProgram } from '../../../../electron/adapters/hardware/exec.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createTool } from './tools.ts';

/** As recorded on an H100 with driver 580. */
const h100 = 'GPU-11111111-2222-3333-4444-555555555555, NVIDIA H100 80GB HBM3, 81559, 0, 0, 38, 72.67';
const busy = h100.replace(', 0, 38,', ', 97, 71,');
const prints = (text: string, code = 0) =>
  `process.stdout.write(${JSON.stringify(text)}); process.exitCode = ${code};`;
const hangs = 'setInterval(() => {}, 1000);';
const idleApu = { mem_info_vram_total: '536870912', gpu_busy_percent: '3' };

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-gpus-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
const card = (name: string, files: Record<string, string>) =>
  write(
    Object.fromEntries(Object.entries(files).map(([file, text]) => [`drm/${name}/device/${file}`, text])),
  );
/** As the bus shows it whatever its driver does. */
const nvidiaOnTheBus = { 'pci/0000:01:00.0/vendor': '0x10de\n', 'pci/0000:01:00.0/class': '0x030200\n' };

/** `tool` is what nvidia-smi, or ioreg, is played by; null where it is not installed. */
async function load(tool: string | null, platform: HostPlatform = 'linux') {
  using script = createTool(tool ?? '');
  return await readGpuLoad({
    clock: createFakeClock(),
    exec: (_program, args, options) =>
      execProgram(tool === null ? '/nonexistent/tool' : script.path, args, {
        ...options,
        deadlineMs: tool === hangs ? 200 : options.deadlineMs,
      }),
    platform,
    signal: new AbortController().signal,
    places: {
      drm: join(root, 'drm'),
      pci: join(root, 'pci'),
      nvidiaProc: join(root, 'nvidia'),
      boardIs: join(root, 'board'),
    },
  });
}

describe.skipIf(process.platform === 'win32')('whether a GPU is busy, on Linux', () => {
  it.each<[string, string | null, number | null]>([
    ['no GPU and no tool', null, null],
    ['an idle card', prints(`${h100}\n`), 0],
    ['a busy card', prints(`${busy}\n`), 97],
    ['two cards', prints(`${h100}\n${busy}\n`), 97],
    [
      'a warning beside the reading',
      prints(`${h100}\nWARNING: infoROM is corrupted at gpu 0000:01:00.0\n`),
      0,
    ],
    ['a tool without a card', prints('No devices were found\n', 6), null],
    ['a tool without a card that ends well', prints('No devices were found\n'), null],
  ])('is known: %s', async (_, tool, percent) => {
    expect(await load(tool)).toEqual({ percent, problem: null });
  });

  it('is read for every vendor: an idle GPU says nothing about the others', async () => {
    card('card1', { mem_info_vram_total: '17163091968', gpu_busy_percent: '88' });
    expect(await load(prints(`${h100}\n`))).toEqual({ percent: 88, problem: null });
    expect(await load(null)).toEqual({ percent: 88, problem: null });
    const { percent, problem } = await load(hangs);
    expect(percent).toBe(88);
    expect(problem).toContain('nvidia-smi did not answer in time');
  });

  it('counts a processor’s own graphics, however small its memory and whatever card is beside it', async () => {
    card('card0', { ...idleApu, gpu_busy_percent: '98' });
    expect(await load(null)).toEqual({ percent: 98, problem: null });
    expect(await load(prints(`${h100}\n`))).toEqual({ percent: 98, problem: null });
  });

  it.each<[string, string | null, string]>([
    ['is missing', null, 'This machine has an NVIDIA GPU, but nvidia-smi is not installed.'],
    ['sees no device', prints('No devices were found\n', 6), 'code 6: No devices were found'],
    ['sees no device and ends well', prints('No devices were found\n'), 'printed: No devices were found'],
  ])('is not known where nvidia-smi %s beside a card that is there', async (_, tool, problem) => {
    write(nvidiaOnTheBus);
    card('card0', idleApu);
    expect(await load(tool)).toEqual({ percent: 3, problem: expect.stringContaining(problem) });
  });

  it.each<[string, string, string]>([
    [
      'does not know a field',
      prints('Field "utilization.gpu" is not a valid field to query.\n\n', 2),
      'nvidia-smi failed with code 2: Field "utilization.gpu" is not a valid field to query.',
    ],
    [
      'finds no driver',
      prints("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", 9),
      "code 9: NVIDIA-SMI has failed because it couldn't communicate",
    ],
    ['fails without a word', prints('', 255), 'nvidia-smi failed with code 255.'],
    ['prints nothing', prints(''), 'nvidia-smi printed nothing.'],
    ['prints something else', prints('Unknown Error\n'), 'nvidia-smi printed: Unknown Error'],
    ['hangs', hangs, 'nvidia-smi did not answer in time and was stopped.'],
    [
      'cannot reach a second card',
      prints(`${h100}\nUnable to determine the device handle for GPU1: 0000:02:00.0: Unknown Error\n`),
      'Unable to determine the device handle',
    ],
    [
      'cannot reach a second card and fails',
      prints(`${h100}\nUnable to determine the device handle for GPU1: 0000:02:00.0: Unknown Error\n`, 15),
      'code 15: Unable to determine the device handle',
    ],
  ])('is not known where nvidia-smi %s', async (_, tool, problem) => {
    expect((await load(tool)).problem).toContain(problem);
  });

  it.each([
    '[N/A]',
    'N/A',
    '[Not Supported]',
    '[Requested functionality has been deprecated]',
    '[Unknown Error]',
  ])('is not known of a card whose utilisation is %s, though it is of another', async (word) => {
    const silent = h100.replace(', 0, 38,', `, ${word}, 38,`);
    expect(await load(prints(`${silent}\n`))).toEqual({
      percent: null,
      problem: 'NVIDIA H100 80GB HBM3: its driver does not report its load.',
    });
    expect(await load(prints(`${silent}\n${busy}\n`))).toMatchObject({
      percent: 97,
      problem: expect.stringContaining('does not report'),
    });
  });

  it('is not known of a card of AMD without a reading, nor of one whose driver gives none', async () => {
    card('card1', { mem_info_vram_total: '17163091968' });
    expect((await load(null)).problem).toBe('AMD GPU: its driver does not report its load.');
    rmSync(join(root, 'drm'), { recursive: true });
    write({ 'pci/0000:03:00.0/vendor': '0x1002\n', 'pci/0000:03:00.0/class': '0x030000\n' });
    // Without any driver nothing runs on it.
    expect(await load(null)).toEqual({ percent: null, problem: null });
    write({ 'pci/0000:03:00.0/driver/module': 'radeon' });
    expect((await load(null)).problem).toContain('The driver of the AMD GPU at 0000:03:00.0 does not report');
    write({ 'pci/0000:03:00.0/mem_info_vram_total': '17163091968' });
    card('card1', { mem_info_vram_total: '17163091968', gpu_busy_percent: '2' });
    expect(await load(null)).toEqual({ percent: 2, problem: null });
  });

  it.each(['', 'unknown\n', '-1'])('is not known of a card of AMD whose memory reads %j', async (memory) => {
    write({
      'pci/0000:03:00.0/vendor': '0x1002\n',
      'pci/0000:03:00.0/class': '0x120000\n',
      'pci/0000:03:00.0/driver/module': 'amdgpu',
      'pci/0000:03:00.0/mem_info_vram_total': memory,
    });
    card('card1', { mem_info_vram_total: memory, gpu_busy_percent: '2' });
    expect((await load(null)).problem).toContain('The driver of the AMD GPU at 0000:03:00.0 does not report');
  });

  it('is not known of a card of AMD that is on the bus and not among the cards', async () => {
    for (const address of ['0000:03:00.0', '0000:04:00.0'])
      write({
        [`pci/${address}/vendor`]: '0x1002\n',
        [`pci/${address}/class`]: '0x030000\n',
        [`pci/${address}/driver/module`]: 'amdgpu',
        [`pci/${address}/mem_info_vram_total`]: '17163091968',
      });
    card('card1', { mem_info_vram_total: '17163091968', gpu_busy_percent: '2' });
    expect(await load(null)).toEqual({ percent: 2, problem: 'An AMD GPU cannot be read.' });
  });

  it('is not known of a card of Intel; a processor’s own graphics of it only show pictures', async () => {
    const intel = (address: string) =>
      write({
        [`pci/${address}/vendor`]: '0x8086\n',
        [`pci/${address}/class`]: '0x030000\n',
        [`pci/${address}/driver/module`]: 'xe',
      });
    intel('0000:00:02.0');
    expect(await load(null)).toEqual({ percent: null, problem: null });
    intel('0000:03:00.0');
    expect((await load(null)).problem).toBe('The load of the Intel GPU at 0000:03:00.0 cannot be read.');
  });

  it('is not known where the devices of the bus cannot be read', async () => {
    write({ pci: 'no folder' });
    expect((await load(null)).problem).toContain('Cannot tell which GPUs are installed.');
  });
});

describe.skipIf(process.platform === 'win32')('whether a GPU is busy, on a Mac', () => {
  const m2 = `+-o AGXAcceleratorG14G  <class AGXAcceleratorG14G, id 0x100000427>
    {
      "model" = "Apple M2"
      "PerformanceStatistics" = {"Device Utilization %"=7,"In use system memory"=456704000}
    }
`;
  it('is known by ioreg, and by nothing where that fails, hangs or lists none', async () => {
    expect(await load(prints(m2), 'darwin')).toEqual({ percent: 7, problem: null });
    expect((await load(prints(m2.replace('"Device Utilization %"=7,', '')), 'darwin')).problem).toContain(
      'Apple M2: its driver does not report its load.',
    );
    for (const tool of [null, hangs, prints(''), prints('error\n', 1)])
      expect(await load(tool, 'darwin')).toEqual({
        percent: null,
        problem: expect.stringContaining('ioreg'),
      });
  });
});

describe.skipIf(process.platform === 'win32')('whether a GPU is busy, on Windows', () => {
  const counted = (percent: number) =>
    JSON.stringify({
      cards: [{ name: 'AMD Radeon RX 7800 XT' }],
      memory: [{ name: 'luid_0x00000000_0x0000d3f1_phys_0', used: 5_368_709_120 }],
      engines: [{ name: 'pid_4242_luid_0x00000000_0x0000d3f1_phys_0_eng_0_engtype_3D', percent }],
      processes: [],
    });

  async function loadOnWindows(counters: string, nvidia: string | null) {
    using script = createTool(counters);
    using tool = createTool(nvidia ?? '');
    const clock = createFakeClock();
    let answered = false;
    const reading = readGpuLoad({
      clock,
      exec: (_program, args, options) =>
        execProgram(nvidia === null ? '/nonexistent/tool' : tool.path, args, options),
      platform: 'win32',
      signal: new AbortController().signal,
      counters: [script.path],
    }).finally(() => {
      answered = true;
    });
    // A program that prints nothing is waited for as long as the clock runs.
    if (counters === hangs) await clock.advance(8000);
    const load = await reading;
    expect(answered).toBe(true);
    expect(clock.pending()).toBe(0);
    return load;
  }

  it('is known by the counters’ first line, beside an idle card of NVIDIA', async () => {
    const counters = `console.log(${JSON.stringify(counted(64))}); ${hangs}`;
    expect(await loadOnWindows(counters, null)).toEqual({ percent: 64, problem: null });
    expect(await loadOnWindows(counters, prints(`${h100}\n`))).toEqual({ percent: 64, problem: null });
    // The counters know every GPU: a tool that sees none of NVIDIA adds no doubt.
    expect(await loadOnWindows(counters, prints('No devices were found\n', 6))).toEqual({
      percent: 64,
      problem: null,
    });
  });

  it('is not known where they count nothing in time, or fail', async () => {
    expect((await loadOnWindows(hangs, prints(`${h100}\n`))).problem).toContain('have not been read yet');
    const failing = 'console.error("Get-CimInstance : Invalid class"); process.exit(1);';
    expect((await loadOnWindows(failing, null)).problem).toContain('Invalid class');
  });
});

describe('the load of several vendors', () => {
  it('is that of the busiest, and the doubt of all', () => {
    const gpu = (name: string, utilisationPercent: number | null) => ({ name, utilisationPercent });
    expect(loadOf([])).toEqual({ percent: null, problem: null });
    expect(
      loadOf([
        { gpus: [gpu('a', 0), gpu('b', null)], problems: ['A tool hangs.'] },
        { gpus: [gpu('c', 40), gpu('b', null)], problems: [] },
      ]),
    ).toEqual({ percent: 40, problem: 'A tool hangs. b: its driver does not report its load.' });
  });
});
