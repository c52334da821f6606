// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';

await runMain(async () => {
  const ready = await prepare();
  // Node strips the types itself.
  return runProgram(ready, [join(ready.root, 'test', 'bench', 'bench.ts'), ...process.argv.slice(2)]);
});
