import { expect, expectAccessible, goTo, test } from './support/fixtures.ts';

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
