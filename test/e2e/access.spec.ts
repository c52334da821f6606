import { accessEmpty, accessFull, accessLong } from './support/access-scenes.ts';
import { expect, expectAccessible, expectLive, expectNoSideScroll, goTo, test } from './support/fixtures.ts';

test('a key is generated, shown once, used, rotated and revoked', async ({ page, context, startCore }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const core = await startCore();
  await page.goto(core.url);
  await goTo(page, 'Settings');
  const access = page.getByRole('region', { name: 'Access' });
  const dialog = page.getByRole('dialog');
  const status = async (secret: string, path = '/metrics') =>
    (await fetch(core.origin + path, { headers: { authorization: `Bearer ${secret}` } })).status;

  await expect(access.getByText('No keys.')).toBeVisible();
  await access.getByRole('button', { name: 'Generate a key' }).click();
  await dialog.getByLabel('Name').fill('Backup script');
  await expectAccessible(page, 'the dialog of a new key');
  await dialog.getByRole('button', { name: 'Generate' }).click();
  const shown = dialog.getByLabel('The key');
  await expect(shown).toHaveText(/^pilotlight_key_[0-9A-Za-z]{43}$/);
  await expectAccessible(page, 'a key that is shown once');
  const first = (await shown.textContent()) ?? '';
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await expect(dialog.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(first);
  // A click beside it does not close what is not shown again.
  await page.mouse.click(5, 5);
  await expect(shown).toBeVisible();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText(first)).toHaveCount(0);

  const keys = access.getByRole('list', { name: 'Keys' });
  await expect(keys.getByRole('listitem')).toContainText(['Backup script']);
  expect(await status(first)).toBe(200);

  await test.step('a name is taken once', async () => {
    await access.getByRole('button', { name: 'Generate a key' }).click();
    await dialog.getByLabel('Name').fill('backup SCRIPT');
    await dialog.getByRole('button', { name: 'Generate' }).click();
    await expect(dialog.getByRole('alert')).toContainText('There is already a key called');
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'Discard' }).click();
    await expect(dialog).toBeHidden();
  });

  await test.step('rotated, the old one is refused', async () => {
    await access.getByRole('button', { name: 'Rotate: Backup script' }).click();
    await dialog.getByRole('button', { name: 'Rotate' }).click();
    await expect(shown).toBeVisible();
    const second = (await shown.textContent()) ?? '';
    await dialog.getByRole('button', { name: 'Done' }).click();
    expect([await status(first), await status(second)]).toEqual([401, 200]);
  });

  await test.step('a key that the command line made appears by itself, and goes when it is revoked', async () => {
    const { secret } = await core.call('access.addKey', { name: 'CI', rights: ['view'] });
    await expect(keys.getByRole('listitem')).toHaveCount(2);
    await access.getByRole('button', { name: 'Revoke: CI' }).click();
    await expectAccessible(page, 'the question whether to revoke a key');
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await expect(keys.getByRole('listitem')).toHaveCount(1);
    expect(await status(secret)).toBe(401);
  });
});

test('browsers are listed, this one is marked, and the others are signed out', async ({
  page,
  secondContext,
  startCore,
  complaints,
}) => {
  const core = await startCore();
  await page.goto(core.url);
  const other = await secondContext.newPage();
  await other.goto(await core.newUrl());
  await expectLive(other);
  complaints.allow(/\b401\b/);

  await goTo(page, 'Settings');
  const browsers = page.getByRole('region', { name: 'Access' }).getByRole('list', { name: 'Browsers' });
  await expect(browsers.getByRole('listitem')).toHaveCount(2);
  await expect(browsers.getByRole('listitem').first()).toContainText('this browser');
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await expect(other.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expect(browsers.getByRole('listitem')).toHaveCount(1);
  await expectLive(page);

  await browsers.getByRole('button', { name: /^Sign out/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expectAccessible(page, 'the page of a browser that was signed out');
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing in keys and browsers of every kind, ${colorScheme}`, async ({
    page,
    showScene,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [name, scene] of Object.entries({ accessFull, accessLong, accessEmpty })) {
      await showScene(scene, '#/settings');
      await expect(page.getByRole('region', { name: 'Access' })).toBeVisible();
      await expectAccessible(page, `${name}, ${colorScheme}`);
      for (const width of [390, 900, 2560]) {
        await page.setViewportSize({ width, height: 844 });
        await expectNoSideScroll(page, `${name}, ${width} px`);
      }
    }
  });
}
