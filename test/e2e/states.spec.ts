import type { Page } from '@playwright/test';
import { busy } from './support/busy-scene.ts';
import {
  expect,
  expectAccessible,
  expectNoSideScroll,
  goTo,
  showCards,
  test,
  writeNotes,
} from './support/fixtures.ts';
import { everyState, hundred, nothing, silent } from './support/scenes.ts';

// The longest file: its tests share nothing.
test.describe.configure({ mode: 'parallel' });

const pages = ['Fleet', 'Models', 'Search', 'Index', 'Requests', 'Activity', 'Settings'] as const;

async function openNode(page: Page, id: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/node/${id}`);
  await expect(page.getByRole('navigation', { name: 'Breadcrumb' })).toBeVisible();
  await expect(page.getByRole('status', { name: /^Loading/ })).toHaveCount(0);
}

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing at the first run and in what it opens, ${colorScheme}`, async ({
    page,
    startCore,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const core = await startCore();
    await page.goto(core.url);
    await expect(page.getByRole('button', { name: /^Use this computer/ })).toBeVisible();
    await expectAccessible(page, `the first run, ${colorScheme}`);
    await page.getByRole('button', { name: /^Use this computer/ }).click();
    await expect(page.getByRole('dialog', { name: 'Add a folder' })).toBeVisible();
    await expectAccessible(page, `the dialog of a folder, ${colorScheme}`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+K');
    await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeVisible();
    await page.keyboard.type('dark');
    await expectAccessible(page, `the palette, ${colorScheme}`);
    await page.keyboard.type(' of nothing like this');
    await expectAccessible(page, `the palette with a question for the search, ${colorScheme}`);
  });

  test(`axe finds nothing on the page, the faults and the models of a machine, nor on a proof card, ${colorScheme}`, async ({
    page,
    folder,
    startCore,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const notes = await writeNotes(folder, 8);
    const core = await startCore({ simulate: true });
    await core.call('index.addSource', { path: notes });
    await core.call('index.start', {});
    await page.goto(core.url);
    await expect(page.getByRole('article', { name: /^lab-2.*serving|^lab-2.*gpu-verified/ })).toBeVisible();
    for (const id of ['lab-2', 'gpu-tower', 'this-computer']) {
      await openNode(page, id);
      await expectAccessible(page, `the page of ${id}, ${colorScheme}`);
    }
    await goTo(page, 'Fleet');
    await page.getByRole('button', { name: /^More actions for lab-2/ }).click();
    await expect(page.getByRole('menu')).toBeVisible();
    await expectAccessible(page, `a menu, ${colorScheme}`);
    await page.getByRole('menuitem', { name: 'Simulate faults' }).click();
    await expect(
      page.getByRole('dialog', { name: /^Simulate faults on lab-2/ }).getByText('half-json'),
    ).toBeVisible();
    await expectAccessible(page, `the faults, ${colorScheme}`);
    await page.keyboard.press('Escape');
    await goTo(page, 'Models');
    await page.getByRole('button', { name: /^llama3.1.* on lab-2/ }).click();
    await expect(page.getByRole('dialog', { name: /^llama3.1/ })).toBeVisible();
    await expectAccessible(page, `a cell of the matrix, ${colorScheme}`);
    await page.keyboard.press('Escape');
    await goTo(page, 'Index');
    await expect(page.getByRole('article', { name: 'Proof card of notes' })).toBeVisible();
    await expectAccessible(page, `a proof card, ${colorScheme}`);
  });

  test(`axe finds nothing while the panel waits, or has nothing to show, ${colorScheme}`, async ({
    page,
    showScene,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(silent, '#/fleet');
    for (const name of pages) {
      await goTo(page, name);
      await expectAccessible(page, `${name} while it waits, ${colorScheme}`);
    }
  });

  test(`axe finds nothing on pages without entries, and on the page of each state, ${colorScheme}`, async ({
    page,
    showScene,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(everyState, '#/fleet');
    for (const id of ['gpu-tower', 'lab-1', 'lab-2', 'lab-3', 'gone']) {
      await openNode(page, id);
      await expectAccessible(page, `the page of ${id}, ${colorScheme}`);
    }
    for (const name of ['Index', 'Activity'] as const) {
      await goTo(page, name);
      await expectAccessible(page, `${name} without entries, ${colorScheme}`);
    }
  });

  test(`axe finds nothing in the middle of things, nor in what an import refuses, ${colorScheme}`, async ({
    page,
    showScene,
  }) => {
    // A dozen states, each under every rule: the usual limit is for one.
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(busy, '#/index');
    const main = page.getByRole('main');
    await expect(main.getByRole('progressbar', { name: 'Index Notes' })).toBeVisible();
    await main.getByText('2 files not indexed').click();
    await expectAccessible(page, `a run under way, ${colorScheme}`);
    for (const run of ['completed', 'failed', 'cancelled']) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, `#/index?run=${run}`);
      await expect(
        main
          .getByRole('article', { name: /^Proof card/ })
          .getByText(run)
          .first(),
      ).toBeVisible();
      await expectAccessible(page, `a run that ${run}, ${colorScheme}`);
    }
    await openNode(page, 'gpu-tower');
    await main.getByText('Table').first().click();
    await expectAccessible(page, `a machine with a day of history, ${colorScheme}`);
    await goTo(page, 'Models');
    await expect(main.getByText(/^It needs 21 GB of VRAM/).first()).toBeVisible();
    await expectAccessible(page, `moves of each outcome, ${colorScheme}`);
    await goTo(page, 'Activity');
    await expect(main.locator('ol > li')).toHaveCount(8);
    await expectAccessible(page, `activity of each kind, ${colorScheme}`);
    await page.getByRole('searchbox', { name: /^Search activity/ }).fill('nothing like this');
    await expect(page.getByText('No matching entries')).toBeVisible();
    await expectAccessible(page, `activity of which nothing fits, ${colorScheme}`);

    await goTo(page, 'Settings');
    await page.getByRole('textbox', { name: 'Check machines every' }).fill('0.2');
    await expect(page.getByRole('alert')).toContainText('At least 1 s.');
    await expectAccessible(page, `a setting that is refused, ${colorScheme}`);
    await page.getByRole('button', { name: 'Import an environment file' }).click();
    const dialog = page.getByRole('dialog', { name: 'Import an environment file' });
    await dialog.getByRole('textbox').fill('GPU_WOL_MAC=12:34');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await expect(dialog.getByRole('status')).toHaveText('Fix these errors before importing.');
    await expect(dialog.getByRole('button', { name: 'Preview' })).toBeDisabled();
    await expectAccessible(page, `an import that is refused, ${colorScheme}`);
  });
}

test('with reduced motion nothing moves; without it the ember breathes', async ({ page, showScene }) => {
  const running = () =>
    page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === 'running').length);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await showScene(everyState, '#/fleet');
  await showCards(page);
  await expect(page.getByRole('article')).toHaveCount(8);
  expect(await running()).toBeGreaterThan(0);

  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const name of pages) {
    await goTo(page, name);
    expect(await running(), `${name} with reduced motion`).toBe(0);
  }
  await openNode(page, 'lab-1');
  expect(await running(), 'a machine that wakes, with reduced motion').toBe(0);
  await page.keyboard.press('Control+K');
  await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeVisible();
  expect(await running(), 'the palette with reduced motion').toBe(0);
});

