// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';
import { mutateUsage, parseMutateOptions } from './lib/mutation.mjs';
import { installTools } from './lib/tool-packages.mjs';

await runMain(async () => {
  const args = process.argv.slice(2);
  // A mistake in the options is reported before anything is installed.
  const options = parseMutateOptions(args);
  if (options.help) {
    process.stdout.write(`${mutateUsage}\n`);
    return 0;
  }
  const ready = await prepare({ build: false });
  await installTools(ready.root);
  return runProgram(ready, [join(ready.root, 'build', 'tools', 'run-mutations.mjs'), ...args]);
});
