/**
 * A key typed into the command palette over a thousand entries → its results: from the keydown to the end of the
 * script that shows them, and the style, layout and paint of the next frame. The wait for the screen's beat
 * between the two is the same for every program, and is not counted.
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

/** Milliseconds for each key, in the page. */
async function measureKeys(page: Page): Promise<void> {
  await page.evaluate(() => {
    const took: number[] = [];
    let began = 0;
    addEventListener(
      'keydown',
      () => {
        began = performance.now();
      },
      { capture: true },
    );
    addEventListener('input', () => {
      // The panel has drawn by then: its own listeners come before this one, and so do their microtasks.
      const script = performance.now() - began;
      requestAnimationFrame(() => {
        const frame = performance.now();
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => took.push(script + performance.now() - frame);
        port2.postMessage(null);
      });
    });
    Object.assign(globalThis, { took });
  });
}

async function run({ note }: BenchmarkContext): Promise<BenchmarkResult[]> {
  const world = await servePanel({ nodes });
  const browser = await launchChromium(note);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(world.url);
    await page
      .getByRole('article')
      .nth(nodes.length - 1)
      .waitFor();
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
    await measureKeys(page);
    let typed = 0;
    for (const query of queries) {
      for (const key of query) {
        await page.keyboard.press(key);
        typed += 1;
        await page.waitForFunction(
          (count) => (globalThis as unknown as { took: number[] }).took.length >= count,
          typed,
        );
      }
      for (const _ of query) {
        await page.keyboard.press('Backspace');
        typed += 1;
        await page.waitForFunction(
          (count) => (globalThis as unknown as { took: number[] }).took.length >= count,
          typed,
        );
      }
    }
    const took = await page.evaluate(() => (globalThis as unknown as { took: number[] }).took);
    note(`${entries} entries, ${took.length} keys, the slowest ${round(Math.max(...took))} ms`);
    return [atMost('palette', round(percentile(took, 0.95)), 'ms', 16)];
  } finally {
    await browser.close();
    await world.close();
  }
}

export const benchmarks = [{ name: 'palette', run }];
