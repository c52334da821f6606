import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };

export const version: string = packageJson.version;

/** This file lies one folder below `dist` when it was built, and below `electron` when it was not. */
const here = dirname(fileURLToPath(import.meta.url));
const isBuilt = !import.meta.url.endsWith('.ts');

/** The index worker's own program. */
export const indexWorkerEntry = isBuilt
  ? join(here, '..', 'workers', 'index-worker.mjs')
  : join(here, '..', 'workers', 'index', 'index-worker.ts');

/** The built panel; null where it was not built. */
export function findPanel(): string | null {
  const root = isBuilt ? join(here, '..', 'renderer') : join(here, '..', '..', 'dist', 'renderer');
  return existsSync(join(root, 'index.html')) ? root : null;
}
