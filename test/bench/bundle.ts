/**
 * The JavaScript of the built panel, gzip, as a server with compression would send it: what the first page needs before
 * it is painted, and all of it. The budgets are those of docs/decisions/0018-two-budgets-for-the-panel.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { BenchmarkResult } from './benchmark.ts';

const root = fileURLToPath(new URL('../../dist/renderer/', import.meta.url));
const firstGoalKilobytes = 160;
const wholeGoalKilobytes = 460;

/** The scripts of `index.html`, and everything that they import statically. */
function firstScripts(): Set<string> {
  const html = readFileSync(join(root, 'index.html'), 'utf8');
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, name] of text.matchAll(/\b(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      visit(`assets/${name}`);
  };
  for (const [, path] of html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)) if (path) visit(path);
  return found;
}

const kilobytes = (paths: Iterable<string>) => {
  let bytes = 0;
  for (const path of paths) bytes += gzipSync(readFileSync(join(root, path))).length;
  return Math.round(bytes / 100) / 10;
};

const result = (name: string, value: number, goal: number): BenchmarkResult => ({
  name,
  value,
  unit: 'kB',
  goal,
  goalText: `≤ ${goal} kB`,
  ok: value <= goal,
});

async function run(): Promise<BenchmarkResult[]> {
  const scripts = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.js'),
  );
  if (scripts.length === 0) throw new Error('There is no built panel. Run npm run build first.');
  return [
    result('bundle, first page', kilobytes(firstScripts()), firstGoalKilobytes),
    result('bundle', kilobytes(scripts), wholeGoalKilobytes),
  ];
}

export const benchmarks = [{ name: 'bundle', run }];
