import { agentsOld, agentsRunning, agentsStopped, agentsWithoutRelease } from './support/agent-scenes.ts';
import { expect, expectAccessible, expectNoSideScroll, test } from './support/fixtures.ts';

const scenes = { old: agentsOld, running: agentsRunning, stopped: agentsStopped, none: agentsWithoutRelease };

for (const [name, scene] of Object.entries(scenes)) {
  test(`agents, ${name}, at every size`, async ({ page, showScene }, info) => {
    await showScene(scene, '#/settings');
    const card = page.getByRole('region', { name: 'Agents' });
    await expect(card.getByText('lab-1')).toBeVisible();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        await expectNoSideScroll(page, `agents at ${width}`);
        await expectAccessible(page, `agents at ${width}, ${colorScheme}`);
        await card.screenshot({ path: info.outputPath(`agents-${name}-${width}-${colorScheme}.png`) });
      }
    }
  });
}

const callsOf = (method: string) =>
  ((window as unknown as { sceneCalls: [string, unknown][] }).sceneCalls ?? [])
    .filter(([name]) => name === method)
    .map(([, params]) => params);

test('one agent is updated, or all with those that are off', async ({ page, showScene }) => {
  await showScene(agentsOld, '#/settings');
  const card = page.getByRole('region', { name: 'Agents' });
  await expect(card.getByText('Waits for the lease of Ann: index of Notes.')).toBeVisible();
  await card.getByRole('button', { name: 'Update the agent of lab-1' }).click();
  await card.getByRole('checkbox', { name: /machines that are off/ }).check();
  await card.getByRole('button', { name: 'Update all to 1.2.0' }).click();
  await expect
    .poll(() => page.evaluate(callsOf, 'agents.update'))
    .toEqual([{ nodeIds: ['lab-1'], whenOn: false }, { whenOn: true }]);
});

test('a run is cancelled', async ({ page, showScene }) => {
  await showScene(agentsRunning, '#/settings');
  const card = page.getByRole('region', { name: 'Agents' });
  await expect(card.getByText('Sending, 40%')).toBeVisible();
  await card.getByRole('button', { name: 'Cancel' }).click();
  await expect.poll(() => page.evaluate(callsOf, 'agents.cancelUpdates')).toEqual([{}]);
});
