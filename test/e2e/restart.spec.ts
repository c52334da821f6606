import type { Page } from '@playwright/test';
import { textOf } from '../../shared/text/index.ts';
import {
  coreIsGone,
  expect,
  expectAccessible,
  expectLive,
  goTo,
  type RunningCore,
  test,
  writeNotes,
} from './support/fixtures.ts';

const files = 160;
const vectors = 2 * files;

/** Indexes on the processor of the simulated nas, which is slow enough to be met in the middle. */
async function beginRun(page: Page, core: RunningCore, notes: string): Promise<void> {
  await core.call('settings.update', { index: { batchSize: 8 } });
  await page.goto(core.url);
  await expect(page.getByRole('article', { name: /^nas.*serving$/ })).toBeVisible();
  const choices = await core.call('index.embedders', {});
  const mxbai = choices.find(({ label }) => textOf(label).startsWith('mxbai-embed-large'));
  if (!mxbai) throw new Error('The simulated fleet has no mxbai-embed-large.');
  const source = await core.call('index.addSource', { path: notes, embedder: mxbai.embedder, wake: false });
  await goTo(page, 'Index');
  await page.getByRole('button', { name: `Index this folder: ${source.name}` }).click();
  await expect(page.getByRole('list', { name: 'Work by machine' })).toContainText(/[1-9]\d* vectors/);
}

for (const how of ['kill', 'stop'] as const) {
  const title = how === 'kill' ? 'a core that loses power' : 'a core that is stopped';
  test(`${title} under an open page, started again: the page continues, nothing is duplicated`, async ({
    page,
    folder,
    startCore,
    complaints,
  }) => {
    const notes = await writeNotes(folder, files);
    const first = await startCore({ simulate: true });
    await beginRun(page, first, notes);
    complaints.allow(coreIsGone);

    await first[how]();
    await expect(page.getByText('connection lost')).toBeVisible();
    await expect(page.getByRole('alert')).toContainText('The connection to Pilotlight was lost.');
    // What was there stays to be read.
    await expect(page.getByRole('main').getByRole('progressbar', { name: 'Index notes' })).toBeVisible();
    if (how === 'kill') {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await expectAccessible(page, `a page whose core is gone, ${colorScheme}`);
      }
    }

    const second = await startCore();
    expect(second.origin).toBe(first.origin);
    await expectLive(page, { timeout: 20_000 });
    await expect(page.getByRole('alert')).toBeHidden();

    const main = page.getByRole('main');
    await expect(main.getByText('completed').first()).toBeVisible({ timeout: 30_000 });
    const count = (name: string) => main.locator('dl').getByText(name, { exact: true }).locator('..');
    await expect(count('files')).toContainText(String(files));
    await expect(page.getByText(`${files} files, ${vectors} passages`)).toBeVisible();

    // Every file once, every passage once; one job, one folder, each machine once.
    const jobs = await second.call('index.jobs', {});
    expect(jobs).toHaveLength(1);
    expect(jobs[0]?.resumed).toBe(true);
    const shown = jobs[0]?.files;
    expect((shown?.done ?? 0) + (shown?.unchanged ?? 0)).toBe(files);
    // A power cut may take the count of the last moments with it; it never counts anything twice.
    const counted = jobs[0]?.vectors ?? 0;
    expect(counted).toBeLessThanOrEqual(vectors);
    if (how === 'stop') expect(counted).toBe(vectors);
    await expect(page.getByRole('button', { name: 'Index again: notes' })).toHaveCount(1);
    await goTo(page, 'Search');
    await page.getByRole('searchbox', { name: 'Search your folders' }).fill('harbour-7 tide');
    const hits = page.getByRole('list', { name: 'Results' }).getByRole('listitem');
    await expect(hits.first()).toContainText('note-7.md');
    await expect(hits.filter({ hasText: 'part-2/note-7.md' })).toHaveCount(1);

    await goTo(page, 'Fleet');
    await expect(page.getByRole('article')).toHaveCount(4);

    await goTo(page, 'Activity');
    const entries = await second.call('activity.list', { limit: 500 });
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    await expect(page.getByRole('main').locator('ol > li')).toHaveCount(entries.length);
  });
}

test('a page that was closed while the core was started again comes back by a reload', async ({
  page,
  startCore,
  complaints,
}) => {
  const first = await startCore({ simulate: true });
  await page.goto(first.url);
  await expect(page.getByRole('article')).toHaveCount(4);
  complaints.allow(coreIsGone);
  await first.stop();
  await startCore();
  // What the old page was asking just then is asked no more.
  complaints.allow(/ERR_ABORTED/);
  await page.reload();
  await expectLive(page);
  await expect(page.getByRole('article')).toHaveCount(4);
});
