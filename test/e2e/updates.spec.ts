import type { Page } from '@playwright/test';
import { fact, plainText } from '../../shared/models/message.ts';
import { defaultSettings } from '../../shared/models/settings.ts';
import type { UpdateView } from '../../shared/models/updates.ts';
import type { BridgeScene } from './support/bridge-core.ts';
import { expect, expectAccessible, expectNoSideScroll, goTo, test } from './support/fixtures.ts';
import { everyState } from './support/scenes.ts';

const notes = `### Added

- Updates, with **your** consent. See [the guide](https://example.com/guide).
- A picture: ![tracker](https://example.com/pixel.png)

\`\`\`
pilotlight update --check
\`\`\`
`;
const offer = { version: '0.2.0', date: '2026-11-28T06:00:00Z', notes, sizeBytes: 98_000_000 };
const idle: UpdateView = {
  ...{ version: '0.1.0', form: 'appimage', checks: true, installs: true, instead: null },
  ...{ address: 'https://updates.example/latest', state: 'idle', checkedAt: null, found: null },
  ...{ offer: null, progress: null, problem: null, previous: null, news: null },
};
const found = fact('UPDATE_FOUND', { version: '0.2.0', bytes: offer.sizeBytes });

const sceneOf = (view: Partial<UpdateView>, check: 'ask' | 'on' | 'off' = 'on'): BridgeScene => ({
  ...everyState,
  streams: {
    ...everyState.streams,
    settings: [['settings', { ...defaultSettings, updates: { ...defaultSettings.updates, check } }]],
    updates: [['updates', { ...idle, ...view }]],
  },
  results: {
    ...everyState.results,
    'settings.update': defaultSettings,
    'updates.check': idle,
    'updates.download': idle,
  },
});
const card = (page: Page) => page.getByRole('region', { name: 'This version' });
const calls = (page: Page) =>
  page.evaluate(() => (window as unknown as { sceneCalls: [string, unknown][] }).sceneCalls);
const change = (page: Page, view: Partial<UpdateView>) =>
  page.evaluate(
    (value) =>
      (window as unknown as { sceneChange(stream: string, set: [string, unknown][]): void }).sceneChange(
        'updates',
        [['updates', value]],
      ),
    { ...idle, ...view },
  );

test('updates: asked once, found and downloaded', async ({ page, showScene }) => {
  await showScene(sceneOf({}, 'ask'), '#/settings');
  const updates = card(page);
  const settings = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: /^Settings/ });

  await test.step('nothing happens before a person agrees', async () => {
    const consent = updates.getByRole('group', { name: 'Check for updates' });
    await expect(consent).toContainText('sends nothing about you');
    await expect(updates.getByRole('status')).toHaveText('Not checked yet.');
    await expectAccessible(page, 'the question about updates');
    expect((await calls(page)).filter(([method]) => method.startsWith('updates.'))).toEqual([]);
    await consent.getByRole('button', { name: 'Check once a day' }).click();
    await expect
      .poll(async () => (await calls(page)).at(-1))
      .toEqual(['settings.update', { updates: { check: 'on' } }]);
    await expect(settings).toHaveAccessibleName('Settings');
  });

  await test.step('a newer version is marked, with its notes', async () => {
    await change(page, { state: 'available', checkedAt: Date.now(), found, offer });
    await expect(settings).toHaveAccessibleName('Settings update available');
    await expect(updates.getByRole('status')).toContainText('Version 0.2.0 is available (98 MB).');
    await updates.getByText('What is new in 0.2.0').click();
    const text = updates.getByRole('group', { name: 'Release notes' });
    await expect(text.getByRole('heading', { name: 'Added' })).toBeVisible();
    await expect(text.getByText('Image: tracker')).toBeVisible();
    await expect(page.locator('img')).toHaveCount(0);
    await expectAccessible(page, 'an update');
    await updates.getByRole('button', { name: 'Download 0.2.0' }).click();
    await expect.poll(async () => (await calls(page)).at(-1)?.[0]).toBe('updates.download');
  });

  await test.step('its download can be followed and cancelled', async () => {
    const progress = { doneBytes: 24_500_000, totalBytes: offer.sizeBytes, bytesPerSecond: 5_000_000 };
    await change(page, { state: 'downloading', found, offer, progress });
    await expect(updates.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '25');
    await expect(updates).toContainText('25 MB of 98 MB · 5 MB/s');
    await expect(updates.getByRole('button', { name: 'Check now' })).toBeHidden();
    await expectAccessible(page, 'a download');
    await updates.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(async () => (await calls(page)).at(-1)?.[0]).toBe('updates.cancel');
  });

  await test.step('what went wrong stays, with its code', async () => {
    const problem = {
      code: 'UPDATE_DAMAGED',
      message: plainText('The downloaded file does not match the signed release.'),
      next: plainText('It was deleted. Try again.'),
    };
    await change(page, { state: 'available', found, offer, problem });
    await expect(updates).toContainText('UPDATE_DAMAGED');
    await expect(updates.getByRole('button', { name: 'Help with UPDATE_DAMAGED' })).toBeVisible();
    await expectAccessible(page, 'a failed download');
  });
});

