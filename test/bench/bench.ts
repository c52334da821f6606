/**
 * Runs the benchmarks, one after another: `npm run bench`, `npm run bench -- pipeline search`,
 * `npm run bench -- --json`. A word selects every benchmark with a result whose name holds it. `--minutes 10` is for
 * those that watch something over time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Benchmark, BenchmarkResult } from './benchmark.ts';

const here = new URL('.', import.meta.url);
/** The runners of benchmarks are not those of the developer's own Pilotlight. */
process.env.PILOTLIGHT_RUNTIME_DIR = 'none';
/** Programs that a benchmark starts lie here too, and run when they are imported: the text tells them apart. */
const exportsBenchmark = /^export const benchmarks?\b/m;

function isBenchmark(value: unknown): value is Benchmark {
  return (
    typeof value === 'object' && value !== null && 'run' in value && ('names' in value || 'name' in value)
  );
}

/** Every module here that exports `benchmark` or `benchmarks`, by file name. */
async function findBenchmarks(): Promise<Benchmark[]> {
  const found: Benchmark[] = [];
  for (const file of readdirSync(here).sort()) {
    if (!file.endsWith('.ts') || !exportsBenchmark.test(readFileSync(new URL(file, here), 'utf8'))) continue;
    const module: Record<string, unknown> = await import(new URL(file, here).href);
    const exported = [module.benchmark, module.benchmarks].flat().filter((value) => value !== undefined);
    found.push(...exported.filter(isBenchmark));
  }
  return found;
}

function namesOf(benchmark: Benchmark): readonly string[] {
  return benchmark.names ?? (benchmark.name === undefined ? [] : [benchmark.name]);
}

function formatValue({ value, unit }: BenchmarkResult): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return `${value.toLocaleString('en', { maximumFractionDigits: digits })} ${unit}`.trim();
}

function table(results: readonly BenchmarkResult[]): string {
  const rows = [
    ['benchmark', 'measured', 'goal', ''],
    ...results.map((result) => [
      result.name,
      formatValue(result),
      result.goalText,
      result.goal === null ? '' : result.ok ? 'met' : 'MISSED',
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    minutes: { type: 'string' },
  },
  allowPositionals: true,
});
const minutes = values.minutes === undefined ? null : Number(values.minutes);
if (minutes !== null && !(minutes > 0)) {
  console.error('--minutes needs a number of minutes, such as --minutes 10.');
  process.exit(2);
}
const all = await findBenchmarks();
const chosen = all.filter(
  (benchmark) =>
    positionals.length === 0 ||
    positionals.some((word) => namesOf(benchmark).some((name) => name.includes(word))),
);
if (values.list) {
  for (const benchmark of chosen) console.log(namesOf(benchmark).join(', '));
  process.exit(0);
}
if (chosen.length === 0) {
  console.error(
    `No benchmark is called ${positionals.join(' or ')}. There are: ${all.flatMap(namesOf).join(', ')}.`,
  );
  process.exit(2);
}

const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new DOMException('Stopped by the user.', 'AbortError')));
const results: BenchmarkResult[] = [];
let broken = false;
for (const benchmark of chosen) {
  if (!values.json) console.error(`${namesOf(benchmark).join(', ')} …`);
  try {
    const made = await benchmark.run({
      signal: controller.signal,
      minutes,
      note: (text) => {
        if (!values.json) console.error(`  ${text}`);
      },
    });
    for (const result of made) {
      results.push(result);
      const { name, value, unit, goal, ok } = result;
      if (values.json) console.log(JSON.stringify({ name, value, unit, goal, ok }));
    }
  } catch (error) {
    broken = true;
    console.error(`${namesOf(benchmark).join(', ')} could not be measured:`);
    console.error(error instanceof Error ? error.stack : String(error));
    if (controller.signal.aborted) break;
  }
}
if (!values.json) console.log(`\n${table(results)}`);
// What a benchmark left running must not keep the program.
process.exit(broken || results.some((result) => !result.ok) ? 1 : 0);
