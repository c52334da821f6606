import { describe, expect, it } from 'vitest';
import type { NodeListener } from '../../../../electron/core/fleet/wait-for.ts';
import type { LibraryDependencies } from '../../../../electron/core/library/model.ts';
import { createLibraryService } from '../../../../electron/core/library/service.ts';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../../shared/models/activity.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { anInstalledModel, createFakeInferenceServer } from '../../../fakes/inference-server.ts';
import { aNode, type NodeChanges } from '../placement/support.ts';

const NAME = 'llama3.1:8b';
const noLog = { debug() {}, info() {}, warn() {}, error() {} };

function setup(changes: { tower?: NodeChanges; nas?: NodeChanges; wake?: () => Promise<NodeView> } = {}) {
  const clock = createFakeClock();
  const nodes = new Map<string, NodeView>([
    ['tower', aNode({ id: 'tower', name: 'tower', ...changes.tower })],
    ['nas', aNode({ id: 'nas', name: 'nas', installed: [anInstalledModel()], ...changes.nas })],
  ]);
  const server = createFakeInferenceServer('http://127.0.0.1:1');
  const activity: NewActivityEntry[] = [];
  const held = new Set<string>();
  const listeners = new Set<NodeListener>();
  const removed: string[] = [];
  const probed: string[] = [];
  const dependencies: LibraryDependencies = {
    clock,
    streams: createStreams({ clock, epoch: 'epoch', log: noLog }),
    activity: { record: (entry) => activity.push(entry) as never },
    fleet: {
      get: (id) => nodes.get(id) ?? null,
      require(id) {
        const node = nodes.get(id);
        if (node === undefined) throw new PilotlightError('NOT_FOUND');
        return node;
      },
      server: (id) => (nodes.get(id)?.url === null ? null : server),
      probeSoon: (id) => void probed.push(id),
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    leases: {
      hold: ({ nodeId }) => {
        held.add(nodeId);
        return { lease: {} as never, [Symbol.dispose]: () => void held.delete(nodeId) };
      },
    },
    wakes: { ensureAwake: changes.wake ?? (() => Promise.reject(new PilotlightError('WAKE_TIMEOUT'))) },
    placement: { remove: async ({ model }) => void removed.push(model) },
  };
  const library = createLibraryService(dependencies);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const settled = async () => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  const remove = (id: string) => {
    const node = nodes.get(id) ?? null;
    nodes.delete(id);
    for (const listener of listeners) listener(null, node);
  };
  return { library, server, clock, activity, held, nodes, removed, probed, gate, open, settled, remove };
}

const codes = (activity: readonly NewActivityEntry[]) =>
  activity.map(({ message }) => (typeof message === 'string' ? message : message.code));

describe('a download', () => {
  it('runs under a lease, shows its progress, and ends with a probe of the list', async () => {
    const { library, server, held, activity, gate, open, settled, clock, probed } = setup();
    server.held = gate;
    const pull = library.pull({ nodeId: 'tower', model: 'Llama3.1:8b', wake: false });
    expect(pull).toMatchObject({ model: NAME, state: 'downloading', copyOf: null, totalBytes: null });
    expect(held).toEqual(new Set(['tower']));
    server.onProgress?.({ phase: 'downloading', doneBytes: 10, totalBytes: 100 });
    await clock.advance(2000);
    server.onProgress?.({ phase: 'downloading', doneBytes: 50, totalBytes: 100 });
    expect(library.pulls()).toMatchObject([{ doneBytes: 50, totalBytes: 100, bytesPerSecond: 20 }]);
    server.onProgress?.({ phase: 'checking', doneBytes: 100, totalBytes: 100 });
    expect(library.pulls()).toMatchObject([{ state: 'checking', bytesPerSecond: null }]);
    open();
    await settled();
    expect(library.pulls()).toMatchObject([{ state: 'done', doneBytes: 100, endedAt: clock.now() }]);
    expect(held.size).toBe(0);
    expect(probed).toEqual(['tower']);
    expect(codes(activity)).toEqual(['MODEL_PULLED']);
    await clock.advance(600_000);
    expect(library.pulls()).toEqual([]);
  });

  it('is refused for a machine that is off, and wakes it where that was allowed', async () => {
    const off: NodeChanges = { state: 'off' };
    const { library } = setup({ tower: off });
    expect(() => library.pull({ nodeId: 'tower', model: NAME, wake: false })).toThrow(
      expect.objectContaining({ code: 'NODE_ASLEEP' }),
    );
    const { promise: woken, resolve: wake } = Promise.withResolvers<NodeView>();
    const world = setup({ tower: off, wake: () => woken });
    expect(world.library.pull({ nodeId: 'tower', model: NAME, wake: true }).state).toBe('waking');
    expect(world.held).toEqual(new Set(['tower']));
    await world.settled();
    expect(world.server.calls).toEqual([]);
    wake(aNode({ id: 'tower' }));
    await world.settled();
    expect(world.server.calls).toEqual([`pull ${NAME}`]);
    expect(world.library.pulls()).toMatchObject([{ state: 'done' }]);
  });

  it('fails with the code of a wake that did not work', async () => {
    const { library, settled, activity, held } = setup({ tower: { state: 'off' } });
    library.pull({ nodeId: 'tower', model: NAME, wake: true });
    await settled();
    expect(library.pulls()).toMatchObject([{ state: 'failed', problem: { code: 'WAKE_TIMEOUT' } }]);
    expect(codes(activity)).toEqual(['MODEL_PULL_FAILED']);
    expect(held.size).toBe(0);
  });

  it('fails with the code of the server, and can be tried again', async () => {
    const { library, server, settled } = setup();
    server.answer = { fails: new PilotlightError('SERVER_DISK_FULL') };
    library.pull({ nodeId: 'tower', model: NAME, wake: false });
    await settled();
    expect(library.pulls()).toMatchObject([{ state: 'failed', problem: { code: 'SERVER_DISK_FULL' } }]);
    server.answer = 'serves';
    library.pull({ nodeId: 'tower', model: NAME, wake: false });
    await settled();
    expect(library.pulls()).toMatchObject([{ state: 'done', problem: null }]);
  });

  it('runs once for each node and model', async () => {
    const { library, server, gate, settled } = setup();
    server.held = gate;
    library.pull({ nodeId: 'tower', model: 'llama3.1', wake: false });
    expect(() => library.pull({ nodeId: 'tower', model: 'library/llama3.1:latest', wake: false })).toThrow(
      expect.objectContaining({ code: 'PULL_RUNNING' }),
    );
    library.pull({ nodeId: 'nas', model: 'llama3.1', wake: false });
    await settled();
    expect(server.calls).toEqual(['pull llama3.1:latest', 'pull llama3.1:latest']);
    await expect(
      library.remove({ nodeId: 'tower', model: 'llama3.1', signal: new AbortController().signal }),
    ).rejects.toMatchObject({ code: 'PULL_RUNNING' });
  });

  it('ends when it is cancelled, once, and not as a failure', async () => {
    const { library, server, gate, settled, activity, held } = setup();
    server.held = gate;
    library.pull({ nodeId: 'tower', model: NAME, wake: false });
    library.cancel('tower', NAME);
    expect(() => library.cancel('tower', NAME)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    await settled();
    expect(library.pulls()).toMatchObject([{ state: 'cancelled', problem: null }]);
    expect(codes(activity)).toEqual(['MODEL_PULL_CANCELLED']);
    expect(held.size).toBe(0);
  });

  it.each([
    ['BAD_MODEL_NAME', 'tower', 'a b', {}],
    ['NOT_FOUND', 'nope', NAME, {}],
    ['NO_SERVER', 'tower', NAME, { tower: { url: null } }],
    [
      'NOT_SUPPORTED',
      'tower',
      NAME,
      { tower: { server: { product: 'vLLM', version: '1', capabilities: [] } } },
    ],
  ] as const)('is refused with %s', (code, nodeId, model, changes) => {
    const { library, server, held } = setup(changes as never);
    expect(() => library.pull({ nodeId, model, wake: true })).toThrow(expect.objectContaining({ code }));
    expect(server.calls).toEqual([]);
    expect(held.size).toBe(0);
    expect(library.pulls()).toEqual([]);
  });

  it('ends with its node', async () => {
    const { library, server, gate, settled, remove, held, activity } = setup();
    server.held = gate;
    library.pull({ nodeId: 'tower', model: NAME, wake: false });
    remove('tower');
    await settled();
    expect(library.pulls()).toEqual([]);
    expect(held.size).toBe(0);
    expect(activity).toEqual([]);
  });

  it('ends with the core, which begins no other', async () => {
    const { library, server, gate, held } = setup();
    server.held = gate;
    library.pull({ nodeId: 'tower', model: NAME, wake: false });
    await library.stop();
    expect(held.size).toBe(0);
    expect(() => library.pull({ nodeId: 'tower', model: NAME, wake: false })).toThrow(
      expect.objectContaining({ code: 'STOPPING' }),
    );
  });
});

describe('a copy', () => {
  const copy = { from: 'nas', to: 'tower', model: 'llama3.1', wake: false };

  it('downloads the name of the first node, and says whether the files are the same', async () => {
    const { library, server, settled, activity } = setup();
    expect(library.copy(copy)).toMatchObject({ nodeId: 'tower', model: NAME, copyOf: 'nas' });
    await settled();
    expect(server.calls).toEqual([`pull ${NAME}`, 'installed']);
    expect(library.pulls()).toMatchObject([{ state: 'done', sameFiles: true }]);
    expect(activity).toMatchObject([{ severity: 'success', why: null }]);
  });

  it('says that the library has another one by now', async () => {
    const { library, server, settled, activity } = setup();
    server.installedModels = [anInstalledModel({ digest: 'newer' })];
    library.copy(copy);
    await settled();
    expect(library.pulls()).toMatchObject([{ state: 'done', sameFiles: false }]);
    expect(activity).toMatchObject([{ severity: 'warning', why: { code: 'COPY_DIFFERS' } }]);
  });

  it('is done although the comparison failed', async () => {
    const { library, server, settled } = setup();
    const { installed } = server;
    server.installed = (signal, options) => {
      server.answer = { fails: new PilotlightError('HOST_TIMEOUT') };
      return installed(signal, options);
    };
    library.copy(copy);
    await settled();
    expect(library.pulls()).toMatchObject([{ state: 'done', sameFiles: null }]);
  });

  it('works while the first node sleeps', async () => {
    const { library, settled } = setup({ nas: { state: 'off' } });
    library.copy(copy);
    await settled();
    expect(library.pulls()).toMatchObject([{ state: 'done', sameFiles: true }]);
  });

  it('is refused if the model is not there, or is there already', () => {
    const { library } = setup();
    expect(() => library.copy({ ...copy, model: 'other' })).toThrow(
      expect.objectContaining({ code: 'MODEL_NOT_FOUND' }),
    );
    const same = setup({ tower: { installed: [anInstalledModel()] } });
    expect(() => same.library.copy(copy)).toThrow(expect.objectContaining({ code: 'ALREADY_EXISTS' }));
    const other = setup({ tower: { installed: [anInstalledModel({ digest: 'older' })] } });
    expect(other.library.copy(copy)).toMatchObject({ state: 'downloading' });
  });
});

describe('deleting', () => {
  it('is left to placement, which unloads first', async () => {
    const { library, removed } = setup();
    await library.remove({ nodeId: 'tower', model: NAME, signal: new AbortController().signal });
    expect(removed).toEqual([NAME]);
  });
});
