import type { Page } from '@playwright/test';
import {
  addFolder,
  expect,
  expectAccessible,
  goTo,
  type RunningCore,
  test,
  writeNotes,
} from './support/fixtures.ts';

const tower = (page: Page) => page.getByRole('article', { name: /^gpu-tower/ });

/** Idle minutes pass in seconds at the machine's agent; only while no lease should be held there. */
const timeFlies = (core: RunningCore, on: boolean) =>
  core.call('simulator.setFault', { nodeId: 'gpu-tower', fault: 'time-flies', on });

test('off, woken through the relay by a job, kept on, released, cancelled by a person, needed again, and off', async ({
  page,
  folder,
  startCore,
}) => {
  test.slow();
  const notes = await writeNotes(folder, 40);
  const core = await startCore({ simulate: true });
  await page.goto(core.url);
  await expect(page.getByRole('article', { name: /^gpu-tower.*: off$/ })).toBeVisible();
  await core.call('fleet.update', { nodeId: 'gpu-tower', wakeWays: [{ kind: 'agent', nodeId: 'nas' }] });
  await core.call('power.setPolicy', {
    nodeId: 'gpu-tower',
    policy: { idleMinutes: 1, countdownSeconds: 900 },
  });

  await test.step('a job wakes it through the relay, and holds it', async () => {
    await goTo(page, 'Index');
    await addFolder(page, notes);
    await core.call('power.keepAwake', { nodeId: 'gpu-tower', until: null, purpose: 'a game' });
    await page.getByRole('button', { name: 'Index this folder: notes' }).click();
    await goTo(page, 'Fleet');
    await expect(tower(page).getByRole('list', { name: 'What keeps it on' })).toContainText(
      'indexing "notes"',
    );
    await goTo(page, 'Index');
    await expect(page.getByRole('article', { name: 'Proof card of notes' })).toBeVisible({ timeout: 45_000 });
    const [job] = await core.call('index.jobs', {});
    expect(job?.nodes.map(({ nodeId }) => nodeId)).toContain('gpu-tower');
    await goTo(page, 'Activity');
    await expect(
      page
        .getByRole('main')
        .getByRole('listitem')
        .filter({ hasText: /gpu-tower.* woke/ })
        .first(),
    ).toContainText(/nas/);
  });

  await test.step('the second lease keeps it on', async () => {
    await goTo(page, 'Fleet');
    const holders = tower(page).getByRole('list', { name: 'What keeps it on' });
    await expect(holders).not.toContainText('indexing "notes"');
    await expect(holders).toContainText('a game');
    const power = (await core.call('power.list', {})).find(({ nodeId }) => nodeId === 'gpu-tower');
    expect(power).toMatchObject({ means: 'agent', wokenByUs: true, idleSince: null, offAt: null });
    expect(power?.leases).toMatchObject([{ purpose: 'a game', mirrored: true }]);
  });

  await test.step('released, it counts down; a person cancels, and it stays on', async () => {
    await tower(page)
      .getByRole('button', { name: /^Why is it on/ })
      .click();
    const dialog = page.getByRole('dialog', { name: /^Why is gpu-tower/ });
    await expectAccessible(page, 'why a machine is on');
    await dialog.getByRole('button', { name: /^Release: a game/ }).click();
    await expect(dialog.getByRole('button', { name: /^Release/ })).toHaveCount(0);
    await page.keyboard.press('Escape');
    await timeFlies(core, true);
    const countdown = tower(page).getByRole('region', { name: /^Countdown for gpu-tower/ });
    await expect(countdown).toBeVisible({ timeout: 20_000 });
    await timeFlies(core, false);
    await countdown.getByRole('button', { name: /^Cancel|^Keep/ }).click();
    await expect(countdown).toBeHidden();
    await expect
      .poll(async () => {
        const power = (await core.call('power.list', {})).find(({ nodeId }) => nodeId === 'gpu-tower');
        return power?.whyOn.map(({ code }) => code);
      })
      .toContain('IDLE_KEPT_ON');
    await expect(tower(page)).toHaveAccessibleName(/gpu-verified$/);
  });

  await test.step('needed again and released, it powers itself off', async () => {
    await core.call('power.setPolicy', { nodeId: 'gpu-tower', policy: { countdownSeconds: 5 } });
    await core.call('index.start', { rebuild: true });
    await expect
      .poll(async () => (await core.call('index.jobs', {}))[0]?.status, { timeout: 45_000 })
      .toBe('completed');
    await expect(tower(page).getByRole('list', { name: 'What keeps it on' })).not.toContainText('index');
    await timeFlies(core, true);
    await expect(page.getByRole('article', { name: /^gpu-tower.*: off$/ })).toBeVisible({ timeout: 30_000 });
    await goTo(page, 'Activity');
    await expect(
      page
        .getByRole('main')
        .getByRole('listitem')
        .filter({ hasText: /gpu-tower.* (dropped out|is off)/ })
        .first(),
    ).toBeVisible();
  });
});
