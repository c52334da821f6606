import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';
import { chromiumFlags } from '../../build/lib/chromium.mjs';

const isRoot = process.getuid?.() === 0;
const executablePath = process.env.CHROMIUM_PATH;

// Runners of tests are found by nobody else: neither by other tests nor by the developer's own Pilotlight.
process.env.PILOTLIGHT_RUNTIME_DIR = 'none';

export default defineConfig({
  testDir: fileURLToPath(new URL('.', import.meta.url)),
  testMatch: '**/*.spec.ts',
  outputDir: fileURLToPath(new URL('../../test-results', import.meta.url)),
  forbidOnly: (process.env.CI ?? '') !== '',
  retries: 0,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    browserName: 'chromium',
    headless: true,
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true, sources: false },
    launchOptions: {
      args: chromiumFlags({ isRoot }),
      chromiumSandbox: !isRoot,
      ...(executablePath === undefined || executablePath === '' ? {} : { executablePath }),
    },
  },
});
