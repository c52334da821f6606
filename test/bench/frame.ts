/**
 * A hundred machines in cards, and a thousand in rows, at work with an hour behind them: the longest task of the main thread for each telemetry
 * frame, and for each new bucket of the charts. The 95th percentile counts, so that a hiccup of a shared machine
 * is not the panel's; the longest is told beside it.
 */
import type { Browser, Page } from '@playwright/test';
import { model, node } from '../e2e/support/scenes.ts';
import { atMost, type BenchmarkContext, type BenchmarkResult } from './benchmark.ts';
import { launchChromium, longestTasks, percentile, round, taskCategories } from './browser.ts';
import { type PanelWorld, sampleOf, servePanel, shiftableClock, shiftClock } from './panel-world.ts';

const frames = 40;
const frameEveryMs = 250;
const buckets = 10;
const bucketMs = 30_000;
/** The panel's clock ticks once a second. */
const tickMs = 1000;
const hourMs = 3_600_000;
/** For what comes before the measure, on a busy machine. */
const patienceMs = 120_000;

const rack = (count: number) =>
  Array.from({ length: count }, (_, index) =>
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

function pushSamples(world: PanelWorld, nodes: ReturnType<typeof rack>, at: number): void {
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

interface Fleet {
  count: number;
  view: 'cards' | 'rows';
  names: { frame: string; bucket: string };
}

async function run(
  { count, view, names }: Fleet,
  { note, signal }: BenchmarkContext,
): Promise<BenchmarkResult[]> {
  const nodes = rack(count);
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
    if (view === 'cards') await page.getByRole('button', { name: 'Cards', exact: true }).click();
    await (view === 'cards'
      ? page.getByRole('article').nth(count - 1)
      : page.getByRole('row', { name: /^rack-5:/ })
    ).waitFor();
    await page.locator('.recharts-surface').first().waitFor();
    // Machines whose hour is not fetched get it from the stream.
    for (let at = began - hourMs; at < began; at += bucketMs) pushSamples(world, nodes, at);
    // The page has taken them all when it shows the last one.
    const last = nodes.map((one) => sampleOf(one, Date.now()));
    for (const gpu of last.flatMap((sample) => sample.gpus)) gpu.utilisationPercent = 1;
    world.push(
      'telemetry',
      last.map((sample) => [sample.nodeId, sample]),
    );
    await (view === 'cards'
      ? page.getByRole('img', { name: /^GPU over.* now 1%$/ }).first()
      : page.getByRole('row', { name: /^rack-5:/ }).getByText('1%', { exact: true })
    ).waitFor();
    await page.evaluate(() => new Promise((idle) => requestIdleCallback(idle)));

    const perFrame = longestTasks(
      await traced(browser, page, async () => {
        for (let index = 0; index < frames; index += 1) {
          pushSamples(world, nodes, Date.now());
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
          pushSamples(world, nodes, Date.now() + shift);
          await wait(tickMs, signal);
        }
      }),
      tickMs,
    );
    note(`longest: ${round(Math.max(...perFrame))} ms a frame, ${round(Math.max(...perBucket))} ms a bucket`);
    return [
      atMost(names.frame, round(percentile(perFrame, 0.95)), 'ms', 16),
      atMost(names.bucket, round(percentile(perBucket, 0.95)), 'ms', 50),
    ];
  } finally {
    await browser.close();
    await world.close();
  }
}

const cards: Fleet = { count: 100, view: 'cards', names: { frame: 'frame', bucket: 'frame-bucket' } };
const rows: Fleet = {
  count: 1000,
  view: 'rows',
  names: { frame: 'fleet-page-1000', bucket: 'fleet-page-1000-bucket' },
};

export const benchmarks = [cards, rows].map((fleet) => ({
  names: Object.values(fleet.names),
  run: (context: BenchmarkContext) => run(fleet, context),
}));
