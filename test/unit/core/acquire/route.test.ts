import { describe, expect, it } from 'vitest';
import { healthyNode, type NodeHealth } from '../../../../electron/core/acquire/node-health.ts';
import {
  chooseRoute,
  modelOnNode,
  type RouteRequest,
  rankChoices,
} from '../../../../electron/core/acquire/route.ts';
import { digest, embeddingModel, modelName, nodeView } from '../../../fakes/indexing.ts';

const tower = nodeView({ id: 'tower', hasGpu: true, canWake: true, state: 'gpu-verified' });
const asleep = { ...tower, state: 'off' as const };
const nas = nodeView({ id: 'nas', hasGpu: false });

const wanted = { name: modelName, digest };

function route(own: Partial<RouteRequest>) {
  return chooseRoute({
    nodes: [],
    health: new Map(),
    model: wanted,
    gpu: 'needed',
    mayWake: true,
    whenGpuGone: 'use-cpu',
    ...own,
  });
}

function health(nodeId: string, own: Partial<NodeHealth>): Map<string, NodeHealth> {
  return new Map([[nodeId, { ...healthyNode, ...own }]]);
}

const using = (nodeId: string, gpu: boolean, fallback: boolean) => ({
  kind: 'use',
  nodes: [{ nodeId, name: nodeId, model: modelName, gpu }],
  fallback,
});

describe('the model of an index', () => {
  it('is known by its digest, whatever its name', () => {
    const node = nodeView({ id: 'a', installed: [embeddingModel({ name: 'my-copy:v2' })] });
    expect(modelOnNode(node, wanted)).toBe('my-copy:v2');
    expect(modelOnNode(node, { ...wanted, digest: 'e'.repeat(64) })).toBeNull();
  });

  it('is not there any more when another digest is loaded under its name', () => {
    const pulled = {
      ...embeddingModel({ digest: 'e'.repeat(64) }),
      vramBytes: 1,
      expiresAt: null,
      contextLength: 512,
      placement: 'gpu' as const,
      gpuShare: 1,
      priority: true,
      pinned: false,
      flagged: false,
    };
    expect(modelOnNode(nodeView({ id: 'a', loaded: [pulled] }), wanted)).toBeNull();
  });
});

