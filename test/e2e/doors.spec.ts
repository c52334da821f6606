import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, goTo, test } from './support/fixtures.ts';

test('the addresses, the Prometheus job and the dashboard are there to be copied, and work', async ({
  page,
  context,
  folder,
  startCore,
}) => {
  const core = await startCore();
  const { origin, host } = new URL(core.url);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.goto(core.url);
  await goTo(page, 'Settings');
  const card = page.getByRole('region', { name: 'API and metrics' });

  await card.getByRole('button', { name: `Copy: ${origin}/metrics` }).click();
  await expect(card.getByRole('button', { name: `Copied: ${origin}/metrics` })).toBeVisible();
  const metrics = await copied();
  const { secret } = await core.call('access.addKey', {
    kind: 'script',
    name: 'Prometheus',
    rights: ['view'],
  });
  const answer = await fetch(metrics, { headers: { authorization: `Bearer ${secret}` } });
  expect(await answer.text()).toContain('pilotlight_build_info');

  await card.getByRole('button', { name: 'Copy: Prometheus job' }).click();
  await expect(card.getByText('Prometheus job copied')).toBeAttached();
  expect(await copied()).toContain(`targets: ["${host}"]`);

  const download = page.waitForEvent('download');
  await card.getByRole('button', { name: 'Download the Grafana dashboard' }).click();
  const file = join(folder, 'dashboard.json');
  await (await download).saveAs(file);
  expect(JSON.parse(await readFile(file, 'utf8')).title).toBe('Pilotlight');

  await card.getByRole('link', { name: 'Change: Tasks from the network' }).click();
  await expect(page.locator('[id="setting-tasks.listen"]')).toBeFocused();
});
