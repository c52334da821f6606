import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { jsonOf, runCli } from '../../fakes/cli.ts';

const leftovers = () =>
  readdirSync(tmpdir())
    .filter((name) => name.startsWith('pilotlight-demo-'))
    .sort();

it('does the main job and proves it by what it measured', async () => {
  const before = leftovers();
  const run = await runCli('demo', ['--json']);
  expect(run).toMatchObject({ code: 0, err: '' });
  const result = jsonOf(run) as Record<string, number>;
  expect(Object.keys(result)).toEqual([
    'woke',
    'placed',
    'files',
    'vectors',
    'fallback_vectors',
    'lost',
    'repeated',
    'ms',
  ]);
  expect(result).toMatchObject({ woke: true, placed: 'gpu', lost: 0, repeated: 0 });
  expect(result.files).toBeGreaterThan(0);
  expect(result.fallback_vectors).toBeGreaterThan(0);
  expect(result.fallback_vectors).toBeLessThan(result.vectors ?? 0);
  expect(leftovers()).toEqual(before);
}, 60_000);

it('shows the demo in the terminal', async () => {
  const run = await runCli('demo', []);
  expect(run).toMatchObject({ code: 0, err: '' });
  const steps = [
    'gpu-tower  ○ off',
    'gpu-tower is awake',
    'on the GPU of gpu-tower',
    'gpu-verified',
    'gpu-tower loses power',
    'nas continues on its CPU',
    '0 lost, 0 repeated',
    'Search:',
  ];
  const places = steps.map((step) => run.out.indexOf(step));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThanOrEqual(0);
}, 60_000);