/** A window of 1280×800 or 900×600 whose page is zoomed to 200%: half as many pixels of the page, each twice as dense. */
for (const [width, height] of [
  [640, 400],
  [450, 300],
] as const) {
  test.describe(`zoomed to 200% in a window of ${2 * width}×${2 * height}`, () => {
    test.use({ deviceScaleFactor: 2, viewport: { width, height } });

    test('nothing scrolls sideways', async ({ page, showScene }) => {
      // Every page, and their scripts are still being loaded.
      test.slow();
      await showScene(everyState, '#/fleet');
      for (const name of pages) {
        await goTo(page, name);
        await expectNoSideScroll(page, `${name} at 200%`);
      }
      await openNode(page, 'gpu-tower');
      await expectNoSideScroll(page, 'a machine at 200%');
      await page.keyboard.press('Control+K');
      const palette = page.getByRole('dialog', { name: 'Command palette' });
      await expect(palette.getByRole('combobox')).toBeInViewport();
      await expectNoSideScroll(page, 'the palette at 200%');
    });
  });
}

for (const [name, scene] of Object.entries({ everyState, busy, hundred, nothing })) {
  test(`no machine’s page, dialog or palette is wider than its window: ${name}`, async ({
    page,
    showScene,
  }) => {
    await showScene(scene, '#/fleet');
    const id = scene.streams.fleet?.[0]?.[0] ?? 'gone';
    for (const [width, height] of [
      [390, 844],
      [900, 600],
      [1280, 800],
      [2560, 1440],
    ] as const) {
      await page.setViewportSize({ width, height });
      await openNode(page, id);
      await expectNoSideScroll(page, `the page of ${id} at ${width}`);
      await page.keyboard.press('Control+K');
      await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeVisible();
      await expectNoSideScroll(page, `the palette at ${width}`);
      await page.keyboard.press('Escape');
    }
  });
}
