import { addFolder, expect, expectAccessible, goTo, test, writeNotes } from './support/fixtures.ts';

test('a run that waits for a wake shows it, is paused, resumed, sent to the CPU, and asked about', async ({
  page,
  folder,
  startCore,
}) => {
  const core = await startCore({ simulate: true });
  await core.call('simulator.setFault', { nodeId: 'gpu-tower', fault: 'does-not-wake', on: true });
  const notes = await writeNotes(folder, 60);
  await page.goto(core.url);
  await goTo(page, 'Index');
  await addFolder(page, notes);
  await page
    .getByRole('button', { name: /^Index/ })
    .first()
    .click();
  const wait = page.getByRole('region', { name: 'What it waits for' });
  await expect(wait.getByRole('progressbar', { name: /^Waking gpu-tower/ })).toBeVisible();
  await expect(wait).toContainText(/Continues on the CPU in \d:\d\d/);
  await expectAccessible(page, 'a run that waits');

  await page
    .getByRole('banner')
    .getByRole('button', { name: /^Pause indexing/ })
    .click();
  await expect(page.getByRole('region', { name: 'Paused' })).toBeVisible();
  await expect(wait).toBeHidden();
  await page
    .getByRole('banner')
    .getByRole('button', { name: /^Resume indexing/ })
    .click();
  await expect(wait).toBeVisible();

  await page
    .getByRole('banner')
    .getByRole('button', { name: /^Cancel indexing/ })
    .click();
  const question = page.getByRole('dialog', { name: /^Cancel indexing/ });
  await expect(question.getByRole('button', { name: 'Back' })).toBeFocused();
  await expectAccessible(page, 'the question before a run is cancelled');
  await question.getByRole('button', { name: 'Back' }).click();
  await expect(question).toBeHidden();

  await wait.getByRole('button', { name: 'Use the CPU now' }).click();
  await expect(page.getByRole('main')).toContainText('Continues on the CPU, as requested');
  await expect(page.getByRole('main')).toContainText(/nas \(simulated\)/);
});