describe('the route', () => {
  it('uses the GPU machine that serves and leaves the CPU machine alone', () => {
    expect(route({ nodes: [nas, tower] })).toEqual(using('tower', true, false));
  });

  it('prefers a machine that has a GPU to one that may have one', () => {
    const unknown = nodeView({ id: 'laptop', hasGpu: null });
    expect(route({ nodes: [unknown, tower] })).toEqual(using('tower', true, false));
    expect(route({ nodes: [unknown, nas] })).toEqual(using('laptop', true, false));
  });

  it('wakes the GPU machine rather than use the CPU', () => {
    expect(route({ nodes: [nas, asleep] })).toEqual({ kind: 'wake', nodeId: 'tower', name: 'tower' });
  });

  it('wakes the machine that is known to have the model first', () => {
    const bigger = nodeView({
      id: 'bigger',
      state: 'off',
      hasGpu: true,
      canWake: true,
      installed: [],
      vram: { totalBytes: 96e9, source: 'person' },
    });
    expect(route({ nodes: [bigger, asleep] })).toMatchObject({ kind: 'wake', nodeId: 'tower' });
  });

  it('does not wake a machine that has no server, only an agent', () => {
    const relay = nodeView({ id: 'relay', state: 'off', canWake: true, url: null, installed: [] });
    expect(route({ nodes: [nas, relay] })).toEqual(using('nas', false, false));
    expect(route({ nodes: [nas, { ...relay, url: 'http://a' }] })).toMatchObject({ kind: 'wake' });
  });

  it('does not wake a machine that has other models only', () => {
    const other = { ...asleep, installed: [embeddingModel({ digest: 'e'.repeat(64) })] };
    expect(route({ nodes: [nas, other] })).toEqual(using('nas', false, false));
  });

  it('falls back to the CPU, and says so, where no wake is wanted or it failed', () => {
    expect(route({ nodes: [nas, asleep], mayWake: false })).toEqual(using('nas', false, true));
    expect(route({ nodes: [nas, asleep], health: health('tower', { wakeRefused: true }) })).toEqual(
      using('nas', false, true),
    );
  });

  it('does not call the CPU a fallback where there never was a GPU', () => {
    expect(route({ nodes: [nas] })).toEqual(using('nas', false, false));
  });

  it('leaves a machine asleep that went away during the job, with a CPU at hand', () => {
    const lost = health('tower', { dropped: true });
    expect(route({ nodes: [nas, asleep], health: lost })).toEqual(using('nas', false, true));
  });

  it('wakes it again where the job would have to wait', () => {
    const lost = health('tower', { dropped: true });
    const wake = { kind: 'wake', nodeId: 'tower' };
    expect(route({ nodes: [nas, asleep], health: lost, whenGpuGone: 'wait' })).toMatchObject(wake);
    expect(route({ nodes: [asleep], health: lost })).toMatchObject(wake);
  });

  it('waits for a GPU where the person chose so', () => {
    expect(route({ nodes: [nas, asleep], mayWake: false, whenGpuGone: 'wait' })).toEqual({
      kind: 'wait',
      for: 'gpu-node',
    });
  });

  it('takes a machine that put the model on its CPU for a CPU machine', () => {
    const refused = health('tower', { gpuRefused: true });
    expect(route({ nodes: [tower], health: refused })).toEqual(using('tower', false, true));
    expect(route({ nodes: [tower], health: refused, whenGpuGone: 'wait' })).toMatchObject({ kind: 'wait' });
  });

  it('leaves a machine alone that failed a moment ago', () => {
    const excluded = health('tower', { excluded: true, dropped: true });
    expect(route({ nodes: [nas, tower], health: excluded })).toEqual(using('nas', false, true));
  });

  it('waits for a probe instead of waking a machine that may be awake', () => {
    const unseen = { ...asleep, state: 'unknown' as const };
    expect(route({ nodes: [nas, unseen] })).toEqual({
      kind: 'wait',
      for: 'probe',
      name: 'tower',
    });
  });

  it('prefers machines without a GPU if the GPU is avoided, and wakes none', () => {
    expect(route({ nodes: [nas, tower], gpu: 'avoided' })).toEqual(using('nas', false, false));
    expect(route({ nodes: [tower], gpu: 'avoided' })).toEqual(using('tower', false, false));
    expect(route({ nodes: [asleep], gpu: 'avoided', mayWake: false })).toEqual({ kind: 'wait', for: 'node' });
    expect(route({ nodes: [asleep], gpu: 'avoided' })).toMatchObject({ kind: 'wake', nodeId: 'tower' });
  });

  it('without a preference takes every node that serves, and wakes any other', () => {
    const both = route({ nodes: [nas, tower], gpu: 'any' });
    expect(both).toMatchObject({ kind: 'use', fallback: false });
    expect(both.kind === 'use' && both.nodes.map(({ nodeId, gpu }) => [nodeId, gpu])).toEqual([
      ['nas', false],
      ['tower', false],
    ]);
    const sleeping = { ...nas, state: 'off' as const, canWake: true };
    expect(route({ nodes: [sleeping], gpu: 'any' })).toMatchObject({ kind: 'wake', nodeId: 'nas' });
    expect(route({ nodes: [sleeping], gpu: 'needed' })).toEqual({ kind: 'wait', for: 'node' });
    const unseen = { ...sleeping, state: 'unknown' as const };
    expect(route({ nodes: [unseen], gpu: 'any' })).toEqual({ kind: 'wait', for: 'probe', name: 'nas' });
    expect(route({ nodes: [unseen], gpu: 'needed' })).toEqual({ kind: 'wait', for: 'node' });
  });

  it('leaves a machine alone that cannot be woken, or did not wake', () => {
    expect(route({ nodes: [{ ...asleep, canWake: false }] })).toEqual({ kind: 'wait', for: 'node' });
    expect(route({ nodes: [asleep], health: health('tower', { wakeRefused: true }) })).toEqual({
      kind: 'wait',
      for: 'node',
    });
  });

  it('wakes the surer GPU, then the larger one', () => {
    const sleeper = (id: string, hasGpu: boolean | null, totalBytes: number | null) =>
      nodeView({
        id,
        state: 'off',
        canWake: true,
        hasGpu,
        installed: [],
        vram: { totalBytes, source: 'person' },
      });
    const wakes = (...nodes: ReturnType<typeof sleeper>[]) => route({ nodes });
    expect(wakes(sleeper('a', null, 96e9), sleeper('b', true, 8e9))).toMatchObject({ nodeId: 'b' });
    expect(wakes(sleeper('a', true, 8e9), sleeper('b', true, 24e9))).toMatchObject({ nodeId: 'b' });
    expect(wakes(sleeper('a', true, 24e9), sleeper('b', true, 8e9))).toMatchObject({ nodeId: 'a' });
    expect(wakes(sleeper('a', true, null), sleeper('b', true, 1))).toMatchObject({ nodeId: 'b' });
  });

  it('calls the CPU a fallback only where a GPU machine could have had the model', () => {
    const other = [embeddingModel({ digest: 'e'.repeat(64) })];
    const fallback = (...nodes: ReturnType<typeof nodeView>[]) => {
      const found = route({ nodes: [nas, ...nodes], mayWake: false });
      return found.kind === 'use' && found.fallback;
    };
    expect(fallback({ ...asleep, installed: [] })).toBe(true);
    expect(fallback({ ...asleep, hasGpu: null })).toBe(true);
    expect(fallback({ ...asleep, hasGpu: null, canWake: false })).toBe(false);
    expect(fallback({ ...asleep, installed: other })).toBe(false);
    expect(fallback({ ...tower, installed: [] })).toBe(false);
    expect(fallback({ ...asleep, hasGpu: false })).toBe(false);
    expect(
      route({
        nodes: [nas, { ...asleep, installed: other }],
        mayWake: false,
        health: health('tower', { dropped: true }),
      }),
    ).toMatchObject({ fallback: true });
  });

  it('takes any server where no model is wanted', () => {
    const empty = { ...nas, installed: [] };
    expect(route({ nodes: [empty], model: null, gpu: 'any' })).toEqual({
      kind: 'use',
      nodes: [{ nodeId: 'nas', name: 'nas', model: null, gpu: false }],
      fallback: false,
    });
    expect(route({ nodes: [{ ...asleep, installed: [] }], model: null, gpu: 'any' })).toMatchObject({
      kind: 'wake',
    });
  });
});

