import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, goTo, type RunningCore, test } from './support/fixtures.ts';

interface Shown {
  title: string;
  body: string;
}

/** Plays the browser's notifications: a headless one shows none, and cannot ask for permission. */
function playNotifications(answer: NotificationPermission): void {
  const shown: Shown[] = [];
  class Played {
    static permission: NotificationPermission = 'default';
    static asked = 0;
    static requestPermission(): Promise<NotificationPermission> {
      Played.asked += 1;
      Played.permission = answer;
      return Promise.resolve(answer);
    }
    constructor(title: string, { body }: { body: string }) {
      shown.push({ title, body });
    }
  }
  Object.assign(window, { Notification: Played, shown });
}

/** Adds an empty folder, which is recorded in Activity without a notification. */
async function addFolder(core: RunningCore, parent: string, name: string) {
  const path = join(parent, name);
  await mkdir(path);
  return core.call('index.addSource', { path });
}

const shownIn = (page: Page) => page.evaluate(() => (window as unknown as { shown: Shown[] }).shown);
const notificationsSwitch = (page: Page) => page.getByRole('switch', { name: /^Notifications/ });

test('what happened since the last visit is counted in the rail and marked on the page', async ({
  page,
  folder,
  startCore,
}) => {
  const core = await startCore();
  await page.goto(core.url);
  const link = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: /^Activity/ });
  await addFolder(core, folder, 'notes');
  await goTo(page, 'Activity');
  await expect(page.getByRole('main').locator('ol > li')).toContainText(['notes']);
  await goTo(page, 'Fleet');
  await expect(link).toHaveAccessibleName('Activity');

  for (const name of ['letters', 'recipes']) await addFolder(core, folder, name);
  await expect(link).toHaveAccessibleName('Activity 2 new');
  // Another day, the same browser.
  await page.reload();
  await expect(link).toHaveAccessibleName('Activity 2 new');

  await link.click();
  await expect(page.getByText('2 entries since your last visit')).toBeVisible();
  const entries = page.getByRole('main').locator('ol > li');
  await expect(entries.nth(2)).toHaveText('Entries above are new since your last visit');
  await expect(entries.nth(1)).toContainText('letters');
  await expect(link).toHaveAccessibleName('Activity');
  await page.getByRole('searchbox', { name: /^Search activity/ }).fill('notes');
  await expect(entries).toHaveCount(1);
  await expect(page.getByText('since your last visit')).toHaveCount(0);
  await goTo(page, 'Fleet');
  await goTo(page, 'Activity');
  await expect(page.getByText('Entries above are new since your last visit')).toHaveCount(0);
});

test('a switch requests notifications, which report what the user waits for and nothing old', async ({
  page,
  folder,
  startCore,
}) => {
  await page.addInitScript(playNotifications, 'granted' as const);
  const core = await startCore();
  const source = await addFolder(core, folder, 'letters');
  await page.goto(core.url);
  await goTo(page, 'Settings');
  await expect(notificationsSwitch(page)).not.toBeChecked();
  await notificationsSwitch(page).click();
  await expect(notificationsSwitch(page)).toBeChecked();

  await core.call('index.start', { sourceIds: [source.id] });
  await expect
    .poll(() => shownIn(page))
    .toEqual([{ title: 'Pilotlight', body: expect.stringContaining('indexed') }]);
  // The user does not wait for this.
  await addFolder(core, folder, 'recipes');
  await goTo(page, 'Activity');
  await expect(page.getByRole('main').locator('ol > li').first()).toContainText('recipes');
  expect(await shownIn(page)).toHaveLength(1);

  await goTo(page, 'Settings');
  await notificationsSwitch(page).click();
  await expect(notificationsSwitch(page)).not.toBeChecked();
  await core.call('index.start', { sourceIds: [source.id] });
  await goTo(page, 'Activity');
  const entries = page.getByRole('main').getByText(/^Indexing "letters" finished/);
  await expect(entries).toHaveCount(2);
  expect(await shownIn(page)).toHaveLength(1);
});

test('the switch says so if the browser blocks notifications or does not support them', async ({
  page,
  startCore,
}) => {
  const core = await startCore();
  await page.addInitScript(playNotifications, 'denied' as const);
  await page.goto(core.url);
  await goTo(page, 'Settings');
  await notificationsSwitch(page).click();
  await expect(notificationsSwitch(page)).toBeDisabled();
  await expect(notificationsSwitch(page)).not.toBeChecked();
  await expect(page.getByText('The browser blocks them for this address.')).toBeVisible();

  await page.addInitScript(() => Reflect.deleteProperty(window, 'Notification'));
  await page.reload();
  await expect(notificationsSwitch(page)).toBeDisabled();
  await expect(page.getByText('This browser does not support them.')).toBeVisible();
});
