import type { Page } from '@playwright/test';
import { expect, goTo, test, writeNotes } from './support/fixtures.ts';

const textsOf = (page: Page, selector: string) =>
  page.locator(selector).evaluateAll((all) => all.map((one) => one.textContent ?? ''));

test('two windows agree on what either of them does', async ({ page, secondContext, folder, startCore }) => {
  const notes = await writeNotes(folder, 60);
  const core = await startCore({ simulate: true });
  const other = await secondContext.newPage();
  await page.goto(core.url);
  await other.goto(await core.newUrl());
  for (const one of [page, other]) {
    await expect(one.getByRole('article', { name: /^nas.*serving$/ })).toBeVisible();
  }

  await test.step('a wake in one is seen in the other, and cancelled there', async () => {
    await page.getByRole('button', { name: /^Wake gpu-tower/ }).click();
    const tower = other.getByRole('article', { name: /^gpu-tower/ });
    await expect(tower.getByRole('progressbar', { name: /^Waking gpu-tower/ })).toBeVisible();
    await tower.getByRole('button', { name: 'Cancel' }).click();
    for (const one of [page, other]) {
      await expect(one.getByRole('button', { name: /^Wake gpu-tower/ })).toBeVisible();
    }
  });

  await test.step('a setting saved in one appears in the other', async () => {
    await goTo(page, 'Settings');
    await goTo(other, 'Settings');
    const name = 'Check machines every';
    await other.getByRole('textbox', { name }).fill('7');
    await other.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('textbox', { name })).toHaveValue('7');
  });

  await test.step('a run begun in one is followed in both to the same end', async () => {
    await goTo(page, 'Index');
    await goTo(other, 'Index');
    await core.call('index.addSource', { path: notes });
    await page.getByRole('button', { name: 'Index this folder: notes' }).click();
    for (const one of [page, other]) {
      await expect(one.getByText('60 files, 120 passages')).toBeVisible({ timeout: 20_000 });
      await expect(one.getByRole('main').getByText('completed').first()).toBeVisible();
    }
    expect(await textsOf(other, 'main dl')).toEqual(await textsOf(page, 'main dl'));
  });

  await test.step('both show the same activity', async () => {
    await goTo(page, 'Activity');
    await goTo(other, 'Activity');
    // The fleet keeps changing, so more entries may arrive meanwhile.
    await expect(async () => {
      const entries = await core.call('activity.list', { limit: 500 });
      const told = await textsOf(page, 'main ol > li p:first-child');
      expect(told).toHaveLength(entries.length);
      expect(await textsOf(other, 'main ol > li p:first-child')).toEqual(told);
    }).toPass({ timeout: 20_000 });
  });
});
