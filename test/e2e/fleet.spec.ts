import type { Page } from '@playwright/test';
import { busy } from './support/busy-scene.ts';
import { expect, expectAccessible, expectNoSideScroll, showCards, test } from './support/fixtures.ts';
import { everyState, hundred } from './support/scenes.ts';

const grid = (page: Page) => page.getByRole('grid', { name: 'Machines' });
const screens = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollHeight / document.documentElement.clientHeight);

test('a hundred machines are a list of which the visible lines are rendered', async ({ page, showScene }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await showScene(hundred, '#/fleet');
  await expect(grid(page)).toHaveAttribute('aria-rowcount', '101');
  expect(await page.getByRole('row').count()).toBeLessThan(40);
  expect(await screens(page)).toBeLessThanOrEqual(3);
  await expectNoSideScroll(page, 'a hundred machines in rows');
  await expectAccessible(page, 'a hundred machines in rows');

  await test.step('counts are filters, and they are in the address', async () => {
    const off = page.getByRole('button', { name: /^Off \d+$/ });
    const count = Number((await off.textContent())?.replace(/\D/g, ''));
    await off.click();
    await expect(grid(page)).toHaveAttribute('aria-rowcount', String(count + 1));
    await expect(page).toHaveURL(/state=off/);
    await page.reload();
    await expect(off).toHaveAttribute('aria-pressed', 'true');
    await page.getByRole('searchbox', { name: 'Find a machine or model' }).fill('rack-100');
    await expect(page).toHaveURL(/q=rack-100/);
    await page.getByRole('button', { name: /^All/ }).click();
    await expect(page.getByRole('row', { name: /^rack-100:/ })).toBeVisible();
    await page.getByRole('searchbox', { name: 'Find a machine or model' }).fill('nothing');
    await page.getByRole('button', { name: 'Show all 100' }).click();
    await expect(grid(page)).toHaveAttribute('aria-rowcount', '101');
  });

  await test.step('the keyboard goes through the lines, into one and back', async () => {
    const first = page.getByRole('row', { name: /^rack-1:/ });
    await first.focus();
    await page.keyboard.press('End');
    await expect(page.getByRole('row', { name: /^rack-100:/ })).toBeFocused();
    await page.keyboard.press('Home');
    await page.keyboard.press('Tab');
    await expect(first.getByRole('button').first()).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menu')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page).toHaveURL(/#\/fleet/);
    await first.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'rack-1' })).toBeVisible();
    await page.goBack();
  });

  await test.step('cards are a choice that is remembered', async () => {
    await showCards(page);
    await expect(page.getByRole('article')).toHaveCount(100);
    await page.reload();
    await expect(page.getByRole('article')).toHaveCount(100);
    await page.getByRole('button', { name: 'Rows', exact: true }).click();
    await expect(grid(page)).toBeVisible();
  });
});

test('a line says why, and what fails', async ({ page, showScene }) => {
  await showScene(everyState, '#/fleet');
  await expect(page.getByRole('progressbar', { name: 'Waking lab-1' })).toBeVisible();
  await page.getByRole('button', { name: /^Trouble/ }).click();
  await expect(page.getByRole('row', { name: /^lab-2/ })).toContainText('did not come');
  await page.getByRole('button', { name: 'Wake lab-2' }).click();
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('does not answer');
  await expect(grid(page)).toBeVisible();
});

test('a card of a machine that is off is half as tall', async ({ page, showScene }) => {
  await showScene(busy, '#/fleet');
  const off = page.getByRole('article', { name: /^lab-2/ });
  await expect(off).toBeVisible();
  // One that is awake and says everything has 300 pixels and more.
  expect((await off.boundingBox())?.height).toBeLessThanOrEqual(150);
});
