import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSideScroll, goTo, test } from './support/fixtures.ts';
import { searchScene } from './support/search-scene.ts';

const box = (page: Page) => page.getByRole('searchbox', { name: 'Search your folders' });
const results = (page: Page) => page.getByRole('list', { name: 'Results' });

/** Four kinds of files about one thing, and a hundred notes about others. */
async function writeFiles(folder: string): Promise<string> {
  const files = join(folder, 'files');
  await mkdir(join(files, 'deep'), { recursive: true });
  const filler = 'Something else altogether.\n\n'.repeat(60);
  await writeFile(
    join(files, 'deep/log.md'),
    `# Log\n\n${filler}## Night\n\nThe lighthouse **zephyr-9** went out.\n\n${filler}`,
  );
  await writeFile(
    join(files, 'lamp.py'),
    `${'# filler\n'.repeat(80)}def zephyr_lamp():\n    return "lighthouse"\n`,
  );
  await writeFile(
    join(files, 'page.html'),
    '<!doctype html><title>x</title><p>A lighthouse in the rain.</p>',
  );
  await writeFile(join(files, 'plain.txt'), `${filler}The lighthouse keeper sleeps.\n`);
  return files;
}

test('a passage is found, read in its file, filtered by kind, and the address says it all', async ({
  page,
  folder,
  startCore,
}) => {
  test.slow();
  const files = await writeFiles(folder);
  const core = await startCore();
  const source = await core.call('index.addSource', { path: files, name: 'Files' });
  await core.call('index.start', {});
  await expect.poll(async () => (await core.call('index.jobs', {}))[0]?.status).toBe('completed');
  await page.goto(core.url);
  await goTo(page, 'Fleet');
  await page.keyboard.press('/');
  await expect(box(page)).toBeFocused();
  await page.keyboard.type('zephyr-9 lighthouse');
  await expect(results(page).getByRole('listitem').first()).toContainText('deep/log.md');

  await test.step('in Markdown, at the passage', async () => {
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const file = page.getByRole('region', { name: 'File log.md' });
    await expect(file.locator('[data-passage]')).toBeInViewport();
    await expect(file.getByRole('strong')).toHaveText('zephyr-9');
    await expect(file.getByRole('heading', { name: 'Night' })).toBeVisible();
    await expect(file.getByRole('status')).toContainText(/lines? \d+/);
  });

  await test.step('only code, with the numbers of its lines', async () => {
    await page.getByRole('combobox', { name: 'Kind of files' }).selectOption('Code and data');
    const links = results(page).getByRole('link');
    await expect(results(page).getByRole('heading')).toHaveText(['lamp.py']);
    await links.first().click();
    const file = page.getByRole('region', { name: 'File lamp.py' });
    await expect(file.locator('[data-passage]')).toContainText('def zephyr_lamp');
    await expect(page).toHaveURL(/type=code/);
    await expect(page).toHaveURL(/file=lamp\.py/);
  });

  await test.step('Back closes what was opened, and a reload shows the same', async () => {
    await page.goBack();
    await expect(page.getByRole('region', { name: 'File log.md' })).toBeVisible();
    await page.goForward();
    await page.reload();
    await expect(
      page.getByRole('region', { name: 'File lamp.py' }).locator('[data-passage]'),
    ).toBeInViewport();
    await expect(box(page)).toHaveValue('zephyr-9 lighthouse');
    await expect(page.getByRole('combobox', { name: 'Kind of files' })).toHaveValue('=code');
    await page.getByRole('button', { name: 'Close the file' }).click();
    await expect(page.getByRole('region', { name: 'File lamp.py' })).toHaveCount(0);
    await expect(results(page).getByRole('link').first()).toBeFocused();
  });

  await test.step('what was searched for is offered again', async () => {
    await box(page).fill('');
    await page.getByRole('combobox', { name: 'Kind of files' }).selectOption('All kinds of files');
    await page.getByRole('region', { name: 'Recent searches' }).getByText('zephyr-9 lighthouse').click();
    await expect(results(page).getByRole('listitem').first()).toContainText('log.md');
    await page.getByRole('combobox', { name: 'Folder to search' }).selectOption('Files');
    await expect(page).toHaveURL(new RegExp(`in=${source.id}`));
  });

  await test.step('a file that was deleted says so', async () => {
    await rm(join(files, 'deep/log.md'));
    await results(page).getByRole('link').first().click();
    await expect(page.getByRole('region', { name: 'File log.md' })).toContainText('no longer exists');
  });
});

test('arrow keys go through the hits, Escape returns to the box, and a slash is a slash in it', async ({
  page,
  showScene,
}) => {
  await showScene(searchScene, '#/search?q=harbour+tide');
  const links = results(page).getByRole('link');
  await expect(links).toHaveCount(4);
  await box(page).focus();
  await page.keyboard.press('End');
  await page.keyboard.type('/');
  await expect(box(page)).toHaveValue('harbour tide/');
  for (const at of [0, 1, 2]) {
    await page.keyboard.press('ArrowDown');
    await expect(links.nth(at)).toBeFocused();
  }
  await page.keyboard.press('End');
  await expect(links.nth(3)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(links.nth(2)).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowUp');
  await expect(box(page)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  await expect(box(page)).toBeFocused();
});

test('weaker matches wait behind a button, reasons behind a disclosure', async ({ page, showScene }) => {
  await showScene(searchScene, '#/search?q=harbour+tide');
  const files = results(page).getByRole('heading');
  await expect(files).toHaveCount(3);
  await page.getByRole('button', { name: '2 weaker matches · show' }).click();
  await expect(files).toHaveCount(5);
  const why = results(page).getByRole('listitem').first().getByText('It has', { exact: false });
  await expect(why).toHaveCount(0);
  await results(page).getByText('Why this hit').last().click();
  await expect(results(page).getByText('It has none of your words.').last()).toBeVisible();
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing in a search and an opened file, ${colorScheme}`, async ({ page, showScene }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(searchScene, '#/search?q=harbour+tide');
    await expect(results(page).getByRole('link')).toHaveCount(4);
    await results(page).getByText('Why this hit').first().click();
    await results(page).getByRole('link').first().click();
    await expect(page.getByRole('region', { name: /^File/ }).getByRole('table')).toBeVisible();
    await expectAccessible(page, `a search, ${colorScheme}`);
    await page.setViewportSize({ width: 390, height: 844 });
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectAccessible(page, `a file on a phone, ${colorScheme}`);
    await expectNoSideScroll(page, 'a file on a phone');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    const screens = await page.evaluate(() => document.documentElement.scrollHeight / innerHeight);
    expect(screens).toBeLessThanOrEqual(4);
    await page.getByRole('button', { name: 'More' }).click();
    await expectAccessible(page, `the other pages on a phone, ${colorScheme}`);
  });
}
