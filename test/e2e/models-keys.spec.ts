import { busy } from './support/busy-scene.ts';
import { expect, expectAccessible, test } from './support/fixtures.ts';
import { everyState, hundred } from './support/scenes.ts';

test('the matrix is one stop of Tab, and arrow keys go through it', async ({ page, showScene }) => {
  await showScene(everyState, '#/models');
  const grid = page.getByRole('grid', { name: 'Models by machine' });
  await expect(grid).toBeVisible();
  await expect(grid.locator('[tabindex="0"]')).toHaveCount(1);
  await grid.locator('[tabindex="0"]').focus();
  await page.keyboard.press('Control+Home');
  const first = grid.locator(':focus');
  await expect(first).toHaveCount(1);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  const focused = grid.locator('button:focus');
  await expect(focused).toHaveCount(1);
  await expect(grid.locator('[tabindex="0"]')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(focused).toHaveCount(1);
  await page.keyboard.press('Tab');
  await expect(grid.locator(':focus')).toHaveCount(0);
});

test('machines are the rows where there are more of them than models', async ({ page, showScene }) => {
  await showScene(hundred, '#/models');
  const grid = page.getByRole('grid', { name: 'Models by machine' });
  await expect(grid.getByRole('rowheader').filter({ hasText: 'rack-100' })).toBeAttached();
  expect(await grid.getByRole('columnheader').count()).toBeLessThan(100);
});

for (const width of [640, 900, 1280]) {
  test(`the reason of a move has room for words, ${width} wide`, async ({ page, showScene }) => {
    await page.setViewportSize({ width, height: 800 });
    await showScene(busy, '#/models');
    const reason = page.getByText(/^It needs 21 GB of VRAM/).first();
    await expect(reason).toBeVisible();
    expect((await reason.boundingBox())?.width ?? 0).toBeGreaterThan(width / 5);
    await expectAccessible(page, `moves at ${width}`);
  });
}
