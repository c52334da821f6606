import { defineConfig } from 'vitest/config';

const minutes = 60_000;

/** Real machines, one at a time: `npm run test:vm` starts it in a namespace of its own. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/vm/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    // Limits against hanging: an emulated machine on a busy computer takes minutes to start.
    testTimeout: 25 * minutes,
    hookTimeout: 25 * minutes,
  },
});
