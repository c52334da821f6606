import { damaged } from './support/damage-scenes.ts';
import { expect, expectAccessible, expectNoSideScroll, test } from './support/fixtures.ts';

for (const colorScheme of ['dark', 'light'] as const) {
  test(`damaged files, a full disk and unknown use: notices, reasons and next steps, ${colorScheme}`, async ({
    page,
    showScene,
  }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(damaged, '#/fleet');
    const dismiss = page.getByRole('button', { name: 'Dismiss this notice' });
    await expect(dismiss).toHaveCount(2);
    await page.getByRole('button', { name: 'Show 4 more notices' }).click();
    await expect(dismiss).toHaveCount(6);
    await expect(page.getByText('The machines stay on until you set their policies again.')).toBeVisible();
    await expectAccessible(page, `many notices, ${colorScheme}`);
    await expectNoSideScroll(page, 'many notices');
    await expect(page.getByRole('article', { name: /^lab-1/ })).toContainText('apt-get blocks it');

    await page.getByRole('button', { name: /^Why is it on\? the very/ }).click();
    const why = page.getByRole('dialog', { name: /^Why is the very old gaming computer/ });
    await expect(why.getByRole('button', { name: /^Release/ })).toBeVisible();
    await expect(why).toContainText('Cannot tell who is logged in');
    await expect(why).toContainText('SLEEP_NOT_BLOCKED');
    await expectAccessible(page, `why it is on, ${colorScheme}`);
    await page.keyboard.press('Escape');

    await page.evaluate(() => {
      location.hash = '#/node/gpu-tower?tab=power';
    });
    await expect(page.getByText('Correct the file, put it back and restart the agent.')).toBeVisible();
    await page.getByRole('button', { name: /^Sleep or keep awake/ }).click();
    await page.getByRole('menuitem', { name: 'Shut down' }).click();
    const off = page.getByRole('dialog', { name: /is in use$/ });
    await expect(off).toContainText('Cannot tell whether a GPU is busy');
    await expect(off.getByRole('button', { name: 'Shut down anyway' })).toBeVisible();
    await expectAccessible(page, `shutting down anyway, ${colorScheme}`);
    await page.keyboard.press('Escape');

    await page.evaluate(() => {
      location.hash = '#/index';
    });
    await expect(page.getByText('Index the folder again; only what is missing is indexed.')).toBeVisible();
    await expect(page.getByText('Reading the file takes too long.').first()).toBeVisible();
    await expectAccessible(page, `incomplete indexes, ${colorScheme}`);
    await expectNoSideScroll(page, 'incomplete indexes');
  });
}
