import { startFakeRecall } from '../fakes/recall.ts';
import {
  coreIsGone,
  expect,
  expectAccessible,
  expectLive,
  expectNoSideScroll,
  goTo,
  test,
} from './support/fixtures.ts';
import { remoteEvery } from './support/remote-scenes.ts';

test('every state of a remote index, at every size', async ({ page, showScene }, info) => {
  await showScene(remoteEvery, '#/index');
  const list = page.getByRole('region', { name: 'Remote indexes' });
  await expect(list.getByRole('progressbar', { name: 'Progress of NAS notes' })).toHaveAttribute(
    'aria-valuenow',
    '29',
  );
  await expect(list.getByText('No answer, so its state is unknown.')).toBeVisible();
  await expect(list.getByRole('button', { name: 'Stop following' })).toBeVisible();
  await expect(list.getByText(/completed, 312 files/)).toBeVisible();
  await expect(list.getByText('The run failed on the server: out of memory')).toBeVisible();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await expectNoSideScroll(page, `remote indexes at ${width}`);
      await expectAccessible(page, `remote indexes at ${width}, ${colorScheme}`);
      await list.screenshot({ path: info.outputPath(`remote-${width}-${colorScheme}.png`) });
      await page.getByRole('button', { name: 'Add a remote index' }).click();
      const dialog = page.getByRole('dialog', { name: 'Add a remote index' });
      await expect(dialog.getByRole('textbox', { name: 'Address' })).toBeVisible();
      await expectAccessible(page, `the dialog at ${width}, ${colorScheme}`);
      await page.screenshot({ path: info.outputPath(`dialog-${width}-${colorScheme}.png`) });
      await page.keyboard.press('Escape');
    }
  }
});

test('a remote index is added, tested, started, followed over a power cut, and cancelled', async ({
  page,
  startCore,
  complaints,
}) => {
  const recall = await startFakeRecall({ key: 'key-1' });
  const first = await startCore({ simulate: true });
  await page.goto(first.url);
  await goTo(page, 'Index');
  await page.getByRole('button', { name: 'Add a remote index' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a remote index' });
  await dialog.getByRole('textbox', { name: 'Address' }).fill(`${recall.url}/index/progress`);
  await dialog.getByRole('button', { name: 'Test connection' }).click();
  await expect(dialog.getByText(/asks for a key/)).toBeVisible();
  await dialog.getByLabel(/^Key/).fill('key-1');
  await dialog.getByRole('button', { name: 'Test connection' }).click();
  await expect(dialog.getByRole('status')).toContainText('It answers: no run is in progress');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('NAS notes');
  await dialog.getByRole('checkbox', { name: 'gpu-tower' }).check();
  await dialog.getByRole('button', { name: 'Add it' }).click();
  await expect(dialog).toBeHidden();

  const list = page.getByRole('region', { name: 'Remote indexes' });
  await list.getByRole('button', { name: 'Start: NAS notes' }).click();
  await expect.poll(() => recall.current()?.job_id ?? null, { timeout: 60_000 }).toBe('job-1');
  recall.advance(30, 120, 'notes/harbour.md');
  await expect(list.getByText('30 of 120 files')).toBeVisible();
  await expect(list.getByText('notes/harbour.md')).toBeVisible();

  complaints.allow(coreIsGone);
  await first.kill();
  await expect(page.getByText('connection lost')).toBeVisible();
  recall.advance(90, 120, 'notes/tide.md');
  await startCore();
  await expectLive(page, { timeout: 20_000 });
  await expect(list.getByText('90 of 120 files')).toBeVisible();
  await list.getByRole('button', { name: 'Cancel: NAS notes' }).click();
  await expect.poll(() => recall.current()?.cancelled).toBe(true);
  recall.end('failed', 'cancelled');
  await expect(list.getByText(/^cancelled/)).toBeVisible();
  expect(recall.starts).toHaveLength(1);
  await recall.close();
});
