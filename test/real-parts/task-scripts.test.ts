/** Scripts for the existing server work unchanged, in Python. build/run-tests.mjs installs what they need. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { spawn } from '../fakes/children.ts';
import { openTaskWorld } from '../integration/tasks/http-world.ts';

const script = fileURLToPath(new URL('./task_scripts.py', import.meta.url));
const { PILOTLIGHT_PYTHON: python, ...environment } = process.env;

/** What each check of the script must print. */
const expected: Readonly<Record<string, unknown>> = {
  'requests: ingests a file': ['pending', 60, 'SUCCESS', 1, { title: 'lampe ä.md', n: 1 }],
  'requests: ingests a list': [3, ['SUCCESS', 'SUCCESS', 'SUCCESS']],
  'requests: asks for workers': [1, ['celery', 'gpu-tasks'], false],
  'requests: asks for queues': ['active', 'completed', 'failed', 'pending'],
  'requests: cancels': true,
  'requests: reads an unknown id': [404, true],
  'requests: reads a wrong field': [422, ['body', 'gpu']],
  'requests: is told of a file that is too large': 413,
  'httpx: processes a file': [
    200,
    true,
    'text of a.md',
    ['content', 'metadata', 'processing_time', 'success'],
  ],
  'httpx: processes addresses': [true, [true, true]],
  'httpx: downloads a shared file': [200, 'shared text'],
  'httpx: uploads a result': [200, 'success'],
};

describe.skipIf(python === undefined || python === '')('scripts in Python (npm test -- real-parts)', () => {
  it('work unchanged', async () => {
    await using world = await openTaskWorld();
    const shared = join(world.test.folder, 'shared');
    mkdirSync(shared);
    writeFileSync(join(shared, 'a.txt'), 'shared text');
    world.test.host.core.services.settings.update({ tasks: { sharedFolder: shared, uploadLimitMb: 8 } });
    const worker = await world.worker();
    const stopping = new AbortController();
    const working = worker.workUntil(stopping.signal, ({ spec }) => ({
      content: `text of ${spec.title}`,
      metadata: { title: spec.title },
    }));
    const child = spawn(python ?? '', [script, world.url, world.key, 'a.txt'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment, NO_PROXY: '127.0.0.1' },
    });
    const [output, errors] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    stopping.abort();
    await working;
    const results = output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { name: string; result?: unknown; error?: string });
    expect(errors.split('\n').filter((line) => line.startsWith('Traceback'))).toEqual([]);
    expect(Object.fromEntries(results.map(({ name, result, error }) => [name, error ?? result]))).toEqual(
      expected,
    );
  });
});
