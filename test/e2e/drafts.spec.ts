import type { Page } from '@playwright/test';
import { draftDialogs } from './support/draft-dialogs.ts';
import { expect, expectAccessible, goTo, test } from './support/fixtures.ts';
import { everyState } from './support/scenes.ts';

const question = (page: Page) =>
  page.getByRole('dialog').getByRole('alertdialog', { name: 'Unsaved changes' });

for (const { file, title, scene, hash, open, field, text } of draftDialogs) {
  test(`${file} asks before it loses what was entered: ${title}`, async ({ page, showScene }) => {
    await showScene(scene, '#/activity');
    await page.evaluate((next) => {
      location.hash = next;
    }, hash);
    await open(page);
    const dialog = page.getByRole('dialog', { name: title });
    const entered = field(dialog);
    await expect(entered).toBeVisible();

    await test.step('with nothing entered it just closes', async () => {
      await page.keyboard.press('Escape');
      await expect(dialog).toBeHidden();
      await open(page);
    });

    await entered.fill(text);
    await test.step('Escape asks, a second one goes back', async () => {
      await page.keyboard.press('Escape');
      await expect(question(page).getByRole('button', { name: 'Keep editing' })).toBeFocused();
      await expectAccessible(page, `the question of ${file}`);
      await page.keyboard.press('Escape');
      await expect(question(page)).toBeHidden();
    });
    await test.step('so do its cross and the page beside it', async () => {
      await dialog.getByRole('button', { name: 'Close', exact: true }).click();
      await question(page).getByRole('button', { name: 'Keep editing' }).click();
      await page.mouse.click(3, 3);
      await question(page).getByRole('button', { name: 'Keep editing' }).click();
    });
    await test.step('so does the key of the palette', async () => {
      await page.keyboard.press('ControlOrMeta+k');
      await question(page).getByRole('button', { name: 'Keep editing' }).click();
      await expect(page.getByRole('dialog', { name: /palette/i })).toHaveCount(0);
    });
    await test.step('Back stays, asks, and goes when it is discarded', async () => {
      await page.goBack();
      await expect(question(page)).toBeVisible();
      expect(new URL(page.url()).hash).toBe(hash);
      await expect(entered).toHaveValue(text);
      await question(page).getByRole('button', { name: 'Discard' }).click();
      await expect(dialog).toBeHidden();
      await expect(page).toHaveURL(/#\/activity$/);
    });
  });
}

test('the wizard keeps what was entered', async ({ page, showScene }) => {
  await showScene(everyState, '#/fleet');
  await page.getByRole('button', { name: 'Add a node' }).click();
  const address = page.getByRole('dialog', { name: 'Add a node' }).getByRole('textbox', { name: /^Address/ });
  await address.fill('gpu-attic');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'Add a node' }).click();
  await expect(address).toHaveValue('gpu-attic');
});

test('what was typed is kept, or asked about', async ({ page, startCore }) => {
  const core = await startCore();
  await page.goto(core.url);

  await test.step('Settings keep it while another page is open', async () => {
    await goTo(page, 'Settings');
    const field = page
      .getByRole('spinbutton')
      .or(page.getByRole('textbox'))
      .and(page.locator('form input'))
      .first();
    await field.fill('7');
    await expect(page.getByText('1 unsaved change')).toBeVisible();
    await goTo(page, 'Models');
    await goTo(page, 'Settings');
    await expect(page.getByText('1 unsaved change')).toBeVisible();
    await page.getByRole('button', { name: 'Discard', exact: true }).click();
    await expect(page.getByText('1 unsaved change')).toBeHidden();
  });

  await test.step('a dialog asks, and a second Escape goes back to it', async () => {
    await page.getByRole('button', { name: 'Generate a key' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Generate a key' });
    const name = dialog.getByRole('textbox', { name: /^Name/ });
    await name.fill('backup');
    await page.keyboard.press('Escape');
    const question = dialog.getByRole('alertdialog', { name: 'Unsaved changes' });
    await expect(question.getByRole('button', { name: 'Keep editing' })).toBeFocused();
    await expectAccessible(page, 'the question of an unsaved dialog');
    await question.getByRole('button', { name: 'Keep editing' }).click();
    await expect(name).toHaveValue('backup');
    await page.keyboard.press('Escape');
    await question.getByRole('button', { name: 'Discard' }).click();
    await expect(dialog).toBeHidden();
  });

  await test.step('the filter of the models is in the address', async () => {
    await page.goto(`${core.origin}/#/models?q=llama&only=awake`);
    await page.reload();
    await expect(page).toHaveURL(/#\/models\?q=llama&only=awake$/);
  });
});
