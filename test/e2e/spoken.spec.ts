/** What a screen reader hears: what is new, once, and nothing when a page opens. */
import type { Page } from '@playwright/test';
import type { RunningCore } from './support/fixtures.ts';
import { expect, expectLive, goTo, test, writeNotes } from './support/fixtures.ts';
import { pages } from './support/pages.ts';

/** Notes each text that appears in a polite region of the page or of a dialog. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const heard: string[] = [];
    Object.defineProperty(window, 'heard', { value: heard });
    const last = new WeakMap<Element, string>();
    const note = (node: Node) => {
      const region = (node instanceof Element ? node : node.parentElement)?.closest('p[aria-live=polite]');
      if (!region) return;
      const text = region.textContent?.trim() ?? '';
      if (last.get(region) === text) return;
      last.set(region, text);
      if (text !== '') heard.push(text);
    };
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) {
        note(target);
        for (const added of addedNodes) {
          if (!(added instanceof Element)) continue;
          for (const region of added.querySelectorAll('p[aria-live=polite]')) note(region);
        }
      }
    }).observe(document, { childList: true, characterData: true, subtree: true });
  });
}

const heard = (page: Page) =>
  page.evaluate(() => [...(window as unknown as { heard: readonly string[] }).heard]);
const count = async (page: Page, what: RegExp) =>
  (await heard(page)).filter((text) => what.test(text)).length;

const ended = /^Indexing .*notes.* finished/;

async function indexNotes(core: RunningCore, sourceId: string): Promise<void> {
  await core.call('index.start', { sourceIds: [sourceId], full: true });
}

test('each page says once that a run has ended, and nothing when it opens', async ({
  page,
  folder,
  startCore,
}) => {
  test.setTimeout(240_000);
  const core = await startCore();
  const { id } = await core.call('index.addSource', { path: await writeNotes(folder, 3) });
  await listen(page);
  await page.goto(core.url);
  await expectLive(page);
  for (const name of pages) {
    await page.goto(`${core.origin}/#/fleet`);
    await page.reload();
    await expectLive(page);
    await goTo(page, name);
    await expect(page.getByRole('status', { name: /^Loading/ })).toHaveCount(0);
    expect(await heard(page), `${name} at first`).toEqual([]);
    await indexNotes(core, id);
    await expect.poll(() => count(page, ended)).toBe(1);
    // A second run is news again, also where its sentence is the same.
    await indexNotes(core, id);
    await expect.poll(() => count(page, ended)).toBe(2);
  }
});

test('wakes, downloads and failed tasks are said where they are watched, also in a dialog', async ({
  page,
  startCore,
}) => {
  test.setTimeout(240_000);
  const core = await startCore({ simulate: true });
  await listen(page);
  await page.goto(core.url);
  await expectLive(page);

  await test.step('a wake that succeeds', async () => {
    await core.call('power.wake', { nodeId: 'gpu-tower' });
    await expect.poll(() => count(page, /^gpu-tower.* woke in/), { timeout: 120_000 }).toBe(1);
  });

  await test.step('a download that ends, while a dialog is open', async () => {
    await goTo(page, 'Models');
    await page.getByRole('button', { name: 'Download a model' }).click();
    const dialog = page.getByRole('dialog', { name: 'Download a model' });
    await expect(dialog).toBeVisible();
    await core.call('models.pull', { model: 'all-minilm', nodeId: 'lab-2' });
    await expect
      .poll(() => dialog.locator('p[aria-live=polite]').allTextContents())
      .toContainEqual(expect.stringMatching(/all-minilm/));
    await page.keyboard.press('Escape');
  });

  await test.step('a task that fails', async () => {
    await goTo(page, 'Tasks');
    await core.call('tasks.add', { input: { kind: 'url', url: 'http://127.0.0.1:9/none.html' } });
    await expect.poll(() => count(page, /failed/i), { timeout: 60_000 }).toBe(1);
  });
});
