/**
 * A hundred machines at work with an hour behind them: the longest task of the main thread for each telemetry
 * frame, and for each new bucket of the charts. The 95th percentile counts, so that a hiccup of a shared machine
 * is not the panel's; the longest is told beside it.
 */
import type { Browser, Page } from '@playwright/test';
import { model, node } from '../e2e/support/scenes.ts';
import { atMost, type BenchmarkContext, type BenchmarkResult } from './benchmark.ts';
import { launchChromium, longestTasks, percentile, round, taskCategories } from './browser.ts';
import { type PanelWorld, sampleOf, servePanel, shiftableClock, shiftClock } from './panel-world.ts';

const nodeCount = 100;
const frames = 40;
const frameEveryMs = 250;
const buckets = 10;
const bucketMs = 30_000;
/** The panel's clock ticks once a second. */
const tickMs = 1000;
const hourMs = 3_600_000;
/** For what comes before the measure, on a busy machine. */
const patienceMs = 120_000;

const nodes = Array.from({ length: nodeCount }, (_, index) =>
  node(`rack-${index + 1}`, 'gpu-verified', {
    loaded: [model('llama3.1:8b'), model(`model-${index % 9}:7b`)],
    vram: { totalBytes: 24e9, source: 'tools' },
  }),
);

const wait = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

function pushSamples(world: PanelWorld, at: number): void {
  world.push(
    'telemetry',
    nodes.map((one) => [one.id, sampleOf(one, at)]),
  );
}

async function traced(browser: Browser, page: Page, work: () => Promise<void>): Promise<Buffer> {
  await browser.startTracing(page, { categories: taskCategories });
  await work();
  return browser.stopTracing();
}

async function run({ note, signal }: BenchmarkContext): Promise<BenchmarkResult[]> {
  const began = Date.now();
  const seeded = Math.floor(began / bucketMs) * bucketMs - bucketMs;
  const world = await servePanel({
    nodes,
    // Every second of the last hour but the newest minute, as the core keeps it.
    history: (nodeId) => {
      const of = nodes.find((one) => one.id === nodeId);
      if (!of) return [];
      const count = (hourMs - 60_000) / 2000;
      return Array.from({ length: count }, (_, index) => sampleOf(of, seeded - (count - index) * 2000));
    },
  });
  const browser = await launchChromium(note);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(patienceMs);
    await shiftableClock(page);
    await page.goto(world.url);
    await page
      .getByRole('article')
      .nth(nodeCount - 1)
      .waitFor();
    await page.locator('.recharts-surface').first().waitFor();
    // Machines whose hour is not fetched get it from the stream.
    for (let at = began - hourMs; at < began; at += bucketMs) pushSamples(world, at);
    // The page has taken them all when it shows the last one.
    const last = nodes.map((one) => sampleOf(one, Date.now()));
    for (const gpu of last.flatMap((sample) => sample.gpus)) gpu.utilisationPercent = 1;
    world.push(
      'telemetry',
      last.map((sample) => [sample.nodeId, sample]),
    );
    await page
      .getByRole('img', { name: /^GPU over.* now 1%$/ })
      .first()
      .waitFor();
    await page.evaluate(() => new Promise((idle) => requestIdleCallback(idle)));

    const perFrame = longestTasks(
      await traced(browser, page, async () => {
        for (let index = 0; index < frames; index += 1) {
          pushSamples(world, Date.now());
          await wait(frameEveryMs, signal);
        }
      }),
      frameEveryMs,
    );
    const perBucket = longestTasks(
      await traced(browser, page, async () => {
        for (let index = 1; index <= buckets; index += 1) {
          const shift = index * bucketMs;
          await shiftClock(page, shift);
          pushSamples(world, Date.now() + shift);
          await wait(tickMs, signal);
        }
      }),
      tickMs,
    );
    note(`longest: ${round(Math.max(...perFrame))} ms a frame, ${round(Math.max(...perBucket))} ms a bucket`);
    return [
      atMost('frame', round(percentile(perFrame, 0.95)), 'ms', 16),
      atMost('frame-bucket', round(percentile(perBucket, 0.95)), 'ms', 50),
    ];
  } finally {
    await browser.close();
    await world.close();
  }
}

export const benchmarks = [{ names: ['frame', 'frame-bucket'], run }];
