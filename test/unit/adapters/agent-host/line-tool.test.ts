import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLineTool } from '../../../../electron/adapters/agent-host/line-tool.ts';
import { openNvidiaStream } from '../../../../electron/adapters/agent-host/nvidia-stream.ts';
import { openTelemetrySource } from '../../../../electron/adapters/agent-host/telemetry-source.ts';
import type { AgentSample } from '../../../../electron/adapters/agent-host/types.ts';
import { isAlive } from '../../../fakes/alive.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createTool, createWatch } from './tools.ts';

const MIB = 1024 ** 2;
const gpuLines = [
  'GPU-1a2b, NVIDIA GeForce RTX 4090, 24564, 18211, 97, 71, 402.11',
  'GPU-3c4d, NVIDIA RTX A2000 12GB, 12288, [N/A], [Not Supported], 38, [N/A]',
];
const processLines = ['GPU-1a2b, 4711, /usr/local/bin/ollama, 17990', 'GPU-3c4d, 815, python3, [N/A]'];

/** Answers as the real one: one query for GPUs, another one for processes; both go on. */
const answering = `
const lines = process.argv.some((one) => one.startsWith('--query-gpu')) ? ${JSON.stringify(gpuLines)} : ${JSON.stringify(processLines)};
console.log(lines.join('\\n'));
setInterval(() => {}, 1000);`;
const failing = `
console.log("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.");
process.exit(9);`;

function openTool(program: string, silentMs: number | null = 10_000) {
  const clock = createFakeClock();
  const watch = createWatch();
  const lines: string[] = [];
  const tool = openLineTool({
    clock,
    command: [program],
    silentMs,
    onLine(line) {
      lines.push(line);
      watch.changed();
      return /^\d+$/.test(line);
    },
    onChange: watch.changed,
  });
  return { clock, tool, lines, until: watch.until };
}

describe.skipIf(process.platform === 'win32')('a tool that goes on', () => {
  it('is killed when it hangs, which is told, and started again', async () => {
    using script = createTool('console.log(process.pid); setInterval(() => {}, 1000);');
    const { clock, tool, lines, until } = openTool(script.path);
    try {
      await until(() => lines.length === 1);
      const pid = Number(lines[0]);
      await clock.advance(9_999);
      expect(tool.problem()).toBeNull();
      expect(isAlive(pid)).toBe(true);
      await clock.advance(1);
      expect(tool.problem()).toBe(`${script.path} hangs and was stopped.`);
      // Its end plans the next start; the tool of before is gone then.
      while (clock.pending() === 0) await clock.flush();
      expect(isAlive(pid)).toBe(false);
      await clock.advance(2_000);
      await until(() => lines.length === 2);
      expect(Number(lines[1])).not.toBe(pid);
      expect(tool.problem()).toBeNull();
    } finally {
      tool.close();
    }
  });

  it('that fails says so in its own words, and is tried again more and more seldom', async () => {
    using script = createTool(failing);
    const { clock, tool, lines, until } = openTool(script.path, null);
    const planned = async () => {
      while (clock.pending() === 0) await clock.flush();
    };
    try {
      await until(() => tool.problem() !== null);
      expect(tool.problem()).toBe(
        `${script.path} ended with code 9: NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.`,
      );
      expect(tool.present()).toBe(true);
      for (const [index, wait] of [2_000, 4_000, 8_000].entries()) {
        await planned();
        await clock.advance(wait - 1);
        expect(lines).toHaveLength(index + 1);
        await clock.advance(1);
        await until(() => lines.length === index + 2);
      }
    } finally {
      tool.close();
    }
    expect(clock.pending()).toBe(0);
  });

  it('that works again is a problem no longer', async () => {
    using script = createTool(
      `if (require('node:fs').existsSync(__dirname + '/mended')) { console.log(process.pid); setInterval(() => {}, 1000); } else process.exit(1);`,
    );
    const { clock, tool, lines, until } = openTool(script.path);
    try {
      await until(() => tool.problem() !== null);
      writeFileSync(join(script.folder, 'mended'), '');
      await clock.advance(2_000);
      await until(() => lines.length === 1 && tool.problem() === null);
      expect(tool.problem()).toBeNull();
    } finally {
      tool.close();
    }
  });

  it('that is not there is no problem, and looked for seldom', async () => {
    const { clock, tool, until } = openTool('/nonexistent/nvidia-smi');
    await until(() => tool.present() === false);
    expect(tool.problem()).toBeNull();
    await clock.advance(299_999);
    expect(clock.pending()).toBe(1);
    tool.close();
    expect(clock.pending()).toBe(0);
  });
});

