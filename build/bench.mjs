// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';

await runMain(async () => {
  const ready = await prepare();
  // Node strips the types by itself; older lines warn about it, which would stand above the table.
  const script = join(ready.root, 'test', 'bench', 'bench.ts');
  return runProgram(ready, ['--disable-warning=ExperimentalWarning', script, ...process.argv.slice(2)]);
});
