/**
 * A key typed into the command palette over a thousand entries → its results: all tasks of the main thread from the
 * keydown until the frame with the results is made, in the thread's own time. The wait for the screen's beat and
 * other programs of a busy machine are not in it.
 */
import type { Page } from '@playwright/test';
import { model, node } from '../e2e/support/scenes.ts';
import { atMost, type BenchmarkContext, type BenchmarkResult } from './benchmark.ts';
import { launchChromium, percentile, round } from './browser.ts';
import { servePanel } from './panel-world.ts';

const queries = ['rack-42', 'llama wake', 'force gpu', 'zzz'];

/** A hundred machines with their models: more than a thousand things to open or do. */
const nodes = Array.from({ length: 100 }, (_, index) =>
  node(`rack-${index + 1}`, index % 2 === 0 ? 'gpu-verified' : 'off', {
    loaded: index % 2 === 0 ? Array.from({ length: 8 }, (_, at) => model(`model-${index}-${at}:7b`)) : [],
    installed: Array.from({ length: 4 }, (_, at) => ({
      name: `llama-${at}:${index}b`,
      digest: 'ab'.repeat(32),
      sizeBytes: 5e9,
      family: 'llama',
      parameterSize: '8B',
      quantization: 'Q4_K_M',
      capabilities: null,
      embeddingLength: null,
    })),
  }),
);

/** Resolves in the page when the key that is pressed next is typed, and the frame that shows it was made. */
const nextShown = (page: Page) =>
  page.evaluate(() => {
    const shown = new Promise<void>((resolve) => {
      addEventListener(
        'input',
        () =>
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => resolve();
            port2.postMessage(null);
          }),
        { once: true },
      );
    });
    Object.assign(globalThis, { shown });
  });

async function run({ note }: BenchmarkContext): Promise<BenchmarkResult[]> {
  const world = await servePanel({ nodes });
  const browser = await launchChromium(note);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(world.url);
    await page.getByRole('row', { name: /^rack-5\b/ }).waitFor();
    await page.keyboard.press('Control+K');
    const box = page.getByRole('combobox', { name: /^Find a page/ });
    await box.waitFor();
    const counted = await page
      .getByRole('dialog')
      .getByText(/results/)
      .first()
      .textContent();
    const entries = Number(/^([\d,.]+) results/.exec(counted ?? '')?.[1]?.replace(/\D/g, '') ?? 0);
    if (entries < 1000) throw new Error(`The palette holds ${entries} entries, fewer than a thousand.`);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const taskMs = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000;
    };
    const took: number[] = [];
    for (const query of queries) {
      for (const key of [...query, ...Array.from(query, () => 'Backspace')]) {
        await nextShown(page);
        const before = await taskMs();
        await page.keyboard.down(key);
        await page.evaluate(() => (globalThis as unknown as { shown: Promise<void> }).shown);
        took.push((await taskMs()) - before);
        await page.keyboard.up(key);
      }
    }
    note(`${entries} entries, ${took.length} keys, the slowest ${round(Math.max(...took))} ms`);
    return [atMost('palette', round(percentile(took, 0.95)), 'ms', 16)];
  } finally {
    await browser.close();
    await world.close();
  }
}

export const benchmarks = [{ name: 'palette', run }];