describe.skipIf(process.platform === 'win32')('nvidia-smi that goes on', () => {
  it('tells two GPUs and the processes of each, what the driver leaves out as unknown', async () => {
    using script = createTool(answering);
    const watch = createWatch();
    const clock = createFakeClock();
    const stream = openNvidiaStream({ clock, program: script.path, onChange: watch.changed });
    try {
      await watch.until(() => stream.read().filter(({ processes }) => processes.length === 1).length === 2);
      expect(stream.read()).toEqual([
        {
          id: 'GPU-1a2b',
          vendor: 'nvidia',
          name: 'NVIDIA GeForce RTX 4090',
          vramTotalBytes: 24564 * MIB,
          vramUsedBytes: 18211 * MIB,
          utilisationPercent: 97,
          temperatureCelsius: 71,
          powerWatts: 402.11,
          processes: [{ pid: 4711, name: '/usr/local/bin/ollama', vramUsedBytes: 17990 * MIB }],
        },
        {
          id: 'GPU-3c4d',
          vendor: 'nvidia',
          name: 'NVIDIA RTX A2000 12GB',
          vramTotalBytes: 12288 * MIB,
          vramUsedBytes: null,
          utilisationPercent: null,
          temperatureCelsius: 38,
          powerWatts: null,
          processes: [{ pid: 815, name: 'python3', vramUsedBytes: null }],
        },
      ]);
      // What is not told again is gone.
      await clock.advance(2_600);
      expect(stream.read()).toEqual([]);
    } finally {
      stream.close();
    }
  });

  it('that fails stands in the sample as a sentence, beside what else is known', async () => {
    using script = createTool(failing);
    const source = openTelemetrySource({
      clock: createFakeClock(),
      exec: async () => {
        throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
      },
      platform: 'linux',
      ollama: 'http://127.0.0.1:9',
      hold: () => new Promise(() => {}),
      bootId: async () => 'boot-1',
      drmFolder: '/nonexistent/drm',
      nvidiaSmi: script.path,
    });
    const { signal } = new AbortController();
    try {
      let { problems, gpus, host } = await source.read(signal);
      while (problems.length === 0) ({ problems, gpus, host } = await source.read(signal));
      expect(problems).toEqual([expect.stringContaining('NVIDIA-SMI has failed')]);
      expect(gpus).toEqual([]);
      expect(host.memoryTotalBytes).toBeGreaterThan(0);
    } finally {
      source.close();
    }
  });
});

