import { textOf } from '../../shared/text/index.ts';
import { addFolder, expect, expectAccessible, goTo, test, writeNotes } from './support/fixtures.ts';

const files = 750;

test('a new user wakes a simulated GPU machine, forces a model to the GPU, loses it in the middle of a run, and searches what was indexed', async ({
  page,
  folder,
  startCore,
}) => {
  test.slow();
  const notes = await writeNotes(folder, files);
  const core = await startCore();
  await page.goto(core.url);

  await test.step('first run has three doors; one is a simulated fleet', async () => {
    await expect(page.getByRole('button', { name: /^Use this computer/ })).toBeVisible();
    await expect(page.getByRole('button', { name: /^Add my GPU machine/ })).toBeVisible();
    await page.getByRole('button', { name: /^Look around with a simulated fleet/ }).click();
    await expect(page.getByRole('article', { name: /^gpu-tower.*: off$/ })).toBeVisible();
    await expect(page.getByRole('article', { name: /^nas/ })).toBeVisible();
  });

  await test.step('wake', async () => {
    const tower = page.getByRole('article', { name: /^gpu-tower/ });
    await tower.getByRole('button', { name: /^Wake/ }).click();
    await expect(tower.getByRole('progressbar', { name: /^Waking gpu-tower/ })).toBeVisible();
    await expect(tower.getByRole('button', { name: 'Cancel' })).toBeVisible();
    await expect(
      page.getByRole('article', { name: /^gpu-tower.*: (serving, GPU not checked|gpu-verified)$/ }),
    ).toBeVisible({
      timeout: 30_000,
    });
  });

  await test.step('force to GPU: the model is wholly in VRAM, and the machine is verified by it', async () => {
    await goTo(page, 'Models');
    await page.getByRole('button', { name: /^mxbai-embed-large:latest on gpu-tower.*: on disk/ }).click();
    const panel = page.getByRole('dialog', { name: /^mxbai-embed-large/ });
    await panel.getByRole('button', { name: 'Force to GPU' }).click();
    await expect(panel.getByText('In VRAM')).toBeVisible();
    await expect(panel.getByText('GPU', { exact: true })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(
      page.getByRole('button', { name: /^mxbai-embed-large:latest on gpu-tower.*: GPU/ }),
    ).toBeVisible();
    await goTo(page, 'Fleet');
    await expect(page.getByRole('article', { name: /^gpu-tower.*: gpu-verified$/ })).toBeVisible();
  });

  await test.step('add a folder with a model of the fleet', async () => {
    await goTo(page, 'Index');
    await addFolder(page, notes);
  });

  const main = page.getByRole('main');
  const shares = main.getByRole('list', { name: 'Work by machine' }).getByRole('listitem');

  await test.step('the GPU is lost in the middle, and the run finishes on a CPU', async () => {
    await page.getByRole('button', { name: 'Index this folder: notes' }).click();
    // Asked of the core, not of the page: on a busy machine the run would end before the page shows that it began.
    await expect
      .poll(async () => (await core.call('index.jobs', {}))[0]?.vectors ?? 0, {
        intervals: [20],
        timeout: 30_000,
      })
      .toBeGreaterThan(0);
    await core.call('simulator.setFault', { nodeId: 'gpu-tower', fault: 'dies-half-way', on: true });
    await expect(main.getByText('completed').first()).toBeVisible({ timeout: 60_000 });
    await expect(shares.filter({ hasText: /gpu-tower.*GPU/ })).toContainText(/[1-9]\d* vectors/);
    await expect(shares.filter({ hasText: /nas.*CPU/ })).toContainText(/[1-9]\d* vectors/);
    await expect(page.getByText('750 files, 1,500 passages')).toBeVisible();
    const chart = main.getByRole('slider', { name: /^Time on the chart Vectors per second/ });
    await chart.focus();
    await expect(async () => {
      await page.keyboard.press('ArrowLeft');
      await expect(chart).toHaveAttribute('aria-valuetext', /vec\/s/, { timeout: 100 });
    }).toPass();
    await main.getByRole('button', { name: 'Zoom in' }).click();
    await expect(page).toHaveURL(/[?&]zoom=\d+-\d+/);
    await page.reload();
    await main.getByRole('button', { name: 'Undo zoom' }).click();
    await expect(page).not.toHaveURL(/zoom=/);
    const saved = page.waitForEvent('download');
    await main.getByRole('button', { name: /^CSV.*Vectors per second/ }).click();
    expect((await saved).suggestedFilename()).toMatch(/^vectors-per-second-.*\.csv$/);
  });

  await test.step('search', async () => {
    await goTo(page, 'Search');
    await page.getByRole('searchbox', { name: 'Search your folders' }).fill('harbour-7 tide');
    const hits = page.getByRole('list', { name: 'Results' }).getByRole('listitem');
    await expect(hits.first()).toContainText('note-7.md');
    await expect(hits.first().locator('mark').first()).toBeVisible();
    await hits.first().getByText('Why this hit').first().click();
    await expect(hits.first()).toContainText(/bytes [\d,]+–[\d,]+/);
    await expect(hits.first()).toContainText('Your words: place 1');
    await expectAccessible(page, 'hits');
    await goTo(page, 'Index');
  });

  await test.step('proof card: who did how much, and when and why it fell', async () => {
    const card = page.getByRole('article', { name: 'Proof card of notes' });
    const work = card.getByRole('list', { name: 'Work by machine' }).getByRole('listitem');
    await expect(work.filter({ hasText: /gpu-tower.*GPU/ })).toHaveCount(1);
    await expect(work.filter({ hasText: /nas.*CPU/ })).toHaveCount(1);
    const [job] = await core.call('index.jobs', {});
    // Every vector of the index is some machine's, and none is two machines'.
    expect(job?.nodes.reduce((sum, share) => sum + share.vectors, 0)).toBe(job?.vectors);
    expect(job?.fallbackVectors).toBeGreaterThan(0);
    expect(job?.events.map(({ kind }) => kind)).toContain('fell-back');
    const fall = job?.events.find(({ kind }) => kind === 'fell-back')?.message;
    expect(fall?.code).toBe('CONTINUES_ON_CPU');
    await expect(card).toContainText(fall ? textOf(fall) : '');
  });

  await test.step('what happened is in Activity', async () => {
    await goTo(page, 'Activity');
    await expect(
      page.getByRole('main').getByRole('listitem').filter({ hasText: 'gpu-tower' }).first(),
    ).toBeVisible();
  });
});

test('an index job wakes its machine by itself, and a reload in the middle loses nothing', async ({
  page,
  folder,
  startCore,
}) => {
  const notes = await writeNotes(folder, 60);
  const core = await startCore({ simulate: true });
  await page.goto(core.url);
  // The fleet must have been seen, so that its embedders can be chosen.
  await expect(page.getByRole('article', { name: /^nas.*serving$/ })).toBeVisible();
  await goTo(page, 'Index');
  await addFolder(page, notes);
  await page.getByRole('button', { name: 'Index this folder: notes' }).click();

  await expect(page.getByRole('heading', { name: 'Running now' })).toBeVisible();
  await expect(page.getByRole('banner').getByRole('progressbar', { name: 'Index notes' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('main').getByRole('progressbar', { name: 'Index notes' })).toBeVisible();
  await expect(page.getByRole('main').getByText('completed').first()).toBeVisible({ timeout: 40_000 });
  await expect(page.getByRole('list', { name: 'Work by machine' })).toContainText('120 vectors');
  await expect(page.getByText('60 files, 120 passages')).toBeVisible();
  await expect(page.getByText(/gpu-tower.* is awake/).first()).toBeVisible();

  // The same again changes nothing, and says so.
  await page.getByRole('button', { name: 'Index again: notes' }).click();
  await expect(page.locator('dl').getByText('unchanged').locator('..')).toContainText('60');
});
