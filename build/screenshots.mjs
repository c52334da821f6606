// @ts-check
// `npm run screenshots -- [state …]`: pictures of the panel in each state, size and theme, in `screenshots/`.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { findChromium } from './lib/chromium.mjs';
import { runMain, SetUpError } from './lib/errors.mjs';

await runMain(async () => {
  const ready = await prepare();
  const { chromium } = createRequire(join(ready.root, 'package.json'))('@playwright/test');
  const folder = join(ready.root, 'node_modules', '@playwright', 'test');
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const found = await findChromium({
    playwright: { executablePath: chromium.executablePath(), installer: join(folder, bin.playwright) },
    node: ready.node,
    say: (sentence) => process.stdout.write(`${sentence}\n`),
  });
  if ('fix' in found)
    throw new SetUpError('SETUP_CHROMIUM', 'No Chromium found to take pictures with.', found.fix);
  const env = { ...ready.env, CHROMIUM_PATH: found.path };
  // Node strips the types itself.
  return runProgram({ ...ready, env }, [
    join(ready.root, 'test', 'pictures', 'take.ts'),
    ...process.argv.slice(2),
  ]);
});