describe.skipIf(process.platform === 'win32')('what a sample says of GPUs that it did not read', () => {
  const { signal } = new AbortController();
  const prints = (text: string, code: number) =>
    `process.stdout.write(${JSON.stringify(text)}); process.exitCode = ${code};`;

  /** Its system folders are empty, unless a test puts something in them. */
  function openSource(program: string | null) {
    const root = mkdtempSync(join(tmpdir(), 'pilotlight-places-'));
    const clock = createFakeClock();
    const source = openTelemetrySource({
      clock,
      exec: async () => '',
      platform: 'linux',
      ollama: 'http://127.0.0.1:9',
      hold: () => new Promise(() => {}),
      bootId: async () => 'boot-1',
      places: {
        drm: join(root, 'drm'),
        pci: join(root, 'pci'),
        nvidiaProc: join(root, 'nvidia'),
        boardIs: join(root, 'board'),
      },
      nvidiaSmi: program ?? '/nonexistent/nvidia-smi',
    });
    return {
      clock,
      source,
      write(path: string, text: string) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      },
      [Symbol.dispose]() {
        source.close();
        rmSync(root, { recursive: true, force: true });
      },
    };
  }

  it('nothing is missing in the first one: it waits for the first line', async () => {
    using script = createTool(`
const { existsSync } = require('node:fs');
const timer = setInterval(() => {
  if (!existsSync(__dirname + '/warm')) return;
  clearInterval(timer);
  console.log(${JSON.stringify(gpuLines[0])});
  setInterval(() => {}, 1000);
}, 5);`);
    using world = openSource(script.path);
    let answered = false;
    const first = world.source.read(signal).finally(() => {
      answered = true;
    });
    await world.clock.advance(3_999);
    expect(answered).toBe(false);
    writeFileSync(join(script.folder, 'warm'), '');
    const { gpus, gpusRead, problems } = await first;
    expect(gpus.map(({ id }) => id)).toEqual(['GPU-1a2b']);
    expect({ gpusRead, problems }).toEqual({ gpusRead: 'all', problems: [] });
    expect(world.clock.pending()).toBe(1);
  });

  it('that it is not read yet, where no line comes in time, then that it hangs', async () => {
    using script = createTool('setInterval(() => {}, 1000);');
    using world = openSource(script.path);
    const first = world.source.read(signal);
    await world.clock.advance(4_000);
    const problem = `${script.path} has not printed anything yet.`;
    expect(await first).toMatchObject({ gpus: [], gpusRead: 'not-yet', problems: [problem] });
    // Who asks next is not kept waiting again.
    expect(await world.source.read(signal)).toMatchObject({ gpusRead: 'not-yet', problems: [problem] });
    await world.clock.advance(6_000);
    expect(await world.source.read(signal)).toMatchObject({
      gpus: [],
      gpusRead: 'failed',
      problems: [`${script.path} hangs and was stopped.`],
    });
  });

  it('that it has fallen silent, where the last reading is too old', async () => {
    using script = createTool(answering);
    using world = openSource(script.path);
    expect(await world.source.read(signal)).toMatchObject({ gpusRead: 'all', problems: [] });
    await world.clock.advance(2_600);
    expect(await world.source.read(signal)).toMatchObject({
      gpus: [],
      gpusRead: 'not-yet',
      problems: [`${script.path} has stopped printing.`],
    });
  });

  it.each<[string, string | null, boolean, Partial<AgentSample>]>([
    ['a missing tool without a card', null, false, { gpusRead: 'all', problems: [] }],
    [
      'a missing tool beside a card',
      null,
      true,
      { gpusRead: 'failed', problems: [expect.stringContaining('not installed')] },
    ],
    [
      'no device without a card',
      prints('No devices were found\n', 6),
      false,
      { gpusRead: 'all', problems: [] },
    ],
    [
      'no device beside a card',
      prints('No devices were found\n', 6),
      true,
      { gpusRead: 'failed', problems: [expect.stringContaining('No devices were found')] },
    ],
    [
      'an unknown field',
      prints('Field "nonsense" is not a valid field to query.\n\n', 2),
      false,
      {
        gpusRead: 'failed',
        problems: [expect.stringContaining('code 2: Field "nonsense" is not a valid field')],
      },
    ],
    [
      'an end without a word',
      prints('', 0),
      false,
      { gpusRead: 'failed', problems: [expect.stringContaining('ended with code 0')] },
    ],
  ])('with %s', async (_, tool, hasCard, expected) => {
    using script = createTool(tool ?? '');
    using world = openSource(tool === null ? null : script.path);
    if (hasCard) {
      world.write('pci/0000:01:00.0/vendor', '0x10de\n');
      world.write('pci/0000:01:00.0/class', '0x030200\n');
    }
    expect(await world.source.read(signal)).toMatchObject({ gpus: [], ...expected });
  });

  it('that a card of AMD has a driver that says nothing of it', async () => {
    using world = openSource(null);
    world.write('pci/0000:03:00.0/vendor', '0x1002\n');
    world.write('pci/0000:03:00.0/class', '0x030000\n');
    world.write('pci/0000:03:00.0/driver/module', 'radeon');
    expect(await world.source.read(signal)).toMatchObject({
      gpusRead: 'failed',
      problems: [expect.stringContaining('The driver of the AMD GPU at 0000:03:00.0')],
    });
  });

  it('that one of two cards cannot be reached', async () => {
    using script = createTool(`
console.log(${JSON.stringify(`Unable to determine the device handle for GPU1: 0000:02:00.0: Unknown Error\n${gpuLines[0]}`)});
setInterval(() => {}, 1000);`);
    using world = openSource(script.path);
    const { gpus, gpusRead, problems } = await world.source.read(signal);
    expect(gpus).toHaveLength(1);
    expect(gpusRead).toBe('failed');
    expect(problems).toEqual([expect.stringContaining('Unable to determine the device handle for GPU1')]);
  });

  it('that a processor’s own graphics are all there is, or nothing of them beside a card', async () => {
    using alone = openSource(null);
    alone.write('drm/card0/device/mem_info_vram_total', '536870912');
    alone.write('drm/card0/device/gpu_busy_percent', '98');
    expect((await alone.source.read(signal)).gpus).toMatchObject([
      { vendor: 'amd', utilisationPercent: 98, integrated: true },
    ]);
    using beside = openSource(null);
    beside.write('drm/card0/device/mem_info_vram_total', '536870912');
    beside.write('nvidia/0000:01:00.0/information', '');
    expect(await beside.source.read(signal)).toMatchObject({ gpus: [], gpusRead: 'failed' });
  });
});
