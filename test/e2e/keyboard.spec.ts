import type { Locator, Page } from '@playwright/test';
import { expect, test, writeNotes } from './support/fixtures.ts';

/** Presses Tab until the element has the focus, as a keyboard user does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 150; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(target, 'reached by Tab').toBeFocused();
}

/** Goes to a cell of the matrix by arrow keys, from the one that Tab leads to. */
async function arrowTo(page: Page, target: Locator): Promise<void> {
  await tabTo(page, page.getByRole('grid').locator('[tabindex="0"]'));
  const placeOf = (of: Locator) =>
    of.evaluate((element) => (element as HTMLElement).dataset.place?.split(',').map(Number) ?? []);
  for (let presses = 0; presses < 40; presses += 1) {
    const [row = 0, column = 0] = await placeOf(target);
    const [fromRow = 0, fromColumn = 0] = await placeOf(page.locator(':focus'));
    if (row === fromRow && column === fromColumn) return;
    const vertical = row > fromRow ? 'ArrowDown' : 'ArrowUp';
    const horizontal = column > fromColumn ? 'ArrowRight' : 'ArrowLeft';
    await page.keyboard.press(row === fromRow ? horizontal : vertical);
  }
  await expect(target, 'reached by arrow keys').toBeFocused();
}

async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

test('the whole story by keyboard alone', async ({ page, folder, startCore }) => {
  test.slow();
  const notes = await writeNotes(folder, 40);
  const core = await startCore();
  await page.goto(core.url);
  const link = (name: string) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name });

  await test.step('first run', async () => {
    await press(page, page.getByRole('button', { name: /^Look around with a simulated fleet/ }));
    await expect(page.getByRole('article', { name: /^nas.*serving$/ })).toBeVisible();
  });

  await test.step('wake', async () => {
    await press(page, page.getByRole('button', { name: /^Wake gpu-tower/ }));
    await expect(page.getByRole('progressbar', { name: /^Waking gpu-tower/ })).toBeVisible();
    await expect(
      page.getByRole('article', { name: /^gpu-tower.*: (serving, GPU not checked|gpu-verified)$/ }),
    ).toBeVisible({
      timeout: 30_000,
    });
  });

  await test.step('force to the GPU', async () => {
    await press(page, link('Models'));
    await arrowTo(
      page,
      page.getByRole('button', { name: /^mxbai-embed-large:latest on gpu-tower.*: on disk/ }),
    );
    await page.keyboard.press('Enter');
    const panel = page.getByRole('dialog', { name: /^mxbai-embed-large/ });
    await press(page, panel.getByRole('button', { name: 'Force to GPU' }));
    await expect(panel.getByText('In VRAM')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(panel).toBeHidden();
    // The focus is where it came from.
    await expect(
      page.getByRole('button', { name: /^mxbai-embed-large:latest on gpu-tower.*: GPU/ }),
    ).toBeFocused();
  });

  await test.step('add a folder by the palette', async () => {
    await page.keyboard.press('Control+K');
    const palette = page.getByRole('dialog', { name: 'Command palette' });
    await expect(palette.getByRole('combobox')).toBeFocused();
    await page.keyboard.type('add a folder');
    await expect(palette.getByRole('option', { selected: true })).toContainText('Add a folder');
    await page.keyboard.press('Enter');
    await expect(palette).toBeHidden();
    const dialog = page.getByRole('dialog', { name: 'Add a folder' });
    await tabTo(page, dialog.getByRole('textbox', { name: 'Folder' }));
    await page.keyboard.type(notes);
    const embedder = dialog.getByRole('combobox', { name: 'Embedder' });
    await tabTo(page, embedder);
    await page.keyboard.type('mxbai');
    await expect(embedder.locator('option:checked')).toHaveText('mxbai-embed-large · 1024 dimensions');
    await press(page, dialog.getByRole('button', { name: 'Add this folder' }));
    await expect(dialog).toBeHidden();
  });

  await test.step('index, to the proof card', async () => {
    await press(page, link('Index'));
    await press(page, page.getByRole('button', { name: 'Index this folder: notes' }));
    const card = page.getByRole('article', { name: 'Proof card of notes' });
    await expect(card).toBeVisible({ timeout: 30_000 });
    await expect(card.getByRole('list', { name: 'Work by machine' })).toContainText(/gpu-tower.*80 vectors/);
    await tabTo(page, card.getByRole('button', { name: 'Copy as text' }));
  });

  await test.step('search', async () => {
    await page.keyboard.press('/');
    await expect(page.getByRole('searchbox', { name: 'Search your folders' })).toBeFocused();
    await page.keyboard.type('harbour-7 tide');
    const hits = page.getByRole('list', { name: 'Results' }).getByRole('listitem');
    await expect(hits.first()).toContainText('note-7.md');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('region', { name: 'File note-7.md' })).toContainText('harbour-7');
  });

  await test.step('what happened is in Activity', async () => {
    await press(page, link('Activity'));
    await expect(
      page.getByRole('main').getByRole('listitem').filter({ hasText: 'gpu-tower' }).first(),
    ).toBeVisible();
  });
});
