/** What is rare in a real fleet, from fixed values: a machine in each state, and a hundred of them. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { BrowserContext } from '@playwright/test';
import { type BridgeScene, installBridge } from '../e2e/support/bridge-core.ts';
import { everyState, hundred } from '../e2e/support/scenes.ts';
import { createCamera } from './camera.ts';
import { dist } from './core.ts';

/** Port 9 is never asked: the files come from the disk. */
const origin = 'http://127.0.0.1:9';
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const pictures: readonly { state: string; scene: BridgeScene; hash: string }[] = [
  { state: 'every-state-fleet', scene: everyState, hash: '#/fleet' },
  { state: 'hundred-fleet', scene: hundred, hash: '#/fleet' },
  { state: 'hundred-models', scene: hundred, hash: '#/models' },
];

export async function takeScenes(
  context: BrowserContext,
  folder: string,
  wanted: (state: string) => boolean,
): Promise<number> {
  let count = 0;
  for (const { state, scene, hash } of pictures) {
    if (!wanted(state)) continue;
    const page = await context.newPage();
    await page.route(`${origin}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      const file = join(dist, 'renderer', pathname === '/' ? 'index.html' : pathname);
      await route.fulfill({ body: await readFile(file), contentType: types[extname(file)] ?? 'text/plain' });
    });
    await page.addInitScript(installBridge, scene);
    await page.goto(`${origin}/${hash}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const camera = await createCamera(page, folder);
    await camera.take(state);
    count += camera.taken();
    await page.close();
  }
  return count;
}
