import { expect, expectAccessible, goTo, showCards, test } from './support/fixtures.ts';
import { pages } from './support/pages.ts';
import { everyState, hundred, nothing, silent } from './support/scenes.ts';

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing on any page, ${colorScheme}`, async ({ page, startCore }) => {
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const core = await startCore({ simulate: true });
    await page.goto(core.url);
    await expect(page.getByRole('article', { name: /^nas.*serving$/ })).toBeVisible();
    for (const name of pages) {
      await goTo(page, name);
      await expect(page.getByRole('status', { name: /^Loading/ })).toHaveCount(0);
      await expectAccessible(page, `${name}, ${colorScheme}`);
    }
    await goTo(page, 'Fleet');
    await page.getByRole('button', { name: 'Add a node' }).click();
    await expectAccessible(page, `the dialog of a node, ${colorScheme}`);
  });

  test(`axe finds nothing where everything is wrong, ${colorScheme}`, async ({ page, showScene }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(everyState, '#/fleet');
    await expect(page.getByRole('row', { name: /^lab-2/ })).toContainText('did not come');
    await expectAccessible(page, `each state of a node in rows, ${colorScheme}`);
    await showCards(page);
    await expect(page.getByRole('article')).toHaveCount(8);
    await expect(page.getByText('WAKE_TIMEOUT')).toBeVisible();
    await expectAccessible(page, `each state of a node, ${colorScheme}`);
    await goTo(page, 'Models');
    await expect(page.getByRole('button', { name: /62% GPU.*should be on the GPU$/ })).toBeAttached();
    await expectAccessible(page, `the matrix, ${colorScheme}`);
  });
}

const sizes = [
  { width: 390, height: 844 },
  { width: 900, height: 600 },
  { width: 1280, height: 800 },
  { width: 2560, height: 1440 },
];

for (const [name, scene] of Object.entries({ everyState, hundred, nothing, silent })) {
  test(`no page is wider than its window: ${name}`, async ({ page, showScene }) => {
    test.slow();
    await showScene(scene, '#/fleet');
    for (const size of sizes) {
      await page.setViewportSize(size);
      for (const title of pages) {
        await goTo(page, title);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(wider, `${title} at ${size.width}`).toBeLessThanOrEqual(0);
      }
    }
  });
}

test('a core that says nothing leaves skeletons, not blanks', async ({ page, showScene }) => {
  await showScene(silent, '#/fleet');
  const loading = {
    Fleet: 'fleet',
    Models: 'models',
    Search: 'folders',
    Index: 'index',
    Tasks: 'tasks',
    Requests: 'requests',
    Runner: 'runners',
    Activity: 'activity',
    Settings: 'settings',
  };
  for (const name of pages) {
    await goTo(page, name);
    await expect(page.getByRole('status', { name: `Loading the ${loading[name]}` })).toBeVisible();
  }
});

test('each page of an empty core says what will appear there', async ({ page, showScene }) => {
  await showScene(nothing, '#/models');
  await expect(page.getByText('No models yet')).toBeVisible();
  await goTo(page, 'Search');
  await expect(page.getByText('Nothing to search yet')).toBeVisible();
  await goTo(page, 'Index');
  await expect(page.getByText('No folders indexed yet')).toBeVisible();
  await goTo(page, 'Requests');
  await expect(page.getByText('No requests yet')).toBeVisible();
  await goTo(page, 'Activity');
  await expect(page.getByText('No activity yet')).toBeVisible();
});

test('the keyboard alone reaches the pages, a dialog, and the way back', async ({ page, showScene }) => {
  await showScene(everyState, '#/fleet');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Skip to content' })).toBeFocused();
  for (const name of pages) {
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name })).toBeFocused();
  }
  const add = page.getByRole('button', { name: 'Add a node' });
  await add.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Add a node' });
  await expect(dialog).toBeVisible();
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    // Past its end, a modal dialog hands the focus to the browser's own bars, never to the page behind it.
    const behind = await page.evaluate(() => {
      const at = document.activeElement;
      return at !== null && at !== document.body && at.closest('dialog') === null;
    });
    expect(behind).toBe(false);
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(add).toBeFocused();
});

test('an error from the core is shown with its next step', async ({ page, showScene }) => {
  await showScene(everyState, '#/fleet');
  await page.getByRole('button', { name: /^Wake lab-2/ }).click();
  const messages = page.getByRole('region', { name: 'Messages' });
  await expect(messages).toContainText('The machine does not answer.');
  await expect(messages).toContainText('Check that it is on and that the address is right.');
});
