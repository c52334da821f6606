import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonOf, runCli, startCli } from '../../fakes/cli.ts';
import { machineSetups, notes, startHostAt, startRealWorld, writeFiles } from '../../fakes/indexing-world.ts';
import { startFakeQdrant } from '../../fakes/qdrant.ts';

let root: string;
let data: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-cli-'));
  data = join(root, 'data');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const cli = (...args: string[]) => runCli('cli', [...args, '--data', data]);

describe('the command line without a running core', () => {
  it('adds a folder, indexes it to the end, finds in it', async () => {
    const folder = join(root, 'notes');
    writeFiles(folder, notes(6));
    const added = await cli('index', 'add', folder, '--name', 'My notes', '--json');
    expect(added.code).toBe(0);
    expect(jsonOf(added)).toMatchObject({ name: 'My notes', embedder: { kind: 'builtin' } });

    const again = await cli('index', 'add', folder);
    expect(again.code).toBe(1);
    expect(again.err).toMatch(/^ALREADY_EXISTS: .*\n {2}.+/);

    const started = await cli('index', 'start', 'my notes');
    expect(started).toMatchObject({ code: 0, err: '' });
    expect(started.out).toMatch(/^✓ My notes: 6 files indexed, .+\n$/);

    const found = await cli('search', 'lamp', 'note', '3', '--limit', '2', '--json');
    expect(jsonOf(found)).toMatchObject({ query: 'lamp note 3', hits: [{ sourceName: 'My notes' }, {}] });

    const jobs = await cli('index', 'list', '--json');
    expect(jsonOf(jobs)).toMatchObject([{ status: 'completed', files: { done: 6 } }]);
  });

  it('moves the vectors of a folder to Qdrant and back', async () => {
    const folder = join(root, 'notes');
    writeFiles(folder, notes(6));
    await cli('index', 'add', folder);
    expect(await cli('index', 'start')).toMatchObject({ code: 0 });
    const unset = await cli('index', 'move', 'notes', '--to', 'qdrant');
    expect(unset.code).toBe(1);
    expect(unset.err).toMatch(/^QDRANT_NOT_SET: .*\n {2}.+/);
    expect(await cli('index', 'move', 'notes', '--to', 'elsewhere')).toMatchObject({ code: 2 });

    await using qdrant = await startFakeQdrant();
    const host = await startHostAt(data);
    host.core.services.settings.update({ index: { qdrantUrl: qdrant.url } });
    await host.stop();
    const there = await cli('index', 'move', 'notes', '--to', 'qdrant');
    expect(there).toMatchObject({ code: 0, out: 'The vectors of "notes" are in Qdrant.\n' });
    expect([...qdrant.collections.values()].map(({ points }) => points.size)).toEqual([24]);

    await qdrant.stop();
    const away = await cli('search', 'lamp', '--json');
    expect(away.code).toBe(0);
    const back = await cli('index', 'move', 'notes', '--to', 'builtin', '--json');
    expect(jsonOf(back)).toMatchObject({ vectors: { engine: 'builtin', unsent: 0 } });
    const failed = await cli('index', 'move', 'notes', '--to', 'qdrant');
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/^QDRANT_UNREACHABLE: .*\n {2}.+/);
    expect(jsonOf(await cli('index', 'sources', '--json'))).toMatchObject([
      { vectors: { engine: 'builtin' } },
    ]);
  });

  it('reports errors and next steps in text and exit codes', async () => {
    expect(await cli('open')).toMatchObject({
      code: 3,
      out: '',
      err: 'NOT_RUNNING: Pilotlight is not running.\n  Start it with npm start.\n',
    });
    expect(await cli('bogus')).toMatchObject({ code: 2 });
    expect(await cli('status', '--bogus')).toMatchObject({ code: 2 });
    expect(await cli('nodes', 'add', 'ftp://x')).toMatchObject({ code: 1 });
    const gone = await cli('index', 'add', join(root, 'nowhere'), '--json');
    expect(gone.code).toBe(1);
    expect(jsonOf(gone)).toMatchObject({ error: { code: 'FOLDER_NOT_FOUND' } });
    const unknown = await cli('wake', 'tower');
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('There is no node called "tower".');
  });

  it('shows how it is used, and colours nothing off a terminal', async () => {
    const help = await runCli('cli', ['--help']);
    expect(help.code).toBe(0);
    expect(help.out).toContain('force-gpu');
    expect(help.out).not.toContain(String.fromCharCode(27));
    expect((await runCli('cli', ['index', '--help'])).out).toContain('--when-gpu-gone cpu|wait');
  });
});

