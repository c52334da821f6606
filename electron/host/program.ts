import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };

export const version: string = packageJson.version;

/** Where releases are, and the keys that sign them: of whoever builds the packages (docs/packages.md). */
export const updateAddress: string | null = packageJson.updates.address;
export const updateKeys: readonly string[] = packageJson.updates.keys;

/** This file is one folder below `dist` when built, and below `electron` otherwise. */
const here = dirname(fileURLToPath(import.meta.url));
const isBuilt = !import.meta.url.endsWith('.ts');

/**
 * Where a release with agents is looked for: `agents` in the program's own folder, and beside a single file. The built
 * program of the desktop app is in its resources.
 */
export const agentFolders: readonly string[] = [
  ...new Set([join(here, '..', '..', 'agents'), join(dirname(process.execPath), 'agents')]),
];

/** The program of a worker: `workers/FOLDER/NAME.ts` in the source, `workers/NAME.mjs` in a build. */
function workerEntry(folder: string, name: string): string {
  return isBuilt
    ? join(here, '..', 'workers', `${name}.mjs`)
    : join(here, '..', 'workers', folder, `${name}.ts`);
}

export const indexWorkerEntry = workerEntry('index', 'index-worker');
export const queueWorkerEntry = workerEntry('queue', 'queue-worker');
export const gatewayWorkerEntry = workerEntry('gateway', 'gateway-worker');
export const runnerWorkerEntry = workerEntry('runner', 'runner-worker');
export const taskWorkerEntry = workerEntry('tasks', 'task-worker');
/** Started by the runner's. */
export const inferenceWorkerEntry = workerEntry(join('runner', 'inference'), 'inference-worker');
/** A thread of the core's own process. */
export const prepareStateEntry = workerEntry('state', 'prepare-state');

/** Folders of the program that it fills itself; they exist in a copy of the repository only. */
export const programFolders: readonly string[] = ['.runtime', '.cache'].map((name) =>
  join(here, '..', '..', name),
);

/** What is new in each version. */
export const changesFile: string = isBuilt
  ? join(here, '..', 'CHANGELOG.md')
  : join(here, '..', '..', 'CHANGELOG.md');

/** The built panel; null if it was not built. */
export function findPanel(): string | null {
  const root = isBuilt ? join(here, '..', 'renderer') : join(here, '..', '..', 'dist', 'renderer');
  return existsSync(join(root, 'index.html')) ? root : null;
}
