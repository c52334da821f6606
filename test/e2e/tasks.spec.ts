import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSideScroll, goTo, test } from './support/fixtures.ts';
import { tasksBusy, tasksNone, tasksNoWorker, tasksThousand } from './support/task-scenes.ts';

type Calls = [method: string, params: Record<string, unknown>][];

const calls = (page: Page, method: string) =>
  page.evaluate(
    (name) =>
      (window as unknown as { sceneCalls: Calls }).sceneCalls
        .filter(([called]) => called === name)
        .map(([, params]) => params),
    method,
  );

const grid = (page: Page) => page.getByRole('grid', { name: 'Tasks' });
const row = (page: Page, name: RegExp) => grid(page).getByRole('row', { name });

/** Drops a text file onto the page, as from a file manager. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, content]) => {
      const data = new DataTransfer();
      data.items.add(new File([content], fileName, { type: 'text/markdown' }));
      return data;
    },
    [name, text] as const,
  );
  await page.getByRole('main').dispatchEvent('dragover', { dataTransfer: transfer });
  await page
    .getByRole('heading', { name: 'Tasks', level: 1 })
    .dispatchEvent('drop', { dataTransfer: transfer });
}

test('every state is shown, at every size', async ({ page, showScene }) => {
  test.slow();
  await showScene(tasksBusy, '#/tasks');
  await expect(row(page, /^Lecture 04.*, Running, GPU queue, on gpu-tower, 42%/)).toBeVisible();
  await expect(row(page, /^scan 0042.pdf, Failed.*The file is encrypted/)).toBeVisible();
  await expect(row(page, /^Garden plan.md, Indexing/)).toBeVisible();
  await expectAccessible(page, 'the tasks');
  for (const width of [390, 900, 1280, 2560]) {
    await page.setViewportSize({ width, height: 800 });
    await expect(page.getByRole('region', { name: 'GPU queue' })).toBeVisible();
    await expectNoSideScroll(page, `the tasks at ${width}`);
  }
  await page.getByRole('link', { name: /^Workers/ }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'old-laptop' })).toContainText('Lost');
  await expectAccessible(page, 'the workers');
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSideScroll(page, 'the workers on a phone');
  await page.getByRole('link', { name: 'Stored texts' }).click();
  await expect(page.getByText('Thermodynamics of small furnaces')).toBeVisible();
  await expectAccessible(page, 'the stored texts');
  await expectNoSideScroll(page, 'the stored texts on a phone');
});

test('several are chosen with the keyboard, and each button says how many it changes', async ({
  page,
  showScene,
}) => {
  await showScene(
    { ...tasksBusy, results: { ...tasksBusy.results, 'tasks.retry': { changed: 2 } } },
    '#/tasks',
  );
  await row(page, /^scan 0042.pdf/).focus();
  await page.keyboard.press(' ');
  await expect(row(page, /^scan 0042.pdf/)).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('1 of 9 tasks chosen')).toBeVisible();
  await row(page, /^wrong folder.zip/)
    .locator('[data-row-control]')
    .click();
  await expect(page.getByRole('button', { name: 'Retry 2' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Delete 2' })).toBeVisible();
  await page.getByRole('button', { name: 'Retry 2' }).click();
  // In the order of the list: what ended last is first.
  expect(await calls(page, 'tasks.retry')).toEqual([{ ids: ['t_cancelled', 't_failed'] }]);
  await expect(page.getByText('2 tasks queued again').first()).toBeVisible();
  await expect(page.getByText(/chosen$/)).toBeHidden();
});

test('a filter is in the address, and forgets what was chosen unseen', async ({ page, showScene }) => {
  await showScene(tasksBusy, '#/tasks?state=failed');
  await expect(grid(page).locator('[data-row]')).toHaveCount(1);
  await page.getByRole('button', { name: 'Choose all' }).click();
  await page.getByRole('button', { name: 'Cancelled', exact: true }).click();
  await expect(grid(page).locator('[data-row]')).toHaveCount(2);
  await expect(page.getByText('2 matching tasks')).toBeVisible();
  await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/tasks?state=failed%2Ccancelled');
  await page.getByRole('button', { name: 'Search older tasks' }).click();
  await expect
    .poll(() => calls(page, 'tasks.list'))
    .toEqual([{ states: ['failed', 'cancelled'], offset: 0, limit: 500 }]);
});

test('one task shows its timeline, log and result, and Back closes it', async ({ page, showScene }) => {
  await showScene(tasksBusy, '#/tasks');
  await row(page, /^Minutes of the meeting.md, Done/).click();
  const dialog = page.getByRole('dialog', { name: 'Minutes of the meeting.md' });
  await expect(dialog.getByRole('region', { name: 'Result' })).toContainText('The pilot light stays on');
  await expect(dialog.getByRole('region', { name: 'Log' })).toContainText('Found 12 headings');
  await expect(dialog.getByRole('region', { name: 'Timeline' })).toContainText('no GPU was asked for');
  await expectAccessible(page, 'one task');
  await page.goBack();
  await expect(dialog).toBeHidden();
});

test('a thousand tasks render only what is visible', async ({ page, showScene }) => {
  await showScene(tasksThousand, '#/tasks');
  await expect(grid(page)).toHaveAttribute('aria-rowcount', '1001');
  expect(await grid(page).locator('[data-row]').count()).toBeLessThan(60);
  await row(page, /^Document 0.md/).focus();
  await page.keyboard.press('End');
  await expect(row(page, /^Document 999.md/)).toBeFocused();
});

test('without tasks, the page says how to add one', async ({ page, showScene }) => {
  await showScene(tasksNone, '#/tasks');
  await expect(page.getByText('No tasks yet')).toBeVisible();
  await expectAccessible(page, 'no tasks');
});

test('without workers, the page says how to start one', async ({ page, showScene }) => {
  await showScene(tasksNoWorker, '#/tasks?view=workers');
  await expect(page.getByText('No workers')).toBeVisible();
});

test('a pasted address opens the dialog', async ({ page, showScene }) => {
  await showScene(tasksNone, '#/tasks');
  await expect(page.getByText('No tasks yet')).toBeVisible();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', 'https://example.org/a\nhttps://example.org/b');
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  });
  const dialog = page.getByRole('dialog', { name: 'Add a task' });
  await expect(dialog.getByRole('button', { name: 'Add 2 tasks' })).toBeEnabled();
  await expectAccessible(page, 'adding a task');
});

test('what takes space is listed, and nothing is deleted without asking', async ({ page, showScene }) => {
  const freed = { freedBytes: 1_820_000_000 };
  await showScene({ ...tasksBusy, results: { ...tasksBusy.results, 'storage.clear': freed } }, '#/settings');
  const card = page.getByRole('region', { name: 'Storage' });
  await expect(card).toContainText('at most 21.5 GB');
  await card.getByRole('button', { name: 'Delete uploads' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete uploads?' });
  expect(await calls(page, 'storage.clear')).toEqual([]);
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByText('1.8 GB freed').first()).toBeVisible();
  expect(await calls(page, 'storage.clear')).toEqual([{ kind: 'uploads' }]);
});

test('a dropped file wakes a GPU machine, is found, and the machine sleeps again', async ({
  page,
  startCore,
}) => {
  test.slow();
  const core = await startCore({ simulate: true });
  await page.goto(core.url);
  await expect(page.getByRole('article', { name: /^gpu-tower.*: off$/ })).toBeVisible();
  await core.call('power.setPolicy', {
    nodeId: 'gpu-tower',
    policy: { idleMinutes: 1, countdownSeconds: 5 },
  });
  await expect
    .poll(
      async () => (await core.call('tasks.workers', {})).map(({ nodeId, state }) => `${nodeId} ${state}`),
      {
        timeout: 30_000,
      },
    )
    .toContain('gpu-tower asleep');

  await test.step('dropped', async () => {
    await goTo(page, 'Tasks');
    await drop(page, 'Furnace.md', '# Furnace\n\nThe brass regulator hums quietly beside the boiler.\n');
    const dialog = page.getByRole('dialog', { name: 'Add a task' });
    await dialog.getByLabel('Use a GPU').click();
    await dialog.getByLabel('Type').selectOption('mixed');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  });
  await test.step('worked on where it woke', async () => {
    const sheet = page.getByRole('dialog', { name: 'Furnace.md' });
    await expect(sheet.getByRole('status').first()).toContainText(/Done/, { timeout: 60_000 });
    await expect(sheet.getByRole('status').first()).toContainText('gpu-tower');
    await page.keyboard.press('Escape');
  });
  await test.step('found', async () => {
    await goTo(page, 'Search');
    await page.getByRole('searchbox', { name: 'Search your folders' }).fill('brass regulator');
    await page.keyboard.press('Enter');
    await expect(page.getByText('beside the boiler').first()).toBeVisible();
  });
  await test.step('asleep again', async () => {
    await core.call('simulator.setFault', { nodeId: 'gpu-tower', fault: 'time-flies', on: true });
    await goTo(page, 'Fleet');
    await expect(page.getByRole('article', { name: /^gpu-tower.*: off$/ })).toBeVisible({ timeout: 30_000 });
  });
});