describe('a model without a digest', () => {
  it('is any that has the name', () => {
    const node = nodeView({ id: 'a', installed: [embeddingModel({ name: 'Mxbai:latest' })] });
    expect(modelOnNode(node, { name: 'mxbai', digest: null })).toBe('Mxbai:latest');
    expect(modelOnNode(node, { name: 'mxbai:v1', digest: null })).toBeNull();
    expect(modelOnNode({ ...node, installed: [] }, { name: 'mxbai', digest: null })).toBeNull();
  });
});

describe('the nodes for one request', () => {
  const loaded = (gpuShare: number) => [
    {
      ...embeddingModel(),
      vramBytes: 1,
      expiresAt: null,
      contextLength: 512,
      placement: 'gpu' as const,
      gpuShare,
      priority: true,
      pinned: false,
      flagged: false,
    },
  ];
  const ranked = (nodes: ReturnType<typeof nodeView>[], busy: Record<string, number> = {}) => {
    const choices = nodes.map(({ id }) => ({ nodeId: id, name: id, model: modelName, gpu: false }));
    return rankChoices(choices, nodes, (nodeId) => busy[nodeId] ?? 0).map(({ nodeId }) => nodeId);
  };

  it('are those first that have the model on their GPU, then those that have it loaded', () => {
    const nodes = [
      nodeView({ id: 'cold' }),
      nodeView({ id: 'cpu', loaded: loaded(0) }),
      nodeView({ id: 'partial', loaded: loaded(0.5) }),
      nodeView({ id: 'gpu', loaded: loaded(1) }),
    ];
    expect(ranked(nodes, { gpu: 9 })).toEqual(['gpu', 'partial', 'cpu', 'cold']);
  });

  it('are the less busy ones among equals, in the order of the fleet else', () => {
    const nodes = [nodeView({ id: 'a' }), nodeView({ id: 'b' }), nodeView({ id: 'c' })];
    expect(ranked(nodes, { a: 2, b: 1, c: 1 })).toEqual(['b', 'c', 'a']);
  });

  it('does not count another model that is loaded', () => {
    const other = loaded(1).map((model) => ({ ...model, name: 'other:latest' }));
    expect(ranked([nodeView({ id: 'a' }), nodeView({ id: 'b', loaded: other })], { a: 0, b: 1 })).toEqual([
      'a',
      'b',
    ]);
  });
});
