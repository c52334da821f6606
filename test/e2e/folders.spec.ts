import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, expectAccessible, expectLive, goTo, test } from './support/fixtures.ts';
import { everyState } from './support/scenes.ts';

test('a folder is chosen, estimated and added with patterns that leave files out', async ({
  page,
  startCore,
  folder,
}) => {
  test.setTimeout(120_000);
  await mkdir(join(folder, 'texts', 'letters'), { recursive: true });
  await mkdir(join(folder, 'texts', '.hidden'));
  await symlink('/usr', join(folder, 'texts', 'elsewhere'));
  await writeFile(join(folder, 'texts', 'letters', 'a.md'), '# Harbour\n\nThe ship waits for the tide.\n');
  await writeFile(join(folder, 'texts', 'letters', 'b.log'), 'noise\n');
  const core = await startCore();
  await page.goto(core.url);
  await expectLive(page);
  await goTo(page, 'Index');
  await page
    .getByRole('button', { name: /Add a folder|Add folder/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Folder', { exact: true }).fill(join(folder, 'texts'));
  await dialog.getByRole('button', { name: 'Browse…' }).click();
  const picker = dialog.getByRole('region', { name: 'Folders' });
  await expect(picker.getByRole('status')).toHaveText(join(folder, 'texts'));
  await expect(picker.getByRole('button', { name: /^elsewhere/ })).toContainText('link to /usr');
  await expect(picker.getByText('.hidden')).toHaveCount(0);
  await picker.getByRole('switch', { name: 'Hidden folders' }).click();
  await expect(picker.getByText('.hidden')).toBeVisible();
  await expectAccessible(page, 'the folder picker');
  await picker.getByRole('button', { name: 'letters' }).click();
  await picker.getByRole('button', { name: 'Choose this folder' }).click();
  await expect(dialog.getByLabel('Folder', { exact: true })).toHaveValue(join(folder, 'texts', 'letters'));

  await dialog.getByLabel(/^Leave out/).fill('a*b*c*d*e*f');
  await dialog.getByRole('button', { name: 'Add this folder' }).click();
  await expect(dialog.getByText(/too many wildcards/)).toBeVisible();
  await dialog.getByLabel(/^Leave out/).fill('*.log');
  await dialog.getByRole('button', { name: 'Estimate' }).click();
  await expect(dialog.getByText(/^About 1 file/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Add this folder' }).click();
  await expect(dialog).toBeHidden();
  const [source] = await core.call('index.sources', {});
  expect(source).toMatchObject({ path: join(folder, 'texts', 'letters'), ignorePatterns: ['*.log'] });
});

test('an estimate that takes long is cancelled, by its button and with the dialog', async ({
  page,
  showScene,
}) => {
  await showScene({ ...everyState, unanswered: ['index.estimate'] }, '#/index');
  const cancelled = () =>
    page.evaluate(
      () =>
        (window as unknown as { sceneCalls: readonly [string, unknown][] }).sceneCalls.filter(
          ([method]) => method === 'cancel index.estimate',
        ).length,
    );
  await page.getByRole('button', { name: 'Add a folder' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a folder' });
  const estimate = dialog.getByRole('button', { name: 'Estimate', exact: true });
  await dialog.getByRole('textbox', { name: 'Folder' }).fill('~/notes');
  await estimate.click();
  await expect(dialog.getByText('Reading names and a sample…')).toBeVisible();
  await expect(estimate).toBeDisabled();
  await expectAccessible(page, 'an estimate under way');
  await dialog.getByRole('button', { name: 'Cancel the estimate' }).click();
  await expect(estimate).toBeEnabled();
  // The focus is not lost with the button that had it.
  await expect(estimate).toBeFocused();
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  expect(await cancelled()).toBe(1);

  await estimate.click();
  await expect(dialog.getByText('Reading names and a sample…')).toBeVisible();
  await page.keyboard.press('Escape');
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(cancelled).toBe(2);
});
