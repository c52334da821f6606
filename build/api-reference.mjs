// @ts-check
// Generates docs/api.md from the contract.
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';

await runMain(async () => {
  const ready = await prepare();
  const script = join(ready.root, 'build', 'lib', 'write-api-reference.ts');
  return runProgram(ready, ['--disable-warning=ExperimentalWarning', script]);
});
