/** All JavaScript of the built panel, gzip, as a server with compression would send it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { BenchmarkResult } from './benchmark.ts';

const root = fileURLToPath(new URL('../../dist/renderer/', import.meta.url));
const goalKilobytes = 320;

async function run(): Promise<BenchmarkResult[]> {
  const scripts = readdirSync(root, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name.endsWith('.js'),
  );
  if (scripts.length === 0) throw new Error('There is no built panel. Run npm run build first.');
  const bytes = scripts
    .map((entry) => gzipSync(readFileSync(join(entry.parentPath, entry.name))).length)
    .reduce((sum, size) => sum + size, 0);
  const kilobytes = Math.round(bytes / 100) / 10;
  return [
    {
      name: 'bundle',
      value: kilobytes,
      unit: 'kB',
      goal: goalKilobytes,
      goalText: `≤ ${goalKilobytes} kB`,
      ok: kilobytes <= goalKilobytes,
    },
  ];
}

export const benchmarks = [{ name: 'bundle', run }];