describe('the command line with a running core', () => {
  it('drives it: nodes, wake, models, optimizer, index, a fresh address', async () => {
    await using world = await startRealWorld(notes(10), machineSetups({ tower: { initially: 'off' } }));
    const there = (...args: string[]) => runCli('cli', [...args, '--data', world.dataFolder]);

    const before = await there('status', '--json');
    expect(jsonOf(before)).toMatchObject({ running: true });
    const woke = await there('wake', 'tower', '--json');
    expect(jsonOf(woke)).toMatchObject({ node: { name: 'tower', state: 'serving' } });
    expect((await there('wake', 'tower')).code).toBe(0);

    const previewed = await there(
      'move',
      'mxbai-embed-large',
      'gpu',
      '--node',
      'tower',
      '--dry-run',
      '--json',
    );
    expect(jsonOf(previewed)).toMatchObject([
      { outcome: 'move', evicts: [], warnings: [{ code: 'OTHER_PANELS_UNKNOWN' }] },
    ]);
    expect((await there('move', 'mxbai-embed-large', 'gpu', '--dry-run')).out).toContain('tower');
    expect(jsonOf(await there('vram', 'tower', '--json'))).toMatchObject([{ loaded: [] }]);
    expect((await there('move', 'mxbai-embed-large', '--dry-run')).code).not.toBe(0);
    const forced = await there('force-gpu', 'mxbai-embed-large', '--node', 'tower', '--json');
    expect(jsonOf(forced)).toMatchObject([{ to: 'gpu' }]);
    const vram = await there('vram', 'tower');
    expect(vram.out).toContain('▲ GPU  mxbai-embed-large:latest');
    const refused = await there('force-gpu', 'mxbai-embed-large', '--node', 'nas');
    expect(refused.code).toBe(1);

    expect((await there('optimize', 'off')).out).toContain('Optimizer off');
    expect(jsonOf(await there('optimize', 'history', '--json'))).toHaveLength(2);

    await there('index', 'add', world.folder, '--embedder', 'mxbai-embed-large');
    const started = await there('index', 'start');
    expect(started.out).toMatch(/^Started indexing notes: job_/);
    const done = await there('index', 'progress', '--watch', '--json');
    expect(jsonOf(done)).toMatchObject({ status: 'completed', files: { done: 10 } });
    expect((await there('index', 'cancel')).out).toMatch(/^✓ notes: /);

    const { url } = jsonOf(await there('open', '--json')) as { url: string };
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=.+/);
    const removed = await there('nodes', 'remove', 'nas');
    expect(removed.out).toContain('Removed nas');
  });

  it('names the program that uses the VRAM, and forces a model anyway', async () => {
    await using world = await startRealWorld(notes(1), []);
    const { fleet } = world.host.core.services;
    await fleet.simulate(true);
    await fleet.waitFor('lab-2', (node) => node.loaded.length > 0, AbortSignal.timeout(50_000));
    fleet.simulation.setFault('lab-2', 'vram-taken', true);
    const force = (...args: string[]) =>
      runCli('cli', ['force-gpu', 'llama3.1:8b', '--node', 'lab-2', ...args, '--data', world.dataFolder]);
    const taken = await force();
    expect(taken.code).toBe(1);
    expect(taken.err).toMatch(/^VRAM_TAKEN: .*\bpython3\b.*\n.+--anyway/);
    expect(jsonOf(await force('--json'))).toMatchObject({
      error: { code: 'VRAM_TAKEN', details: { moves: [{ shortage: { holders: [{ name: 'python3' }] } }] } },
    });
    expect(jsonOf(await force('--anyway', '--json'))).toMatchObject([{ outcome: 'moved', to: 'partial' }]);
  });

  it('cancels politely at Ctrl+C where the core is its own', async () => {
    await using world = await startRealWorld(notes(60), machineSetups({ gpuTextsPerSecond: 30 }));
    await world.host.core.services.indexing.addSource({
      path: world.folder,
      embedder: { kind: 'model', ...(await embedderOf(world)) },
      wake: true,
      whenGpuGone: 'use-cpu',
    });
    await world.host.stop();
    const { child, ended } = startCli('cli', ['index', 'start', '--data', world.dataFolder]);
    await new Promise<void>((resolve) =>
      child.stdout?.on('data', (text: string) => {
        if (text.includes('on the GPU of tower')) resolve();
      }),
    );
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, err: 'Stopped.\n' });
    const host = await startHostAt(world.dataFolder);
    try {
      expect(host.core.services.indexing.jobs(1)).toMatchObject([{ status: 'cancelled' }]);
    } finally {
      await host.stop();
    }
  });

  it('lets machines sleep: keep-awake, why, off, release, policy', async () => {
    const agent = { roles: ['power', 'telemetry'] as const, folder: join(root, 'agent') };
    await using world = await startRealWorld(notes(1), machineSetups({ tower: { agent } }));
    const there = (...args: string[]) => runCli('cli', [...args, '--data', world.dataFolder]);
    const { url, token } = world.fleet.control.machine('tower').agent ?? { url: '', token: '' };
    const { fleet } = world.host.core.services;
    fleet.update(world.nodes.tower ?? '', { agentUrl: url, agentToken: token });

    const kept = await there('keep-awake', 'tower', '--for', '2h', '--purpose', 'a game', '--json');
    const lease = jsonOf(kept) as { id: string };
    expect(lease).toMatchObject({ purpose: 'a game', kind: 'person' });
    const refused = await there('off', 'tower');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/^IN_USE: .*a game/);
    expect((await there('why', 'tower')).out).toContain('a game');

    expect((await there('release', 'tower', lease.id)).code).toBe(0);
    expect(jsonOf(await there('why', 'tower', '--json'))).toMatchObject([{ leases: [] }]);
    const off = await there('off', 'tower');
    expect(off).toMatchObject({ code: 0, err: '' });
    expect(off.out).toMatch(/tower is off/);
    expect(world.fleet.control.machine('tower').power()).not.toBe('on');

    const policy = await there('policy', 'tower', '--idle', '5', '--quiet', '23:00-07:00', '--json');
    expect(jsonOf(policy)).toMatchObject({ idleMinutes: 5, quietHours: { from: 1380, to: 420 } });
    expect((await there('policy', 'tower')).out).toContain('Quiet from 23:00 to 07:00');
    for (const wrong of [['--idle', '0'], ['--watts='], ['--quiet', '07:00-07:00']]) {
      expect(await there('policy', 'tower', ...wrong)).toMatchObject({ code: 2 });
    }
    expect(await there('cancel', 'tower')).toMatchObject({ code: 1 });
  });
});

async function embedderOf(world: Awaited<ReturnType<typeof startRealWorld>>) {
  const choice = world.host.core.services.indexing
    .embedders()
    .find(({ embedder }) => embedder.kind === 'model')?.embedder;
  if (choice?.kind !== 'model') throw new Error('No machine has an embedding model.');
  return { name: choice.name, digest: choice.digest };
}
