/** Models from the command line, of a core with simulated machines. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import { jsonOf, runCli } from '../../fakes/cli.ts';

let folder: string;
let host: Host;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-models-'));
  host = await startHost({
    dataFolder: join(folder, 'data'),
    simulate: true,
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
  });
  for (const id of ['nas', 'lab-2'])
    await host.core.services.fleet.waitFor(id, (node) => isServing(node.state), AbortSignal.timeout(50_000));
}, 40_000);
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) => runCli('cli', ['models', ...args, '--data', join(folder, 'data')]);
const names = (id: string) => host.core.services.fleet.require(id).installed.map(({ name }) => name);

it('are downloaded to the machines that are named, woken where that is allowed', async () => {
  const refused = await cli('pull', 'all-minilm', '--on', 'gpu-tower');
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('NODE_ASLEEP');

  const run = await cli('pull', 'all-minilm', '--on', 'lab-2', '--on', 'gpu-tower', '--wake', '--json');
  expect(run.code).toBe(0);
  expect(jsonOf(run)).toMatchObject([
    { nodeId: 'lab-2', model: 'all-minilm:latest', state: 'done' },
    { nodeId: 'gpu-tower', model: 'all-minilm:latest', state: 'done' },
  ]);
  const has = (id: string) =>
    host.core.services.fleet.waitFor(
      id,
      (node) => node.installed.some(({ name }) => name === 'all-minilm:latest'),
      AbortSignal.timeout(50_000),
    );
  await Promise.all([has('lab-2'), has('gpu-tower')]);
  expect(host.core.services.leases.ledger.list().filter(({ kind }) => kind === 'job')).toEqual([]);
});

it('are copied by their digest, and what is there already is refused', async () => {
  const run = await cli('copy', 'mxbai-embed-large', '--from', 'nas', '--to', 'lab-2', '--json');
  expect(run).toMatchObject({ code: 0 });
  expect(jsonOf(run)).toMatchObject([{ copyOf: 'nas', state: 'done', sameFiles: true }]);
  await host.core.services.fleet.waitFor(
    'lab-2',
    (node) => node.installed.some(({ name }) => name === 'mxbai-embed-large:latest'),
    AbortSignal.timeout(50_000),
  );
  const again = await cli('copy', 'mxbai-embed-large', '--from', 'nas', '--to', 'lab-2');
  expect(again.code).toBe(1);
  expect(again.err).toContain('ALREADY_EXISTS');
});

it('fail with the code of the reason', async () => {
  const unknown = await cli('pull', 'no-such-model', '--on', 'nas');
  expect(unknown.code).toBe(1);
  expect(unknown.out).toContain('MODEL_NOT_IN_REGISTRY');
  host.core.services.fleet.simulation.setFault('nas', 'full-disk', true);
  const full = await cli('pull', 'llama3.2:3b', '--on', 'nas');
  expect(full.code).toBe(1);
  expect(full.out).toContain('SERVER_DISK_FULL');
  host.core.services.fleet.simulation.setFault('nas', 'full-disk', false);
  const list = jsonOf(await cli('downloads', '--json')) as { downloads: { problem: unknown }[] };
  expect(list.downloads.filter(({ problem }) => problem !== null)).toHaveLength(2);
});

it('are deleted after --yes, also while they are loaded', async () => {
  expect(await cli('delete', 'all-minilm', '--on', 'nas')).toMatchObject({ code: 2, out: '' });
  expect(names('nas')).toContain('all-minilm:latest');
  const signal = AbortSignal.timeout(50_000);
  const { placement, fleet } = host.core.services;
  await placement.place({ model: 'all-minilm', target: 'cpu', nodeId: 'nas', by: 'person', signal });
  expect((await cli('delete', 'all-minilm', '--on', 'nas', '--yes')).code).toBe(0);
  await fleet.waitFor(
    'nas',
    ({ installed, loaded }) => ![...installed, ...loaded].some(({ name }) => name === 'all-minilm:latest'),
    signal,
  );
  placement.pin('nas', 'mxbai-embed-large', true);
  const pinned = await cli('delete', 'mxbai-embed-large', '--on', 'nas', '--yes');
  expect(pinned.err).toContain('PINNED');
});

it.each([
  [['pull', 'x'], '--on NODE is missing'],
  [['copy', 'x', '--to', 'nas'], '--from NODE is missing'],
  [['pul', 'x'], 'There is no command'],
  [[], 'What to do is missing'],
  [['pull', '--on', 'nas'], 'Missing argument'],
])('models %j is wrong usage', async (args, said) => {
  const run = await cli(...args);
  expect(run).toMatchObject({ code: 2, out: '' });
  expect(run.err).toContain(said);
});
