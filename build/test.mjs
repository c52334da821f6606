// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';
import { isOnCi, selectStages, testUsage } from './lib/stages.mjs';

await runMain(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(`${testUsage}\n`);
    return 0;
  }
  const { needsBuild } = selectStages(args, isOnCi(process.env));
  const ready = await prepare({ build: needsBuild });
  return runProgram(ready, [join(ready.root, 'build', 'run-tests.mjs'), ...args]);
});
