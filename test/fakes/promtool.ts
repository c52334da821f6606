import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The real promtool of Prometheus: `PROMTOOL_PATH`, else the first on the PATH, else null. Throws in CI, where a
 * suite may not be left out.
 */
export function findPromtool(): string | null {
  const named = process.env.PROMTOOL_PATH;
  if (named) return named;
  const name = process.platform === 'win32' ? 'promtool.exe' : 'promtool';
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
  if (found === null && process.env.CI) {
    throw new Error('promtool is missing. Install Prometheus, or name its promtool in PROMTOOL_PATH.');
  }
  return found;
}
