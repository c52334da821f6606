import type { Page } from '@playwright/test';
import { expect, goTo, test } from './support/fixtures.ts';
import { everyState } from './support/scenes.ts';

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

test('back and forward go through the pages as they were gone through, and no dialog comes along', async ({
  page,
  showScene,
}) => {
  await showScene(everyState, '#/fleet');
  await goTo(page, 'Models');
  await page.getByRole('grid', { name: 'Models by machine' }).getByRole('link', { name: 'lab-2' }).click();
  await expect(heading(page, 'lab-2')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Fleet' }).first()).toHaveAttribute('aria-current', 'page');
  await goTo(page, 'Settings');

  await page.goBack();
  await expect(heading(page, 'lab-2')).toBeVisible();
  await page.goBack();
  await expect(heading(page, 'Models')).toBeVisible();
  await page.goBack();
  await expect(heading(page, 'Fleet')).toBeVisible();
  await page.goForward();
  await expect(heading(page, 'Models')).toBeVisible();
  await expect(page).toHaveTitle('Models · Pilotlight');

  // What was not saved is of its page, and what was open does not follow to another.
  await goTo(page, 'Fleet');
  await page.getByRole('button', { name: 'Add a node' }).click();
  await expect(page.getByRole('dialog', { name: 'Add a node' })).toBeVisible();
  await page.goBack();
  await expect(heading(page, 'Models')).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('an address is enough: of a page, of a machine, of a setting; one that names nothing says so', async ({
  page,
  showScene,
}) => {
  await showScene(everyState, '#/node/lab-3');
  await expect(heading(page, 'lab-3')).toBeVisible();
  const open = (hash: string) =>
    page.evaluate((next) => {
      location.hash = next;
    }, hash);
  await open('#/settings?setting=optimizer.intervalMs');
  await expect(heading(page, 'Settings')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Check every' })).toBeVisible();
  await open('#/node/a-machine-that-was-removed');
  await expect(page.getByRole('main')).toContainText('It was removed, or this link is out of date.');
  await open('#/nothing/like/this');
  await expect(heading(page, 'Fleet')).toBeVisible();
  await open('#/node/%E0%A4%A');
  await expect(heading(page, 'Fleet')).toBeVisible();
});
