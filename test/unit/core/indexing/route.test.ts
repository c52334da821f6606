import { describe, expect, it } from 'vitest';
import {
  chooseRoute,
  modelOnNode,
  type NodeStanding,
  type RouteRequest,
} from '../../../../electron/core/indexing/route.ts';
import { digest, embeddingModel, modelName, nodeView } from '../../../fakes/indexing.ts';

const tower = nodeView({ id: 'tower', hasGpu: true, canWake: true, state: 'gpu-verified' });
const asleep = { ...tower, state: 'off' as const };
const nas = nodeView({ id: 'nas', hasGpu: false });

function route(own: Partial<RouteRequest>) {
  return chooseRoute({
    nodes: [],
    standing: new Map(),
    digest,
    modelName,
    wantGpu: true,
    mayWake: true,
    whenGpuGone: 'use-cpu',
    ...own,
  });
}

function standing(nodeId: string, own: Partial<NodeStanding>): Map<string, NodeStanding> {
  return new Map([[nodeId, { excluded: false, gpuRefused: false, lost: false, wakeRefused: false, ...own }]]);
}

const using = (nodeId: string, gpu: boolean, fallback: boolean) => ({
  kind: 'use',
  nodes: [{ nodeId, name: nodeId, model: modelName, gpu }],
  fallback,
});

describe('the model of an index', () => {
  it('is known by its digest, whatever its name', () => {
    const node = nodeView({ id: 'a', installed: [embeddingModel({ name: 'my-copy:v2' })] });
    expect(modelOnNode(node, digest)).toBe('my-copy:v2');
    expect(modelOnNode(node, 'e'.repeat(64))).toBeNull();
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
    expect(modelOnNode(nodeView({ id: 'a', loaded: [pulled] }), digest)).toBeNull();
  });
});

describe('the route', () => {
  it('uses the GPU machine that serves and leaves the CPU machine alone', () => {
    expect(route({ nodes: [nas, tower] })).toEqual(using('tower', true, false));
  });

  it('prefers a machine that has a GPU to one of which nobody knows', () => {
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
    expect(route({ nodes: [nas, asleep], standing: standing('tower', { wakeRefused: true }) })).toEqual(
      using('nas', false, true),
    );
  });

  it('does not call the CPU a fallback where there never was a GPU', () => {
    expect(route({ nodes: [nas] })).toEqual(using('nas', false, false));
  });

  it('leaves a machine asleep that went away during the job, with a CPU at hand', () => {
    const lost = standing('tower', { lost: true });
    expect(route({ nodes: [nas, asleep], standing: lost })).toEqual(using('nas', false, true));
  });

  it('wakes it again where the job would have to wait', () => {
    const lost = standing('tower', { lost: true });
    const wake = { kind: 'wake', nodeId: 'tower' };
    expect(route({ nodes: [nas, asleep], standing: lost, whenGpuGone: 'wait' })).toMatchObject(wake);
    expect(route({ nodes: [asleep], standing: lost })).toMatchObject(wake);
  });

  it('waits for a GPU where the person chose so', () => {
    expect(route({ nodes: [nas, asleep], mayWake: false, whenGpuGone: 'wait' })).toEqual({
      kind: 'wait',
      words: `Waiting for a GPU machine that has ${modelName}.`,
      brief: false,
    });
  });

  it('takes a machine that put the model on its CPU for a CPU machine', () => {
    const refused = standing('tower', { gpuRefused: true });
    expect(route({ nodes: [tower], standing: refused })).toEqual(using('tower', false, true));
    expect(route({ nodes: [tower], standing: refused, whenGpuGone: 'wait' })).toMatchObject({ kind: 'wait' });
  });

  it('leaves a machine alone that failed a moment ago', () => {
    const excluded = standing('tower', { excluded: true, lost: true });
    expect(route({ nodes: [nas, tower], standing: excluded })).toEqual(using('nas', false, true));
  });

  it('waits a moment for a look rather than wake a machine that may be awake', () => {
    const unseen = { ...asleep, state: 'unknown' as const };
    expect(route({ nodes: [nas, unseen] })).toEqual({
      kind: 'wait',
      words: 'Looking for tower…',
      brief: true,
    });
  });

  it('without the GPU prefers machines that have none and wakes nobody', () => {
    expect(route({ nodes: [nas, tower], wantGpu: false })).toEqual(using('nas', false, false));
    expect(route({ nodes: [tower], wantGpu: false })).toEqual(using('tower', false, false));
    expect(route({ nodes: [asleep], wantGpu: false })).toMatchObject({ kind: 'wait', brief: false });
  });
});
