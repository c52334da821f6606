/** The real built core, started for each test with a data folder of its own, and pages that tolerate no error. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import { type BridgeScene, installBridge } from './bridge-core.ts';
import { type Complaints, createComplaints } from './complaints.ts';
import { dist, type RunningCore, startCoreProcess } from './core.ts';

export { expectAccessible, expectNoSideScroll } from './axe.ts';
export { coreIsGone } from './complaints.ts';
export type { RunningCore } from './core.ts';

interface Fixtures {
  /** An empty folder that is removed after the test. */
  folder: string;
  /** A core with this test's data folder; started again, it finds what the first one left. */
  startCore(options?: { simulate?: boolean; port?: number }): Promise<RunningCore>;
  /** Fails every test whose pages wrote an error or a warning, or whose requests failed. */
  complaints: Complaints;
  /** Another browser beside this one, watched as well. */
  secondContext: BrowserContext;
  /** Shows a fixed scene in the built panel, at a page like `#/fleet`. */
  showScene(scene: BridgeScene, hash: string): Promise<void>;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs from this pattern.
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-e2e-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },

  startCore: async ({ folder }, use) => {
    const cores: RunningCore[] = [];
    await use(async (options = {}) => {
      const core = await startCoreProcess(join(folder, 'data'), options);
      cores.push(core);
      return core;
    });
    for (const core of cores) await core.stop();
  },

  complaints: [
    // It asks for startCore so that it looks before the cores are ended.
    async ({ context, startCore: _ }, use) => {
      const complaints = createComplaints();
      complaints.watch(context);
      await use(complaints);
      expect(complaints.list(), 'what the pages complained of').toEqual([]);
    },
    { auto: true },
  ],

  secondContext: async ({ browser, complaints }, use) => {
    const context = await browser.newContext();
    complaints.watch(context);
    await use(context);
    await context.close();
  },

  showScene: async ({ page }, use) => {
    const origin = 'http://127.0.0.1:9';
    const types: Record<string, string> = {
      '.html': 'text/html',
      '.js': 'text/javascript',
      '.css': 'text/css',
      '.svg': 'image/svg+xml',
      '.woff2': 'font/woff2',
    };
    await page.route(`${origin}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      const file = join(dist, 'renderer', pathname === '/' ? 'index.html' : pathname);
      await route.fulfill({ body: await readFile(file), contentType: types[extname(file)] ?? 'text/plain' });
    });
    await use(async (scene, hash) => {
      await page.addInitScript(installBridge, scene);
      await page.goto(`${origin}/${hash}`);
    });
  },
});

export { expect };

/** Notes in Markdown, each with words of its own: `harbour-7` is in the seventh only. */
export async function writeNotes(folder: string, count: number): Promise<string> {
  const notes = join(folder, 'notes');
  for (let index = 1; index <= count; index += 1) {
    const path = join(notes, `part-${index % 5}`, `note-${index}.md`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(
      path,
      `# Note ${index}\n\nThe ship harbour-${index} waits for the tide.\n\n## Cargo\n\nCrates of tea and paper, ${index} of each.\n`,
    );
  }
  return notes;
}

/** Goes to a page by its link, as a person would. */
export async function goTo(
  page: Page,
  name: 'Fleet' | 'Models' | 'Search' | 'Index' | 'Tasks' | 'Requests' | 'Runner' | 'Activity' | 'Settings',
): Promise<void> {
  const rail = page.getByRole('navigation', { name: 'Pages' });
  const link = rail.getByRole('link', { name });
  if (!(await link.isVisible())) await rail.getByRole('button', { name: 'More' }).click();
  await link.click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** A fleet that is shown in rows, in cards instead. */
export const showCards = (page: Page) => page.getByRole('button', { name: 'Cards', exact: true }).click();

/** Adds a folder on the Index page, embedded by the fleet's model. */
export async function addFolder(page: Page, path: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a folder' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a folder' });
  await dialog.getByRole('textbox', { name: 'Folder' }).fill(path);
  await dialog
    .getByRole('combobox', { name: 'Embedder' })
    .selectOption({ label: 'mxbai-embed-large · 1024 dimensions' });
  await dialog.getByRole('button', { name: 'Add this folder' }).click();
  await expect(dialog).toBeHidden();
}

/** The page hears its core. */
export async function expectLive(page: Page, options: { timeout?: number } = {}): Promise<void> {
  await expect(page.getByRole('banner').getByRole('status')).toContainText(/live$/, options);
}
