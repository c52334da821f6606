// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';

await runMain(async () => {
  const ready = await prepare();
  return runProgram(ready, [join(ready.paths.dist, 'cli', 'cli.mjs'), ...process.argv.slice(2)]);
});
