import { busy } from './support/busy-scene.ts';
import { expect, expectAccessible, expectNoSideScroll, goTo, test } from './support/fixtures.ts';
import { everyPower } from './support/power-scenes.ts';

const tabs = ['Overview', 'Models', 'GPU', 'Power', 'Activity', 'Diagnosis'] as const;

test('the parts of a machine’s page stay where they were left, and Back goes through them', async ({
  page,
  showScene,
}) => {
  await showScene(busy, '#/node/gpu-tower');
  const parts = page.getByRole('navigation', { name: 'Parts of this page' });
  const current = parts.locator('[aria-current]');
  await expect(current).toHaveText('Overview');
  await parts.getByRole('link', { name: 'GPU' }).click();
  await expect(page).toHaveURL(/#\/node\/gpu-tower\?tab=gpu$/);
  await page.reload();
  await expect(current).toHaveText('GPU');
  await parts.getByRole('link', { name: 'Models' }).click();
  await page.goBack();
  await expect(current).toHaveText('GPU');
  await goTo(page, 'Fleet');
  await page.goBack();
  await expect(current).toHaveText('GPU');
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing on any part of a machine’s page, ${colorScheme}`, async ({ page, showScene }) => {
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(everyPower, '#/node/gpu-tower');
    for (const name of tabs) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.getByRole('navigation', { name: 'Parts of this page' }).getByRole('link', { name }).click();
      await expectAccessible(page, `${name}, ${colorScheme}`);
      await page.setViewportSize({ width: 390, height: 844 });
      await expectNoSideScroll(page, name);
      const screens = await page.evaluate(() => document.documentElement.scrollHeight / innerHeight);
      expect(screens, `${name} on a phone`).toBeLessThanOrEqual(4);
    }
  });
}

test('a timeline names all that it draws, and its leases; removing is behind a menu', async ({
  page,
  showScene,
}) => {
  await showScene(everyPower, '#/node/gpu-tower');
  await expect(page.getByRole('button', { name: 'Remove' })).toHaveCount(0);
  await page.getByRole('button', { name: /^More actions for/ }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  const legend = page.getByRole('list', { name: 'Legend' });
  await expect(legend).toContainText('model in VRAM');
  await expect(legend).toContainText('in use');
  await expect(
    page.getByRole('list', { name: 'In use in the last 24 hours' }).getByRole('listitem'),
  ).not.toHaveCount(0);
});
