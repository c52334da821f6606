import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, goTo, test } from './support/fixtures.ts';

test('bad input is said at its field, and nothing is changed', async ({ page, folder, startCore }) => {
  const core = await startCore();
  await page.goto(core.url);

  await test.step('a node', async () => {
    await page.getByRole('button', { name: 'Add a node' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a node' });
    const where = dialog.getByRole('textbox', { name: 'Address or name' });
    await dialog.getByRole('button', { name: 'Next' }).click();
    await expect(where).toHaveAttribute('aria-invalid', 'true');
    await where.fill('not a url');
    await dialog.getByRole('button', { name: 'Next' }).click();
    await expect(dialog.getByRole('alert')).toContainText('http://192.168.1.20:11434');
    await where.fill('');
    await dialog.getByRole('button', { name: /^It’s off/ }).click();
    const add = dialog.getByRole('button', { name: 'Add the node' });
    const address = dialog.getByRole('textbox', { name: 'Ollama address' });
    await add.click();
    await expect(address).toHaveAttribute('aria-invalid', 'true');
    await address.fill('not a url');
    await add.click();
    await expect(address).toHaveAttribute('aria-invalid', 'true');
    await expect(dialog.getByRole('alert')).toContainText('http://192.168.1.20:11434');
    await address.fill('http://127.0.0.1:1');
    const mac = dialog.getByRole('textbox', { name: /^MAC/ });
    await mac.fill('12:34');
    await add.click();
    await expect(mac).toHaveAttribute('aria-invalid', 'true');
    await mac.fill('AA-BB-CC-DD-EE-FF');
    const vram = dialog.getByRole('textbox', { name: /^VRAM/ });
    await vram.fill('lots');
    await add.click();
    await expect(vram).toHaveAttribute('aria-invalid', 'true');
    await vram.fill('24');
    await dialog
      .getByRole('textbox', { name: /^Name/ })
      .fill('a machine that does not answer and has a name of sixty letters');
    await add.click();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('article', { name: /^a machine that does not answer/ })).toBeVisible();
    await expect(page.getByText('2 nodes')).toBeVisible();
  });

  await test.step('a folder', async () => {
    const file = join(folder, 'a-file.txt');
    await writeFile(file, 'text');
    await goTo(page, 'Index');
    await page.getByRole('button', { name: 'Add a folder' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Add a folder' });
    const path = dialog.getByRole('textbox', { name: 'Folder' });
    await path.fill(join(folder, 'nowhere'));
    await dialog.getByRole('button', { name: 'Add this folder' }).click();
    await expect(dialog.getByRole('alert')).toContainText('This folder does not exist.');
    await path.fill(file);
    await dialog.getByRole('button', { name: 'Add this folder' }).click();
    await expect(dialog.getByRole('alert')).toContainText('This is a file, not a folder.');
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'Discard', exact: true }).click();
    await expect(dialog).toBeHidden();
  });

  await test.step('a setting', async () => {
    await goTo(page, 'Settings');
    const interval = page.getByRole('textbox', { name: 'Check machines every' });
    await interval.fill('0.2');
    await expect(page.getByRole('alert')).toContainText('At least 1 s.');
    await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
    await interval.fill('7');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Settings saved');
    await page.reload();
    await expect(interval).toHaveValue('7');
  });
});
