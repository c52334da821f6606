import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';
import { electronBinary, type HostName } from './support/hosts.ts';

const electron = electronBinary();

// Runners of tests are found by nobody else: neither by other tests nor by the developer's own Pilotlight.
process.env.PILOTLIGHT_RUNTIME_DIR = 'none';

export default defineConfig<object, { host: HostName }>({
  testDir: fileURLToPath(new URL('.', import.meta.url)),
  testMatch: '**/*.spec.ts',
  outputDir: fileURLToPath(new URL('../../test-results/desktop', import.meta.url)),
  forbidOnly: (process.env.CI ?? '') !== '',
  retries: 0,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  projects: [
    { name: 'stand-in', use: { host: 'stand-in' } },
    ...('path' in electron ? [{ name: 'electron', use: { host: 'electron' as const } }] : []),
  ],
});
