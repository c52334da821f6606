// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';

await runMain(async () => {
  const ready = await prepare({ build: false });
  return runProgram(ready, [join(ready.root, 'build', 'check-layers.mjs')]);
});
