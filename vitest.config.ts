import { defineConfig } from 'vitest/config';

// Folders that tests make are trusted, also on systems where the group of a user may write to new ones.
process.umask(0o022);

const tests = (folder: string) => [`test/${folder}/**/*.test.{ts,tsx,mts}`];

export default defineConfig({
  test: {
    environment: 'node',
    // Runners of tests are found by nobody else: neither by other tests nor by the developer's own Pilotlight.
    env: { PILOTLIGHT_RUNTIME_DIR: 'none' },
    // A limit against hanging, not a measure: machines that run tests are busy.
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'unit', include: tests('unit') } },
      { extends: true, test: { name: 'contract', include: tests('contract') } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: tests('integration'),
          // Real processes, sockets and files: slower, and each in a process of its own.
          pool: 'forks',
          // They wait for machines more than they compute.
          maxWorkers: 2,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // Programs of others, which build/run-tests.mjs installs.
        test: { name: 'real-parts', include: tests('real-parts'), pool: 'forks', testTimeout: 120_000 },
      },
      {
        extends: true,
        // Builds packages, which takes minutes on a busy machine.
        test: {
          name: 'package',
          include: tests('package'),
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 240_000,
          hookTimeout: 540_000,
        },
      },
    ],
  },
});
