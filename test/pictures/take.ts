/**
 * Pictures of the panel: each state × each size × dark and light, into `screenshots/`. Started by
 * build/screenshots.mjs, which gets everything ready. Words name the states that are wanted; none for all.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { chromiumFlags } from '../../build/lib/chromium.mjs';
import { createCamera } from './camera.ts';
import { root, startCore } from './core.ts';
import { openPanel } from './panel.ts';
import { takeScenes } from './scenes.ts';
import { createTake, tell } from './story.ts';

const names = process.argv.slice(2);
const wanted = (state: string) => names.length === 0 || names.some((name) => state.includes(name));

const began = performance.now();
const pictures = join(root, 'screenshots');
await mkdir(pictures, { recursive: true });
const folder = await mkdtemp(join(tmpdir(), 'pilotlight-pictures-'));
const isRoot = process.getuid?.() === 0;
const executablePath = process.env.CHROMIUM_PATH;
const browser = await chromium.launch({
  args: chromiumFlags({ isRoot }),
  chromiumSandbox: !isRoot,
  ...(executablePath ? { executablePath } : {}),
});
const core = await startCore(join(folder, 'data'));
let count = 0;
try {
  const context = await browser.newContext({ viewport: null });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (error) => process.stderr.write(`The page said: ${error.message}\n`));
  const camera = await createCamera(page, pictures);
  const panel = await openPanel(page, core.url);
  const take = createTake(panel, camera, wanted);
  await Promise.all([
    tell(panel, take, core, folder),
    takeScenes(await browser.newContext({ viewport: null }), pictures, wanted).then((taken) => {
      count += taken;
    }),
  ]);
  count += camera.taken();
} finally {
  await browser.close();
  await core.stop();
  await rm(folder, { recursive: true, force: true });
}
const seconds = Math.round((performance.now() - began) / 1000);
process.stdout.write(`${count} pictures in screenshots/, ${seconds} s\n`);
