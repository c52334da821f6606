/** Nothing jumps: what the browser counts as layout shifts, over a whole session. */
import type { Page } from '@playwright/test';
import { expect, goTo, showCards, test, writeNotes } from './support/fixtures.ts';
import { everyState } from './support/scenes.ts';

interface Shift {
  at: number;
  value: number;
  hash: string;
  what: string[];
}
declare global {
  interface Window {
    shifts?: Shift[];
  }
}

/** The largest sum that is still calm, as web.dev has it for a good page: a tenth; this panel takes half of that. */
const MOST = 0.05;

/** Collects the shifts that no key or click of the last half second explains. */
const watchShifts = (page: Page) =>
  page.addInitScript(() => {
    const shifts: Shift[] = [];
    window.shifts = shifts;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
        sources: { node: Node | null }[];
      })[]) {
        if (entry.hadRecentInput) continue;
        const what = entry.sources.map(({ node }) =>
          node instanceof Element ? `${node.tagName} ${node.textContent?.slice(0, 60)}` : String(node),
        );
        shifts.push({ at: entry.startTime, value: entry.value, hash: location.hash, what });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });

/** CLS as browsers define it: the largest sum of shifts at most a second apart, within five seconds. */
function cumulativeShift(shifts: readonly Shift[]): number {
  let largest = 0;
  let sum = 0;
  let from = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (const { at, value } of shifts) {
    if (at - last > 1000 || at - from > 5000) {
      sum = 0;
      from = at;
    }
    sum += value;
    last = at;
    largest = Math.max(largest, sum);
  }
  return largest;
}

async function expectCalm(page: Page): Promise<void> {
  const shifts = await page.evaluate(() => window.shifts ?? []);
  expect(cumulativeShift(shifts), JSON.stringify(shifts, null, 1)).toBeLessThanOrEqual(MOST);
}

test('nothing jumps over a session: opening, waking, models, a run, a search, settings', async ({
  page,
  folder,
  startCore,
}) => {
  const core = await startCore({ simulate: true });
  const notes = await writeNotes(folder, 40);
  await watchShifts(page);
  await page.goto(core.url);
  await expect(page.getByRole('article', { name: /^lab-2.*(serving|gpu-verified)/ })).toBeVisible();
  await page.getByRole('button', { name: /^Wake/ }).first().click();
  await expect(page.getByRole('article', { name: /^gpu-tower.*(serving|gpu-verified)/ })).toBeVisible({
    timeout: 30_000,
  });
  await goTo(page, 'Models');
  await expect(page.getByRole('grid', { name: 'Models by machine' })).toBeVisible();
  await goTo(page, 'Index');
  // A browser explains what a person's own choice in a dialog moves; one that a test makes has no input before it.
  const embedder = (await core.call('index.embedders', {})).find(
    (one) => one.embedder.kind === 'model',
  )?.embedder;
  await core.call('index.addSource', { path: notes, ...(embedder && { embedder }) });
  await page
    .getByRole('button', { name: /^Index/ })
    .first()
    .click();
  await expect(page.getByRole('region', { name: 'Last run' })).toContainText(/vectors/, { timeout: 40_000 });
  await goTo(page, 'Search');
  await page.getByRole('searchbox').first().fill('harbour tide');
  await expect(page.getByRole('list', { name: 'Results' })).toBeVisible();
  for (const name of ['Tasks', 'Requests', 'Runner', 'Activity', 'Settings', 'Fleet'] as const)
    await goTo(page, name);
  await expectCalm(page);
});

test('nothing jumps in a fleet that is in every state', async ({ page, showScene }) => {
  await watchShifts(page);
  await showScene(everyState, '#/fleet');
  await showCards(page);
  await expect(page.getByRole('article').first()).toBeVisible();
  await goTo(page, 'Models');
  await goTo(page, 'Activity');
  await expectCalm(page);
});
