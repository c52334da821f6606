import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLineTool } from '../../../../electron/adapters/agent-host/line-tool.ts';
import { openNvidiaStream } from '../../../../electron/adapters/agent-host/nvidia-stream.ts';
import { openTelemetrySource } from '../../../../electron/adapters/agent-host/telemetry-source.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createTool, createWatch, lives } from './tools.ts';

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
      expect(lives(pid)).toBe(true);
      await clock.advance(1);
      expect(tool.problem()).toBe(`${script.path} hangs and was stopped.`);
      // Its end plans the next start; the tool of before is gone then.
      while (clock.pending() === 0) await clock.flush();
      expect(lives(pid)).toBe(false);
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
        `${script.path} ended (9): NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.`,
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
      bootId: async () => 'boot-1',
      broadcastOf: () => null,
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
