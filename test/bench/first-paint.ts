/** Navigation → first contentful paint, and → the first machine on the page, of the built panel and server. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { startCoreProcess } from '../e2e/support/core.ts';
import { atMost, type BenchmarkContext, type BenchmarkResult } from './benchmark.ts';
import { launchChromium, percentile, round } from './browser.ts';

const runs = 7;
const paint = 'first-paint';
const data = 'first-paint-data';

/** Seconds since the navigation began, in a browser that has nothing of the panel in its cache. */
async function openOnce(browser: Browser, url: string): Promise<{ paint: number; data: number }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(() => {
      const seen = new Promise<number>((resolve) => {
        new MutationObserver((_, observer) => {
          if (!document.querySelector('main article')) return;
          observer.disconnect();
          // The frame that shows it.
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
        }).observe(document, { childList: true, subtree: true });
      });
      Object.assign(globalThis, { firstDataAt: seen });
    });
    await page.goto(url, { waitUntil: 'commit' });
    return await page.evaluate(async () => {
      const { firstDataAt } = globalThis as unknown as { firstDataAt: Promise<number> };
      const at = await firstDataAt;
      const first = await new Promise<number>((resolve) => {
        new PerformanceObserver((list, observer) => {
          const entry = list.getEntriesByName('first-contentful-paint')[0];
          if (!entry) return;
          observer.disconnect();
          resolve(entry.startTime);
        }).observe({ type: 'paint', buffered: true });
      });
      return { paint: first / 1000, data: at / 1000 };
    });
  } finally {
    await context.close();
  }
}

async function run({ note }: BenchmarkContext): Promise<BenchmarkResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-paint-'));
  const browser = await launchChromium(note);
  const core = await startCoreProcess(join(folder, 'data'), { simulate: true });
  try {
    // The first opening warms the server and the browser.
    await openOnce(browser, core.url);
    const times: { paint: number; data: number }[] = [];
    for (let index = 0; index < runs; index += 1) times.push(await openOnce(browser, await core.newUrl()));
    const median = (name: 'paint' | 'data') =>
      round(
        percentile(
          times.map((time) => time[name]),
          0.5,
        ),
        3,
      );
    return [atMost(paint, median('paint'), 's', 0.7), atMost(data, median('data'), 's', 1.2)];
  } finally {
    await core.stop();
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export const benchmarks = [{ names: [paint, data], run }];
