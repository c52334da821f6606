import { accessFull } from './support/access-scenes.ts';
import { expect, expectAccessible, expectNoSideScroll, test } from './support/fixtures.ts';
import {
  gatewayFirstRun,
  gatewayOff,
  gatewayPortTaken,
  gatewayRunning,
  gatewayStaysLocal,
  otherServers,
} from './support/gateway-scenes.ts';

const address = 'http://127.0.0.1:11435';

test('the Fleet page names the address and copies it', async ({ page, context, showScene }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await showScene(gatewayRunning, '#/fleet');
  const gateway = page.getByRole('region', { name: 'Gateway' });
  await expect(gateway.getByText(address, { exact: true })).toBeVisible();
  await gateway.getByRole('button', { name: `Copy: ${address}` }).click();
  await expect(gateway.getByRole('status')).toHaveText('Address copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(address);
  await expectAccessible(page, 'the address of the gateway');
  await expectNoSideScroll(page, 'the Fleet page with the gateway');
});

test('the first run names the address', async ({ page, showScene }) => {
  await showScene(gatewayFirstRun, '#/fleet');
  await expect(page.getByRole('region', { name: 'Gateway' }).getByText(address)).toBeVisible();
  await expectAccessible(page, 'the first run with the gateway');
});

test('a taken port names its holder, and leads to the setting', async ({ page, showScene }) => {
  await showScene(gatewayPortTaken, '#/fleet');
  const gateway = page.getByRole('region', { name: 'Gateway' });
  await expect(gateway).toContainText('ollama-herd');
  await expect(gateway).toContainText('4711');
  await expectAccessible(page, 'a gateway whose port is taken');
  await gateway.getByRole('button', { name: 'Gateway settings' }).click();
  await expect(page.getByRole('textbox', { name: 'Port', exact: true })).toBeFocused();
  await expect(page.getByRole('region', { name: 'Gateway' })).toContainText('ollama-herd');
});

test('a gateway that is off takes no space on the Fleet page', async ({ page, showScene }) => {
  await showScene(gatewayOff, '#/fleet');
  await expect(page.getByRole('heading', { name: 'Fleet' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'lab-4' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Gateway' })).toHaveCount(0);
});

test('the settings show the state and refuse what is wrong', async ({ page, showScene }) => {
  await showScene(gatewayStaysLocal, '#/settings');
  const gateway = page.getByRole('region', { name: 'Gateway' });
  await expect(gateway.getByText(address, { exact: true })).toBeVisible();
  await expect(gateway).toContainText('infer');
  await expect(gateway.getByRole('combobox', { name: 'Machine for pulls and deletes' })).toHaveValue(
    'gpu-tower',
  );
  const fallbacks = gateway.getByRole('textbox', { name: 'Use other models instead' });
  await expect(fallbacks).toHaveValue('qwen3:32b = qwen3:8b, llama3.1:8b');
  await fallbacks.fill('qwen3:32b');
  await expect(gateway.getByRole('alert')).toBeVisible();
  await expectAccessible(page, 'the settings of the gateway');
  await expectNoSideScroll(page, 'the settings of the gateway');
});

test('a key for programs may be limited', async ({ page, showScene }) => {
  await showScene(accessFull, '#/settings');
  await page.getByRole('button', { name: 'Generate a key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Open WebUI at home');
  await expect(dialog.getByLabel('Requests a minute')).toHaveCount(0);
  await dialog.getByLabel('Used by').selectOption('program');
  await dialog.getByRole('textbox', { name: 'Models' }).fill('qwen3, mx*');
  const perMinute = dialog.getByLabel('Requests a minute');
  await perMinute.fill('lots');
  await expect(dialog.getByRole('button', { name: 'Generate' })).toBeDisabled();
  await perMinute.fill('60');
  await expectAccessible(page, 'the limits of a key');
  await dialog.getByRole('button', { name: 'Generate' }).click();
  await expect(dialog.getByLabel('The key')).toBeVisible();
});

test('a server that says nothing about placement is not shown as one on the CPU', async ({
  page,
  showScene,
}) => {
  await showScene(otherServers, '#/fleet');
  await expect(page.getByText('Its server doesn’t say which models are loaded')).toBeVisible();
  // What its models use is unknown, not nothing.
  await expect(page.getByText('0 of', { exact: false }).filter({ hasText: 'GB' })).toHaveCount(0);
  await expectAccessible(page, 'a server that says nothing about placement');
});
