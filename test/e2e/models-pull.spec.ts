import { expect, expectAccessible, expectNoSideScroll, goTo, test } from './support/fixtures.ts';

test('a model is downloaded to two machines, one of which is woken, then copied and deleted', async ({
  page,
  startCore,
}) => {
  const core = await startCore({ simulate: true });
  await page.goto(core.url);
  await goTo(page, 'Models');
  await expect(page.getByRole('grid', { name: 'Models by machine' })).toBeVisible();

  await test.step('the name is checked as it is typed, and nothing is chosen by itself', async () => {
    await page.getByRole('button', { name: 'Download a model' }).click();
    const dialog = page.getByRole('dialog', { name: 'Download a model' });
    const name = dialog.getByRole('combobox', { name: 'Model' });
    await name.fill('https://ollama.com/library/all-minilm');
    await expect(dialog.getByRole('alert')).toContainText('Enter the name only');
    await name.fill('all-minilm');
    await expect(dialog.getByRole('alert')).toBeHidden();
    await expect(dialog.getByRole('button', { name: 'Download', exact: true })).toBeDisabled();
    await expect(dialog.getByRole('checkbox', { checked: true })).toHaveCount(0);
    await expectAccessible(page, 'the dialog of a download');
    await dialog.getByRole('checkbox', { name: /^lab-2/ }).check();
    await dialog.getByRole('checkbox', { name: /^gpu-tower.*woken first/ }).check();
    await dialog.getByRole('button', { name: 'Download to 2 machines' }).click();
    await expect(dialog).toBeHidden();
  });

  const downloads = page.getByRole('region', { name: 'Downloads' });
  await test.step('both are shown until they are there', async () => {
    await expect(downloads.getByRole('listitem')).toHaveCount(2);
    await expect(downloads.getByText('Downloaded')).toHaveCount(2);
    await expectAccessible(page, 'downloads');
    await expectNoSideScroll(page, 'downloads');
  });

  await test.step('a full disk is named, with its code, and the next try works', async () => {
    await core.call('simulator.setFault', { nodeId: 'lab-2', fault: 'full-disk', on: true });
    await core.call('models.copy', { model: 'mxbai-embed-large', from: 'nas', to: 'lab-2' });
    const row = downloads.getByRole('listitem').filter({ hasText: 'mxbai-embed-large' });
    await expect(row).toContainText('SERVER_DISK_FULL');
    await expect(row).toContainText('what has arrived is kept');
    await core.call('simulator.setFault', { nodeId: 'lab-2', fault: 'full-disk', on: false });
    await row.getByRole('button', { name: 'Try again' }).click();
    await expect(row.getByRole('progressbar')).toBeVisible();
    await row.getByRole('button', { name: 'Cancel' }).click();
    await expect(row).toContainText('Cancelled');
  });

  await test.step('one is deleted after a question', async () => {
    await page.getByRole('button', { name: /^all-minilm:latest on lab-2/ }).click();
    const panel = page.getByRole('dialog', { name: 'all-minilm:latest' });
    await panel.getByRole('button', { name: 'Delete…' }).click();
    await expect(panel).toContainText('It stays on');
    await expect(panel.getByRole('button', { name: 'Cancel' })).toBeFocused();
    await panel.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(panel).toBeHidden();
    await expect(page.getByRole('button', { name: /^all-minilm:latest on lab-2/ })).toBeHidden();
    await expect(page.getByRole('button', { name: /^all-minilm:latest on gpu-tower/ })).toBeVisible();
  });
});
