// The tests of a mutation run. Stryker cannot run the projects of the main configuration, hence this one.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    testTimeout: 20_000,
    include: JSON.parse(process.env.PILOTLIGHT_MUTATION_TESTS ?? '[]'),
  },
});
