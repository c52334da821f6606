import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, goTo, test, writeNotes } from './support/fixtures.ts';

test('what is exported comes back by an import, as a plan first; and an environment file makes a machine', async ({
  page,
  folder,
  startCore,
}) => {
  const notes = await writeNotes(folder, 1);
  const core = await startCore();
  const before = await core.call('settings.update', { fleet: { lookIntervalMs: 9000 } });
  const attic = await core.call('fleet.add', {
    name: 'attic',
    url: 'http://127.0.0.1:1',
    mac: '02:00:00:00:00:01',
  });
  const source = await core.call('index.addSource', { path: notes });
  await page.goto(core.url);
  await goTo(page, 'Settings');
  const messages = page.getByRole('region', { name: 'Messages' });
  const file = join(folder, 'exported.json');

  await test.step('export', async () => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    expect((await download).suggestedFilename()).toBe('pilotlight-settings.json');
    await (await download).saveAs(file);
    const { format, settings, nodes, sources } = JSON.parse(await readFile(file, 'utf8'));
    expect(format).toBe('pilotlight');
    expect(settings.fleet.lookIntervalMs).toBe(before.fleet.lookIntervalMs);
    expect(nodes.map((node: { name: string }) => node.name)).toContain('attic');
    expect(sources).toHaveLength(1);
    await expect(messages).toContainText('Settings exported');
  });

  await core.call('settings.update', { fleet: { lookIntervalMs: 3000 } });
  await core.call('fleet.remove', { nodeId: attic.id });
  await core.call('index.removeSource', { sourceId: source.id });

  const open = async (button: string, title: string) => {
    await page.getByRole('button', { name: button, exact: true }).click();
    return page.getByRole('dialog', { name: title });
  };

  await test.step('import: a plan, then all of it', async () => {
    const dialog = await open('Import', 'Import settings');
    await dialog.locator('input[type=file]').setInputFiles(file);
    await expect(dialog.getByRole('status')).toHaveText('3 changes. Nothing has been changed yet.');
    await expect(dialog).toContainText('fleet.lookIntervalMs');
    await expect(dialog).toContainText('attic');
    await expect(dialog).toContainText(notes);
    expect((await core.call('settings.get', {})).fleet.lookIntervalMs).toBe(3000);
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await expect(dialog).toBeHidden();
    await expect(messages).toContainText('3 changes imported');
    await expect(page.getByRole('textbox', { name: 'Check machines every' })).toHaveValue('9');
    expect((await core.call('fleet.list', {})).map(({ name }) => name)).toContain('attic');
    expect(await core.call('index.sources', {})).toHaveLength(1);
  });

  await test.step('the same again has nothing to do', async () => {
    const dialog = await open('Import', 'Import settings');
    await dialog.locator('input[type=file]').setInputFiles(file);
    await expect(dialog.getByRole('status')).toContainText('Nothing to do');
    await expect(dialog.getByRole('button', { name: 'Preview' })).toBeDisabled();
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'Discard', exact: true }).click();
    await expect(dialog).toBeHidden();
  });

  await test.step('a file that is none is refused, and nothing is changed', async () => {
    const other = join(folder, 'other.json');
    await writeFile(other, '{"format":"something else"}');
    const dialog = await open('Import', 'Import settings');
    await dialog.locator('input[type=file]').setInputFiles(other);
    await expect(dialog.getByRole('alert')).toContainText('BAD_IMPORT');
    await expect(dialog.getByRole('button', { name: 'Import', exact: true })).toHaveCount(0);
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'Discard', exact: true }).click();
    expect(await core.call('fleet.list', {})).toHaveLength(2);
  });

  await test.step('an environment file', async () => {
    const dialog = await open('Import an environment file', 'Import an environment file');
    await dialog
      .getByRole('textbox')
      .fill(
        'GPU_OLLAMA_URL=http://127.0.0.1:2\nGPU_WOL_MAC=02:00:00:00:00:02\nGPU_PRIORITY_MODELS=llama3.1:8b\n',
      );
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await expect(dialog.getByRole('status')).toContainText(/changes?\. Nothing has been changed yet/);
    expect(await core.call('fleet.list', {})).toHaveLength(2);
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await expect(dialog).toBeHidden();
    await goTo(page, 'Fleet');
    const cards = page.getByRole('article');
    await expect(cards).toHaveCount(3);
    await expect(cards.filter({ hasText: '127.0.0.1:2' })).toBeVisible();
    const nodes = await core.call('fleet.list', {});
    expect(nodes.find(({ url }) => url === 'http://127.0.0.1:2')?.mac).toBe('02:00:00:00:00:02');
    expect((await core.call('settings.get', {})).optimizer.priorityModels).toContain('llama3.1:8b');
  });
});
