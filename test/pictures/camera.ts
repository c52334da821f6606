/** Takes one state in every size and colour. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CDPSession, Locator, Page } from '@playwright/test';

interface Size {
  name: string;
  width: number;
  height: number;
  /** Pixels of the screen for one of the page. */
  scale: number;
  reducedMotion: boolean;
}

const plain = { scale: 1, reducedMotion: false };

export const sizes: readonly Size[] = [
  { name: '1280x800', width: 1280, height: 800, ...plain },
  { name: '1280x800-reduced-motion', width: 1280, height: 800, scale: 1, reducedMotion: true },
  // A window of 1280 × 800 at 200% has half as much room, and twice the pixels for it.
  { name: '1280x800-zoom-200', width: 640, height: 400, scale: 2, reducedMotion: false },
  { name: '390x844', width: 390, height: 844, ...plain },
  { name: '900x600', width: 900, height: 600, ...plain },
  { name: '2560x1440', width: 2560, height: 1440, ...plain },
];

const schemes = ['dark', 'light'] as const;

export interface Camera {
  /** Saves `STATE-SIZE-COLOUR.png` for all of them; `top` is what each picture begins with, where it is not the page. */
  take(state: string, top?: Locator): Promise<void>;
  taken(): number;
}

/** Two frames: what was changed is laid out, and drawn. Where charts have to follow a new size, a moment more. */
async function settle(page: Page, moment: number): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  if (moment > 0) await page.waitForTimeout(moment);
  // Colours fade into each other; a picture of the middle shows what nobody sees.
  await page.evaluate(() => {
    for (const animation of document.getAnimations()) {
      if (animation instanceof CSSTransition) animation.finish();
    }
  });
}

/** As the person chooses it in the settings. */
export async function setDensity(page: Page, density: 'comfortable' | 'compact'): Promise<void> {
  await page.evaluate((value) => {
    document.documentElement.dataset.density = value;
  }, density);
}

export async function createCamera(page: Page, folder: string): Promise<Camera> {
  const session: CDPSession = await page.context().newCDPSession(page);
  let count = 0;

  async function show(size: Size, scheme: (typeof schemes)[number]): Promise<void> {
    const { width, height, scale: deviceScaleFactor } = size;
    await session.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor,
      mobile: false,
    });
    await session.send('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value: scheme },
        { name: 'prefers-reduced-motion', value: size.reducedMotion ? 'reduce' : 'no-preference' },
      ],
    });
  }

  return {
    taken: () => count,
    async take(state, top) {
      for (const size of sizes) {
        for (const [index, scheme] of schemes.entries()) {
          await show(size, scheme);
          await settle(page, index === 0 ? 160 : 0);
          // The bar at the top of the page covers what scrolls under it.
          await top?.evaluate((element) => scrollBy(0, element.getBoundingClientRect().top - 72));
          const { data } = await session.send('Page.captureScreenshot', {
            format: 'png',
            optimizeForSpeed: true,
          });
          await writeFile(join(folder, `${state}-${size.name}-${scheme}.png`), Buffer.from(data, 'base64'));
          count += 1;
        }
      }
      const [first] = sizes;
      if (first) await show(first, 'dark');
      await settle(page, 100);
    },
  };
}
