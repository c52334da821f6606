/**
 * Everything at once that a program may meet in its life: `npm run torture`, `npm run torture -- fuzz kill`,
 * `npm run torture -- --seed 7 --scale 0.1`. Each part must end with 0 crashes, 0 hangs, 0 lost, 0 silent.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { corruptAgent } from './corrupt-agent.ts';
import { corruptCore } from './corrupt-core.ts';
import { diskFull } from './disk-full.ts';
import { fuzzAgent } from './fuzz-agent.ts';
import { fuzzCore } from './fuzz-core.ts';
import { killCore } from './kill-core.ts';
import { killInference } from './kill-inference.ts';
import { killWorker } from './kill-worker.ts';
import type { Part, Tally } from './part.ts';
import { createRandom } from './random.ts';
import { soakRunner } from './soak-runner.ts';
import { twoStarts } from './two-starts.ts';

const parts: readonly Part[] = [
  fuzzCore,
  fuzzAgent,
  corruptCore,
  corruptAgent,
  killCore,
  killWorker,
  killInference,
  soakRunner,
  diskFull,
  twoStarts,
];

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string' },
    scale: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (values.list) {
  for (const { name, summary } of parts) console.log(`${name.padEnd(14)}${summary}`);
  process.exit(0);
}
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const scale = Number(values.scale);
const chosen = parts.filter(
  ({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
);
if (chosen.length === 0 || !Number.isInteger(seed) || !(scale > 0)) {
  console.error(
    `Usage: npm run torture -- [part …] [--seed N] [--scale X]. Parts: ${parts.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new DOMException('Stopped by the user.', 'AbortError')));
console.error(`seed ${seed}, scale ${scale}`);
const rows: { name: string; seconds: number; tally: Tally | null }[] = [];
for (const part of chosen) {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), `pilotlight-torture-${part.name}-`));
  mkdirSync(folder, { recursive: true });
  console.error(`${part.name}: ${part.summary} …`);
  let tally: Tally | null = null;
  try {
    tally = await part.run({
      random: createRandom(seed),
      scale,
      folder,
      signal: controller.signal,
      note: (text) => console.error(`  ${text}`),
    });
    for (const finding of tally.findings) console.error(`  ${finding}`);
  } catch (error) {
    console.error(`  could not be run: ${error instanceof Error ? error.stack : error}`);
  }
  rows.push({ name: part.name, seconds: (performance.now() - began) / 1000, tally });
  if (values.keep) console.error(`  kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  if (controller.signal.aborted) break;
}

console.log(
  `\n${'part'.padEnd(15)}${['tried', 'crashes', 'hangs', 'lost', 'silent', 'seconds'].map((title) => title.padStart(9)).join('')}`,
);
for (const { name, seconds, tally } of rows) {
  const cells =
    tally === null
      ? ['–', '–', '–', '–', '–']
      : [tally.tried, tally.crashes, tally.hangs, tally.lost, tally.silent].map((count) =>
          count.toLocaleString('en'),
        );
  console.log(`${name.padEnd(15)}${[...cells, seconds.toFixed(0)].map((cell) => cell.padStart(9)).join('')}`);
}
const clean = rows.every(
  ({ tally }) => tally !== null && tally.crashes + tally.hangs + tally.lost + tally.silent === 0,
);
// What a part left running must not keep the program.
process.exit(clean ? 0 : 1);
