// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain } from './lib/errors.mjs';
import { packageUsage, parsePackageOptions } from './lib/package/options.mjs';
import { installTools } from './lib/tool-packages.mjs';

await runMain(async () => {
  const args = process.argv.slice(2);
  // A mistake in the options is reported before anything is installed or built.
  const options = parsePackageOptions(args, { platform: process.platform, folder: process.cwd() });
  if (options.help) {
    process.stdout.write(`${packageUsage}\n`);
    return 0;
  }
  const ready = await prepare();
  await installTools(ready.root);
  return runProgram(ready, [join(ready.root, 'build', 'tools', 'run-package.mjs'), ...args]);
});
