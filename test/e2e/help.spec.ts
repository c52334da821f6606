import { expect, expectAccessible, showCards, test } from './support/fixtures.ts';
import { everyPower } from './support/power-scenes.ts';
import { everyState } from './support/scenes.ts';

test('a code opens its entry of the guide, over what is open', async ({ page, showScene }) => {
  await showScene(everyState, '#/fleet');
  await showCards(page);
  const help = page.getByRole('button', { name: /^Help with / }).first();
  const code = (await help.getAttribute('aria-label'))?.replace('Help with ', '') ?? '';
  await help.click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(code);
  await expectAccessible(page, 'an entry of the guide');
  await dialog.getByRole('button', { name: 'All help' }).click();
  await dialog.getByRole('searchbox', { name: 'Search the help' }).fill('mac address');
  await dialog.getByRole('button', { name: /^Where is the MAC address/ }).click();
  await expect(page.getByRole('dialog', { name: 'Where is the MAC address?' })).toContainText('ip link');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(help).toBeFocused();
});

test('? lists the shortcuts, but not while text is typed', async ({ page, showScene }) => {
  await showScene(everyPower, '#/fleet');
  await expect(page.getByRole('heading', { level: 1, name: 'Fleet' })).toBeVisible();
  await page.keyboard.press('?');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(list).toContainText('Search your files');
  await expectAccessible(page, 'the shortcuts');
  await page.keyboard.press('Escape');
  await expect(list).toBeHidden();
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Command palette' });
  await palette.getByRole('combobox').fill('wake_timeout?');
  await expect(list).toBeHidden();
  await palette.getByRole('combobox').fill('wake_timeout');
  await expect(palette.getByRole('option').first()).toContainText('A wake ends with WAKE_TIMEOUT');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'A wake ends with WAKE_TIMEOUT' })).toContainText('firmware');
});

test('the wizard says where the MAC is and how the agent is installed', async ({ page, startCore }) => {
  const core = await startCore();
  await page.goto(core.url);
  await page.getByRole('button', { name: 'Add a node' }).first().click();
  const wizard = page.getByRole('dialog', { name: 'Add a node' });
  await wizard.getByRole('button', { name: /enter the details/i }).click();
  await wizard.getByRole('textbox', { name: /^Name/ }).fill('tower');
  await wizard.getByRole('button', { name: 'Where is the MAC?' }).click();
  await expect(page.getByRole('dialog', { name: 'Where is the MAC address?' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(wizard.getByRole('textbox', { name: /^Name/ })).toHaveValue('tower');
});

test('a wake that fails offers a diagnosis', async ({ page, startCore }) => {
  const core = await startCore({ simulate: true });
  await core.call('settings.update', { power: { wakeTimeoutMs: 5000 } });
  await core.call('simulator.setFault', { nodeId: 'gpu-tower', fault: 'does-not-wake', on: true });
  await page.goto(core.url);
  await page.getByRole('button', { name: /^Wake: gpu-tower|^Wake gpu-tower/ }).click();
  const card = page.getByRole('article', { name: /^gpu-tower/ });
  await expect(card).toContainText('WAKE_TIMEOUT', { timeout: 30_000 });
  await card.getByRole('button', { name: /^Diagnose gpu-tower/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: /gpu-tower/ })).toBeVisible();
  await expect(
    page.getByRole('link', { name: /^Diagnosis/ }).and(page.locator('[aria-current]')),
  ).toBeVisible();
});
