/**
 * What an open Fleet page costs: the processor time of the renderer over half a minute beside a real core with
 * five machines, and the heap after an hour of frames against after a minute of them, each after a collection;
 * the second hour beside it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, Page } from '@playwright/test';
import { startCoreProcess } from '../e2e/support/core.ts';
import { model, node } from '../e2e/support/scenes.ts';
import { atMost, type BenchmarkContext, type BenchmarkResult, reported } from './benchmark.ts';
import { launchChromium, round } from './browser.ts';
import { sampleOf, servePanel, shiftableClock, shiftClock } from './panel-world.ts';

const watchedSeconds = 30;
const frameMs = 2000;
const framesAMinute = 60_000 / frameMs;
const framesAnHour = 3_600_000 / frameMs;
const viewport = { width: 1280, height: 800 };

/** Processor time that the renderers have used since they began, seconds. */
async function rendererSeconds(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

async function processorShare(browser: Browser, signal: AbortSignal): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-idle-'));
  const core = await startCoreProcess(join(folder, 'data'), { simulate: true });
  const page = await browser.newPage({ viewport });
  try {
    await core.call('fleet.add', { name: 'attic', url: 'http://127.0.0.1:1' });
    await page.goto(core.url);
    await page.getByRole('article').nth(4).waitFor();
    await page
      .getByRole('img', { name: /^GPU over/ })
      .first()
      .waitFor();
    // What belongs to opening the page is done by then.
    await wait(3000, undefined, { signal });
    const began = performance.now();
    const before = await rendererSeconds(browser);
    await wait(watchedSeconds * 1000, undefined, { signal });
    const used = (await rendererSeconds(browser)) - before;
    return (used / ((performance.now() - began) / 1000)) * 100;
  } finally {
    await page.close();
    await core.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The engine keeps compiled code of hot functions in the same heap, 1.6 MB of it after an hour that takes a minute,
 * and drops it again when they cool: without it the heap holds what the page itself keeps.
 */
const withoutCompiledCode = ['--no-opt', '--no-maglev', '--no-sparkplug'];

async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

async function heapGrowth(
  browser: Browser,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<{ firstHour: number; secondHour: number }> {
  const nodes = Array.from({ length: 5 }, (_, index) =>
    node(`tower-${index + 1}`, 'gpu-verified', {
      loaded: [model('llama3.1:8b'), model(`model-${index}:7b`)],
    }),
  );
  const world = await servePanel({ nodes });
  const page = await browser.newPage({ viewport });
  const began = Date.now();

  async function send(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index += 1) {
      const shift = index * frameMs;
      if (index % 10 === 0) await shiftClock(page, shift);
      const at = began + shift;
      const rates = Object.fromEntries(nodes.map((one) => [one.id, 100 + (index % 17)]));
      world.push(
        'telemetry',
        nodes.map((one) => [one.id, sampleOf(one, at)]),
      );
      world.push('work', [['work', { at, vectorsPerSecondByNode: rates }]]);
      // Each machine is looked at every five seconds.
      const seen = nodes[index % nodes.length];
      if (seen) world.push('fleet', [[seen.id, { ...seen, lastSeenAt: at }]]);
      await wait(10, undefined, { signal });
    }
    await page.evaluate(() => new Promise((idle) => requestIdleCallback(idle)));
  }

  try {
    await shiftableClock(page);
    await page.goto(world.url);
    await page.getByRole('article').nth(4).waitFor();
    await send(0, framesAMinute);
    const afterMinute = await heapBytes(page);
    await send(framesAMinute, framesAnHour);
    const afterHour = await heapBytes(page);
    // The first hour fills the rings and compiles the code; a second one tells whether it ends there.
    await send(framesAnHour, 2 * framesAnHour);
    const afterTwo = await heapBytes(page);
    const [minute, hour, two] = [afterMinute, afterHour, afterTwo].map((bytes) => round(bytes / 1e6));
    note(`heap: ${minute} MB after a minute, ${hour} MB after an hour, ${two} MB after two`);
    return { firstHour: afterHour / afterMinute, secondHour: afterTwo / afterHour };
  } finally {
    await page.close();
    await world.close();
  }
}

async function run({ note, signal }: BenchmarkContext): Promise<BenchmarkResult[]> {
  const browser = await launchChromium(note);
  const interpreting = await launchChromium(note, { scriptFlags: withoutCompiledCode });
  try {
    const share = await processorShare(browser, signal);
    const growth = await heapGrowth(interpreting, signal, note);
    return [
      atMost('panel-idle', round(share, 2), '%', 2),
      atMost('panel-idle-heap', round(growth.firstHour, 2), '×', 1.2),
      reported('panel-idle-heap-2h', round(growth.secondHour, 2), '×'),
    ];
  } finally {
    await browser.close();
    await interpreting.close();
  }
}

export const benchmarks = [{ names: ['panel-idle', 'panel-idle-heap', 'panel-idle-heap-2h'], run }];
