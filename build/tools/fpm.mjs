// @ts-check
// Takes the place of fpm for electron-builder; see build/lib/package/fpm.mjs.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePackage } from '../lib/package/fpm.mjs';
import { runCaptured } from '../lib/process.mjs';

const failure = await makePackage(process.argv.slice(2), {
  work: join(process.env.PILOTLIGHT_FPM_WORK ?? tmpdir(), `fpm-${process.pid}`),
  now: new Date(),
  quick: process.env.PILOTLIGHT_PACKAGE_QUICK === '1',
  run: runCaptured,
});
if (failure !== '') process.stderr.write(`${failure}\n`);
process.exitCode = failure === '' ? 0 : 1;
