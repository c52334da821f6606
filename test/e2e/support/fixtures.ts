/** The real built core, started for each test with a data folder of its own, and a page that tolerates no error. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';
import { type BridgeScene, installBridge } from './bridge-core.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const dist = resolve(root, process.env.PILOTLIGHT_DIST ?? 'dist');

export interface RunningCore {
  /** The one-time address of the panel. */
  url: string;
  origin: string;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

interface Fixtures {
  /** An empty folder that is removed after the test. */
  folder: string;
  startCore(options?: { simulate?: boolean }): Promise<RunningCore>;
  /** What the page's console and network said that they should not have. */
  complaints: string[];
  /** Shows a fixed scene in the built panel, at a page like `#/fleet`. */
  showScene(scene: BridgeScene, hash: string): Promise<void>;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((done) => child.once('exit', () => done()));
}

async function start(data: string, simulate: boolean): Promise<{ child: ChildProcess; url: string }> {
  const args = [join(dist, 'headless', 'headless.mjs'), '--data', data, '--port', '0', '--no-open'];
  const child = spawn(process.execPath, simulate ? [...args, '--simulate'] : args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of the tester's own fleet may be offered or looked at.
    env: { ...process.env, OLLAMA_HOST: '' },
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const url = await new Promise<string>((done, fail) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^Pilotlight is ready at (http:\S+)$/.exec(line);
      if (ready?.[1]) done(ready[1]);
      said += `${line}\n`;
    });
    child.once('exit', (code) =>
      fail(new Error(`The core ended with ${code} before it was ready:\n${said}`)),
    );
  });
  return { child, url };
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs from this pattern.
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-e2e-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },

  startCore: async ({ folder }, use) => {
    const children: ChildProcess[] = [];
    await use(async ({ simulate = false } = {}) => {
      const { child, url } = await start(join(folder, 'data'), simulate);
      children.push(child);
      return {
        url,
        origin: new URL(url).origin,
        async kill() {
          child.kill('SIGKILL');
          await ended(child);
        },
      };
    });
    for (const child of children) {
      child.kill('SIGTERM');
      await ended(child);
    }
  },

  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
    page.on('requestfailed', (request) =>
      complaints.push(`request: ${request.url()} ${request.failure()?.errorText}`),
    );
    page.on('response', (response) => {
      if (response.status() >= 400) complaints.push(`response: ${response.status()} ${response.url()}`);
    });
    await use(complaints);
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
  name: 'Fleet' | 'Models' | 'Index' | 'Activity' | 'Settings',
): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** Every rule of axe for WCAG 2.2 A and AA, and its best practices. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `  ${node.target.join(' ')} ${node.failureSummary}`).join('\n')}`,
  );
  expect(told, `axe on ${what}`).toEqual([]);
}
