// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';
import { withLock } from './lib/lock.mjs';

await runMain(async () => {
  const ready = await prepare({ build: false });
  return withLock(ready.paths.setUpLock, () =>
    runProgram(ready, [join(ready.root, 'build', 'bundle.mjs'), ...process.argv.slice(2)]),
  );
});
