/** `worker check` against a real core, as a new user runs it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Host } from '../../../electron/host/start-host.ts';
import { spawn } from '../../fakes/children.ts';
import { startHostAt } from '../../fakes/indexing-world.ts';

const entry = fileURLToPath(new URL('../../../electron/workers/tasks/task-worker.ts', import.meta.url));
let root: string;
let host: Host;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-check-'));
  host = await startHostAt(join(root, 'data'));
});
afterEach(async () => {
  await host.stop();
  rmSync(root, { recursive: true, force: true });
});

async function check(...args: string[]) {
  const { secret } = host.core.services.access.addKey({
    name: 'garage',
    kind: 'program',
    rights: ['tasks'],
    expiresInDays: null,
  });
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      entry,
      'check',
      '--json',
      '--server',
      host.url,
      '--type',
      'cpu',
      ...args,
    ],
    {
      env: { PATH: process.env.PATH, TMPDIR: root, PILOTLIGHT_TOKEN: secret },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const steps = JSON.parse(await text(child.stdout)).steps as { name: string; state: string; seen: string }[];
  return steps;
}

it('downloads a document from Pilotlight where no folder is shared', async () => {
  const steps = await check();
  expect(steps.filter(({ state }) => state === 'fail')).toEqual([]);
  expect(steps.find(({ name }) => name === 'shared-folder')?.state).toBe('not-applicable');
  expect(steps.at(-1)).toMatchObject({ name: 'task', state: 'pass' });
  // It leaves nothing: neither a worker that is listed, nor a text.
  expect(host.core.services.tasks.workers.list().map(({ name }) => name)).not.toContain('garage');
});

it('reads it in the shared folder, and proves that it is the same one', async () => {
  const shared = join(root, 'shared');
  mkdirSync(shared);
  host.core.services.settings.update({ tasks: { sharedFolder: shared } });
  const steps = await check('--shared-folder', shared);
  expect(steps.filter(({ state }) => state === 'fail')).toEqual([]);
  expect(steps.find(({ name }) => name === 'shared-folder')?.state).toBe('pass');
});
