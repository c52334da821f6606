// @ts-check
// Checks a Pilotlight that was just started with a simulated fleet: it answers, wakes a simulated machine, and quits.
// The release workflow runs it against the installed package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { runCaptured } from './lib/process.mjs';

const [folder = ''] = process.argv.slice(2);
const limit = AbortSignal.timeout(60_000);

/** @param {string[]} args */
async function cli(...args) {
  const script = join(import.meta.dirname, '..', 'dist', 'cli', 'cli.mjs');
  return runCaptured(process.execPath, [script, ...args, '--json', '--data', folder]);
}

/** @returns {number | undefined} */
function corePid() {
  try {
    return JSON.parse(readFileSync(join(folder, 'endpoint.json'), 'utf8')).pid;
  } catch {
    return undefined;
  }
}

while (corePid() === undefined) await wait(250, undefined, { signal: limit });
const pid = /** @type {number} */ (corePid());
const nodes = JSON.parse((await cli('nodes', 'list')).tail);
const list = Array.isArray(nodes) ? nodes : nodes.nodes;
const asleep = list.find((/** @type {any} */ { state }) => (state?.kind ?? state) === 'off');
if (asleep === undefined) throw new Error('No simulated machine is asleep.');
const woken = await cli('wake', asleep.name);
if (woken.code !== 0) throw new Error(woken.tail);
process.stdout.write(`Woke ${asleep.name}.\n`);
process.kill(pid, 'SIGTERM');
for (;;) {
  try {
    process.kill(pid, 0);
  } catch {
    break;
  }
  await wait(250, undefined, { signal: limit });
}
process.stdout.write('It has quit.\n');
