import type { Locator, Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSideScroll, test } from './support/fixtures.ts';
import { installingFromSettings, installingFromWizard } from './support/install-scenes.ts';

async function openInSettings(page: Page): Promise<Locator> {
  const card = page.getByRole('region', { name: 'Agents' });
  await card.getByText('Install the agent on another machine').click();
  return card;
}

async function openInWizard(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Add a node' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a node' });
  await dialog.getByRole('textbox', { name: 'Address or name' }).fill('http://192.168.1.30:11434');
  await page.keyboard.press('Enter');
  await dialog.getByText('Install the agent', { exact: true }).click();
  return dialog;
}

const places = [
  { place: 'the settings', hash: '#/settings', open: openInSettings, scenes: installingFromSettings },
  { place: 'the wizard', hash: '#/fleet', open: openInWizard, scenes: installingFromWizard },
];

for (const { place, hash, open, scenes } of places) {
  for (const { from, scene } of scenes) {
    test(`installing an agent, in ${place}, from the ${from}, at every size`, async ({
      page,
      showScene,
    }, info) => {
      await page.setViewportSize({ width: 1280, height: 900 });
      await showScene(scene, hash);
      const part = await open(page);
      await expect(part.getByRole('listitem', { name: 'Pair it' })).toBeVisible();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        for (const width of [320, 1280]) {
          await page.setViewportSize({ width, height: 900 });
          await expectNoSideScroll(page, `installing at ${width}`);
          await expectAccessible(page, `installing at ${width}, ${colorScheme}`);
          const file = `install-${hash.slice(2)}-${from}-${width}-${colorScheme}.png`;
          await part.screenshot({ path: info.outputPath(file) });
        }
      }
    });
  }
}

const sceneFrom = (scenes: typeof installingFromSettings, wanted: string) => {
  const found = scenes.find(({ from }) => from === wanted);
  if (found === undefined) throw new Error(wanted);
  return found.scene;
};
const linksAsked = (page: Page) =>
  page.evaluate(() =>
    ((window as unknown as { sceneCalls?: [string, unknown][] }).sceneCalls ?? [])
      .filter(([name]) => name === 'agents.installLink')
      .map(([, params]) => params),
  );

test('by keyboard: a system is chosen and remembered, and its command is copied', async ({
  page,
  context,
  showScene,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await showScene(sceneFrom(installingFromSettings, 'link'), '#/settings');
  const card = page.getByRole('region', { name: 'Agents' });
  const summary = card.getByText('Install the agent on another machine');
  const install = card.getByRole('listitem', { name: 'Install it' });
  expect(await linksAsked(page)).toEqual([]);
  await summary.focus();
  await page.keyboard.press('Enter');
  await expect(install).toContainText('--bind ADDRESS');
  await page.keyboard.press('Tab');
  await expect(card.getByLabel('System')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(card.getByLabel('Processor')).toBeFocused();
  await page.keyboard.press('Tab');
  const address = card.getByRole('textbox', { name: 'Its address in the network' });
  await expect(address).toBeFocused();
  await page.keyboard.type('192.168.1.3000');
  await expect(address).toHaveAttribute('aria-invalid', 'true');
  await expect(install).toContainText('--bind ADDRESS');
  await address.fill('192.168.1.30');
  await expect(install).toContainText('--bind 192.168.1.30');
  await card.getByLabel('Download from').selectOption('10.0.3.4');
  await install.getByRole('button', { name: /^Copy/ }).press('Enter');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  // Two spaces, which the program that compares digests needs, also where the text is selected.
  expect(copied).toMatch(/[0-9a-f] {2}pilotlight-agent-linux-x64'/);
  expect(await install.locator('code').innerText()).toBe(copied);
  expect(copied).toMatch(
    /^curl -fsS -o pilotlight-agent-linux-x64 'http:.*' && echo '.*' \| sha256sum -c - /,
  );
  await install.getByRole('button', { name: 'New command' }).click();
  await expect
    .poll(() => linksAsked(page))
    .toEqual(
      ['192.168.1.5', '10.0.3.4', '10.0.3.4'].map((from) => ({ os: 'linux', arch: 'x64', address: from })),
    );

  await card.getByLabel('System').selectOption('Windows');
  await expect(install).toContainText("install --role 'power,telemetry' --bind 192.168.1.30");
  await card.getByLabel('Processor').selectOption('arm64');
  await page.reload();
  await openInSettings(page);
  await expect(card.getByLabel('System')).toHaveValue('win32');
  await expect(card.getByLabel('Processor')).toHaveValue('arm64');
});

test('the wizard fills in the address of the machine', async ({ page, showScene }) => {
  await showScene(sceneFrom(installingFromWizard, 'copy'), '#/fleet');
  const dialog = await openInWizard(page);
  await expect(dialog.getByRole('textbox', { name: 'Its address in the network' })).toHaveValue(
    '192.168.1.30',
  );
  await expect(dialog.getByRole('listitem', { name: 'Copy it' })).toContainText(
    "scp '/home/ann/.local/share/pilotlight of Ann/agents/pilotlight-agent-linux-x64' 192.168.1.30:",
  );
  await dialog.getByRole('button', { name: 'Pair an agent' }).click();
  await expect(dialog.getByRole('textbox', { name: 'Code or pairing line' })).toBeVisible();
});