test('updates: installed, and taken back', async ({ page, showScene }) => {
  await showScene(sceneOf({ state: 'ready', found, offer }), '#/settings');
  const updates = card(page);

  await test.step('it is installed now, or when Pilotlight quits', async () => {
    await updates.getByRole('button', { name: 'Install when it quits' }).click();
    await expect
      .poll(async () => (await calls(page)).at(-1))
      .toEqual(['updates.install', { restart: false }]);
    await change(page, { state: 'staged', found, offer, previous: '0.0.9' });
    await expect(updates.getByRole('status')).toHaveText('It is installed when Pilotlight quits.');
    await expect(updates.getByRole('button', { name: /Go back/ })).toBeHidden();
    await expectAccessible(page, 'an update that waits');
    await updates.getByRole('button', { name: 'Restart now' }).click();
    await expect.poll(async () => (await calls(page)).at(-1)).toEqual(['updates.install', { restart: true }]);
  });

  await test.step('the version before is offered', async () => {
    await change(page, { version: '0.2.0', previous: '0.1.0', found: fact('UPDATE_IS_CURRENT') });
    await updates.getByRole('button', { name: 'Go back to 0.1.0' }).click();
    const dialog = page.getByRole('dialog', { name: 'Go back to 0.1.0?' });
    await expectAccessible(page, 'the question before going back');
    await dialog.getByRole('button', { name: 'Go back' }).click();
    await expect.poll(async () => (await calls(page)).at(-1)?.[0]).toBe('updates.goBack');
    // The scene refuses it: the reason is shown, and nothing has changed.
    await expect(dialog).toContainText('HOST_UNREACHABLE');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });
});

test('updates: an installation that is updated elsewhere says how', async ({ page, showScene }) => {
  const view = { form: 'package', checks: false, installs: false, address: null } as const;
  await showScene(sceneOf({ ...view, instead: fact('UPDATE_BY_PACKAGE_MANAGER') }, 'ask'), '#/settings');
  const updates = card(page);
  await expect(updates).toContainText('update it with your package manager');
  await expect(updates.getByRole('button')).toHaveCount(0);
  await expectAccessible(page, 'updates by a package manager');
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSideScroll(page, 'Settings on a phone');
});

test('updates: what is new is shown once', async ({ page, showScene }) => {
  await showScene(
    {
      ...sceneOf({ version: '0.2.0', news: { version: '0.2.0', notes } }),
      results: { ...everyState.results, 'updates.dismissNews': idle },
    },
    '#/fleet',
  );
  const news = page.getByRole('region', { name: 'What is new in 0.2.0' });
  await expect(news.getByText('with your consent')).toBeVisible();
  await expectAccessible(page, 'what is new');
  await news.getByRole('button', { name: 'Got it' }).click();
  await expect.poll(async () => (await calls(page)).at(-1)?.[0]).toBe('updates.dismissNews');
  await change(page, { version: '0.2.0' });
  await expect(news).toBeHidden();
});

test('updates: a copy of the repository names its own way, and checks nothing', async ({
  page,
  startCore,
}) => {
  const core = await startCore();
  await page.goto(core.url);
  await goTo(page, 'Settings');
  await expect(card(page)).toContainText(/git pull|pull a newer image/);
  expect((await core.call('updates.get', {})).checks).toBe(false);
});
