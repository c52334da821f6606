// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';

await runMain(async () => {
  const ready = await prepare({ build: false });
  const program = join(ready.root, 'build', 'lib', 'package', 'write-release-manifest.ts');
  return runProgram(ready, ['--disable-warning=ExperimentalWarning', program, ...process.argv.slice(2)]);
});
