/** The vectors of a folder go to Qdrant and come back, and the Index page says so at each step. */
import type { Page } from '@playwright/test';
import { startFakeQdrant } from '../fakes/qdrant.ts';
import { expect, expectAccessible, expectNoSideScroll, goTo, test, writeNotes } from './support/fixtures.ts';

const choose = async (page: Page, item: string) => {
  await page.getByRole('button', { name: 'More actions for notes' }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

test('vectors move to Qdrant and back, and what is wrong with it is said', async ({
  page,
  folder,
  startCore,
}) => {
  test.slow();
  await using qdrant = await startFakeQdrant();
  const core = await startCore();
  await core.call('index.addSource', { path: await writeNotes(folder, 30), name: 'notes' });
  await core.call('index.start', {});
  await expect.poll(async () => (await core.call('index.jobs', {}))[0]?.status).toBe('completed');
  await page.goto(core.url);
  await goTo(page, 'Index');

  await test.step('without an address, it says what to enter where', async () => {
    await choose(page, 'Move vectors to Qdrant');
    await expect(page.getByText('No Qdrant server is set.', { exact: true })).toBeVisible();
  });

  await core.call('settings.update', { index: { qdrantUrl: qdrant.url } });
  await test.step('a move shows how far it is, and can be cancelled', async () => {
    const held = Promise.withResolvers<void>();
    qdrant.before = (call) => (call.endsWith('/points') ? held.promise : undefined);
    await choose(page, 'Move vectors to Qdrant');
    await expect(page.getByText(/^Moving vectors to Qdrant/)).toBeVisible();
    await expectAccessible(page, 'Index page while vectors move');
    await page.getByRole('button', { name: 'Cancel moving the vectors of notes' }).click();
    await expect(page.getByText(/^Moving vectors to Qdrant/)).toBeHidden();
    held.resolve();
  });

  await test.step('the next one goes on, and the line stays', async () => {
    await choose(page, 'Move vectors to Qdrant');
    await expect(page.getByText('Vectors in Qdrant', { exact: true })).toBeVisible();
    await expectNoSideScroll(page, 'Index page with vectors in Qdrant');
  });

  await test.step('while the server is away, the page names the reason and the folder', async () => {
    await qdrant.stop();
    await page.reload();
    await expect(page.getByText('Qdrant cannot be reached.', { exact: true })).toBeVisible();
    await expect(page.getByText('Searched by keyword only: notes')).toBeVisible();
    await expectAccessible(page, 'Index page while Qdrant is away');
  });

  await test.step('and no longer once it is back', async () => {
    await qdrant.start();
    await page.getByRole('button', { name: 'Check again' }).click();
    await expect(page.getByText('Qdrant cannot be reached.', { exact: true })).toBeHidden();
    await qdrant.stop();
  });

  await test.step('back, even while it is away', async () => {
    await choose(page, 'Move vectors back from Qdrant');
    await expect(page.getByText('Vectors in Qdrant', { exact: true })).toBeHidden();
    const [source] = await core.call('index.sources', {});
    expect(source?.vectors).toMatchObject({ engine: 'builtin', unsent: 0 });
  });
});
