import { describe, expect, it } from 'vitest';
import { NO_HISTORY } from '../../../../electron/core/placement/move-history.ts';
import { explainModel, type PlanInput, planNode } from '../../../../electron/core/placement/plan.ts';
import { aLoaded, aNode, anInstalled, GB, NOW, type NodeChanges, planInput } from './support.ts';

const onCpu = aLoaded();
const codeFor = (node: NodeChanges, input: Partial<PlanInput> = {}) => {
  const decision = planNode(planInput(aNode({ loaded: [onCpu], ...node }), input))[0];
  return { ...decision?.explanation, move: decision?.move, lookAgainAt: decision?.lookAgainAt };
};

describe('what the optimizer would do', () => {
  it('moves a priority model that fits', () => {
    expect(codeFor({})).toMatchObject({
      code: 'FITS',
      move: true,
      right: false,
      wanted: 'gpu',
      placement: 'cpu',
      evicts: [],
    });
  });

  it('moves a partial one too, when it fits now', () => {
    const found = codeFor({ loaded: [aLoaded({ vramBytes: 2 * GB })] });
    expect(found).toMatchObject({ code: 'FITS', move: true });
    expect(found.reason).toContain('Only 33% of it');
  });

  it.each<[string, NodeChanges, Partial<PlanInput>, string, boolean]>([
    ['it is right', { loaded: [aLoaded({ vramBytes: 6 * GB })] }, {}, 'RIGHT', true],
    ['it is no priority', {}, { priorityModels: ['other'] }, 'NOT_PRIORITY', true],
    ['it is pinned', {}, { pinned: new Set(['llama3.1:8b']) }, 'PINNED', true],
    ['there is no GPU', { hasGpu: false }, {}, 'NO_GPU', true],
    ['the node does not serve', { state: 'off' }, {}, 'NODE_NOT_SERVING', false],
    ['it is being moved', {}, { moving: 'llama3.1:8b' }, 'BUSY', false],
    ['another is being moved', {}, { moving: 'other' }, 'BUSY', false],
    ['the scheduler is stuck', {}, { blocked: 'A load waits.' }, 'BUSY', false],
    ['it answers requests', {}, { inFlight: () => 2 }, 'BUSY', false],
    ['it was seen only once', {}, { placedSince: () => NOW - 5000 }, 'SETTLING', false],
    ['it was never seen', {}, { placedSince: () => null }, 'SETTLING', false],
    [
      'it backs off',
      {},
      { history: () => ({ ...NO_HISTORY, failures: 2, retryAt: NOW + 60_000, lastReason: 'No.' }) },
      'BACKING_OFF',
      false,
    ],
    [
      'a person moved it to the CPU',
      {},
      { history: () => ({ ...NO_HISTORY, movedAt: NOW - 60_000, movedTo: 'cpu', movedBy: 'person' }) },
      'BACKING_OFF',
      false,
    ],
    [
      'it was moved a moment ago',
      {},
      { history: () => ({ ...NO_HISTORY, movedAt: NOW - 60_000, movedTo: 'gpu', movedBy: 'optimizer' }) },
      'BACKING_OFF',
      false,
    ],
    [
      'the GPU was not used',
      {},
      { history: () => ({ ...NO_HISTORY, failures: 1, gpuNotUsedAt: NOW - 3_600_000 }) },
      'GPU_LOST',
      false,
    ],
    ['it does not fit', { vram: { totalBytes: 4 * GB, source: 'person' } }, {}, 'DOES_NOT_FIT', false],
  ])('leaves it when %s', (_, node, input, code, right) => {
    expect(codeFor(node, input)).toMatchObject({ code, right, move: false });
  });

  it('looks again when waiting alone changes the answer', () => {
    expect(codeFor({}, { placedSince: () => NOW - 5000 }).lookAgainAt).toBe(NOW + 10_000);
  });

  it('goes on after a cool-down, a reversal window and a lost GPU of long ago', () => {
    const history = {
      ...NO_HISTORY,
      movedAt: NOW - 61 * 60_000,
      movedTo: 'cpu' as const,
      movedBy: 'person' as const,
    };
    expect(codeFor({}, { history: () => history })).toMatchObject({ move: true });
    expect(
      codeFor({}, { history: () => ({ ...NO_HISTORY, gpuNotUsedAt: NOW - 7 * 3_600_000 }) }),
    ).toMatchObject({ move: true });
  });

  it('says what a move would push out, and does it where nothing there is protected', () => {
    const loaded = [onCpu, aLoaded({ name: 'qwen:14b', sizeBytes: 20 * GB, vramBytes: 20 * GB })];
    expect(codeFor({ loaded })).toMatchObject({ code: 'FITS_BY_EVICTION', move: true, evicts: ['qwen:14b'] });
    const busy = codeFor({ loaded }, { inFlight: (name) => (name === 'qwen:14b' ? 1 : 0) });
    expect(busy).toMatchObject({ code: 'BUSY', move: false, evicts: ['qwen:14b'] });
  });

  it('never pushes out a pinned model or another priority', () => {
    const loaded = [onCpu, aLoaded({ name: 'qwen:14b', sizeBytes: 20 * GB, vramBytes: 20 * GB })];
    const pinned = codeFor({ loaded }, { pinned: new Set(['qwen:14b']) });
    expect(pinned).toMatchObject({ code: 'FITS_BY_EVICTION', move: false, evicts: ['qwen:14b'] });
    expect(pinned.next).toContain('qwen:14b');
    const priority = codeFor({ loaded }, { priorityModels: ['llama3.1', 'qwen'] });
    expect(priority).toMatchObject({ code: 'FITS_BY_EVICTION', move: false });
  });

  it('lets the server choose where the VRAM is unknown, unless that risks a protected model', () => {
    const vram = { totalBytes: null, source: 'unknown' as const };
    expect(codeFor({ vram, hasGpu: null })).toMatchObject({ code: 'VRAM_UNKNOWN', move: true });
    const loaded = [onCpu, aLoaded({ name: 'mxbai-embed-large:latest', vramBytes: GB, sizeBytes: GB })];
    const found = codeFor({ vram, loaded });
    expect(found).toMatchObject({ code: 'VRAM_UNKNOWN', move: false });
    expect(found.reason).toContain('mxbai-embed-large');
  });

  it('leaves a model whose other tag is in use', () => {
    const sibling = anInstalled({ name: 'llama3.1:mine', digest: 'another' });
    const installed = [anInstalled(), sibling];
    const recently = (name: string) => (name === 'llama3.1:mine' ? NOW - 60_000 : null);
    expect(codeFor({ installed }, { lastLoadedAt: recently })).toMatchObject({
      code: 'SIBLING_TAG',
      move: false,
    });
    const longAgo = (name: string) => (name === 'llama3.1:mine' ? NOW - 3_600_000 : null);
    expect(codeFor({ installed }, { lastLoadedAt: longAgo })).toMatchObject({ move: true });
    const other = [anInstalled(), { ...sibling, quantization: 'Q8_0' }];
    expect(codeFor({ installed: other }, { lastLoadedAt: recently })).toMatchObject({ move: true });
  });

  it('explains a model that is not loaded', () => {
    const { explanation, move } = explainModel(planInput(aNode()), 'llama3.1:8b');
    expect(explanation).toMatchObject({ code: 'NOT_LOADED', placement: null, right: true });
    expect(move).toBe(false);
    expect(explainModel(planInput(aNode({ state: 'off', canWake: true })), 'x').explanation).toMatchObject({
      code: 'NODE_NOT_SERVING',
      next: 'Wake it.',
    });
  });
});
