/** Every dialog, and every part that only opens when it is asked for, at the sizes of a small phone and a screen. */
import { dialogScenes } from './support/dialog-scenes.ts';
import { expect, expectAccessible, expectNoSideScroll, test } from './support/fixtures.ts';

for (const { state, scene, hash, open } of dialogScenes) {
  test(`axe finds nothing in ${state}, and nothing is cut off`, async ({ page, showScene }) => {
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await showScene(scene, hash);
    await open(page);
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      // What was entered outlives a phone that is turned, and a row that is scrolled away.
      if (state.startsWith('question-')) await expect(page.getByRole('alertdialog')).toBeVisible();
      await expectNoSideScroll(page, `${state} at ${width}`);
      for (const dialog of await page.getByRole('dialog').all()) {
        const scrolls = await dialog.evaluate((element) =>
          [element, ...element.querySelectorAll(':scope > div')].some(
            ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1,
          ),
        );
        expect(scrolls, `${state} at ${width} is wider than its dialog`).toBe(false);
      }
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await expectAccessible(page, `${state}, ${colorScheme} at ${width}`);
      }
    }
  });
}
