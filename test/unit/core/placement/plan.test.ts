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

const minute = 60_000;
const hour = 60 * minute;

describe('waits', () => {
  it.each<[string, Partial<PlanInput>, string, number | null]>([
    [
      'a back-off ends',
      { history: () => ({ ...NO_HISTORY, failures: 1, retryAt: NOW + 1 }) },
      'BACKING_OFF',
      NOW + 1,
    ],
    ['a back-off has ended', { history: () => ({ ...NO_HISTORY, failures: 1, retryAt: NOW }) }, 'FITS', null],
    [
      'a cool-down ends',
      { history: () => ({ ...NO_HISTORY, movedAt: NOW - 10 * minute + 1, movedTo: 'gpu' }) },
      'BACKING_OFF',
      NOW + 1,
    ],
    [
      'a cool-down has ended',
      { history: () => ({ ...NO_HISTORY, movedAt: NOW - 10 * minute, movedTo: 'gpu' }) },
      'FITS',
      null,
    ],
    [
      'a reversal is allowed again',
      { history: () => ({ ...NO_HISTORY, movedAt: NOW - hour + 1, movedTo: 'cpu' }) },
      'BACKING_OFF',
      NOW + 1,
    ],
    [
      'a reversal is allowed',
      { history: () => ({ ...NO_HISTORY, movedAt: NOW - hour, movedTo: 'cpu' }) },
      'FITS',
      null,
    ],
    ['it has been there long enough', { placedSince: () => NOW - 15_000 + 1 }, 'SETTLING', NOW + 1],
    ['it was there long enough', { placedSince: () => NOW - 15_000 }, 'FITS', null],
    ['it was never seen', { placedSince: () => null }, 'SETTLING', NOW + 15_000],
    [
      'the GPU may be back',
      { history: () => ({ ...NO_HISTORY, gpuNotUsedAt: NOW - 6 * hour + 1 }) },
      'GPU_LOST',
      null,
    ],
    ['the GPU is back', { history: () => ({ ...NO_HISTORY, gpuNotUsedAt: NOW - 6 * hour }) }, 'FITS', null],
  ])('until %s', (_, input, code, lookAgainAt) => {
    expect(codeFor({}, input)).toMatchObject({ code, lookAgainAt, move: code === 'FITS' });
  });

  it('come in order: a lost GPU, a failure, a move, its place, its requests, its other tag', () => {
    const input: Partial<PlanInput> = {
      history: () => ({ ...NO_HISTORY, gpuNotUsedAt: NOW, retryAt: NOW + 1, movedAt: NOW, movedTo: 'gpu' }),
      placedSince: () => NOW,
      inFlight: () => 1,
    };
    expect(codeFor({}, input).code).toBe('GPU_LOST');
    const failed = { ...input, history: () => ({ ...NO_HISTORY, retryAt: NOW + 7, movedAt: NOW }) };
    expect(codeFor({}, failed)).toMatchObject({ code: 'BACKING_OFF', lookAgainAt: NOW + 7 });
    expect(codeFor({}, { ...input, history: () => NO_HISTORY }).code).toBe('SETTLING');
    const settled = { ...input, history: () => NO_HISTORY, placedSince: () => NOW - hour };
    expect(codeFor({}, settled)).toMatchObject({ code: 'BUSY', lookAgainAt: null });
  });

  it('for a lost GPU are for a model that is wholly on the CPU', () => {
    const input = { history: () => ({ ...NO_HISTORY, gpuNotUsedAt: NOW }) };
    expect(codeFor({ loaded: [aLoaded({ vramBytes: 2 * GB })] }, input).code).toBe('FITS');
    const [known, unknown] = [codeFor({ hasGpu: true }, input), codeFor({ hasGpu: null }, input)];
    expect([known.code, unknown.code]).toEqual(['GPU_LOST', 'GPU_LOST']);
    expect(known.next).not.toBe(unknown.next);
  });

  it('name what they wait for', () => {
    const failures = (count: number) =>
      codeFor(
        {},
        { history: () => ({ ...NO_HISTORY, failures: count, retryAt: NOW + minute, lastReason: 'Why.' }) },
      ).reason;
    expect(failures(3)).toContain('3 moves');
    expect(failures(3)).toContain('Why.');
    expect(failures(1)).not.toContain('1 move');
    const moved = (movedTo: 'gpu' | 'cpu', movedBy: 'person' | 'optimizer') =>
      codeFor({}, { history: () => ({ ...NO_HISTORY, movedAt: NOW, movedTo, movedBy }) });
    const all = [moved('gpu', 'person'), moved('gpu', 'optimizer'), moved('cpu', 'person')];
    expect(new Set(all.map(({ reason }) => reason)).size).toBe(3);
    expect(all[0]?.reason).toContain('GPU');
    expect(all[2]?.reason).toMatch(/to the CPU/);
    expect(all[0]?.next).not.toBe(all[2]?.next);
    expect(codeFor({}, { inFlight: () => 2 }).reason).toContain('2 requests');
  });
});

describe('what each answer says', () => {
  it.each<[string, NodeChanges, Partial<PlanInput>, 'gpu' | null]>([
    ['a priority model', {}, {}, 'gpu'],
    ['no priority model', {}, { priorityModels: [] }, null],
    ['a node without a GPU', { hasGpu: false }, {}, null],
    ['a node of which nobody knows whether it has one', { hasGpu: null }, {}, 'gpu'],
  ])('wants for %s %s', (_, node, input, wanted) => {
    expect(codeFor(node, input).wanted).toBe(wanted);
  });

  it('puts models without priority last', () => {
    const loaded = ['other:1', 'llama3.1:8b', 'another:1', 'mxbai-embed-large:latest'].map((name) =>
      aLoaded({ name }),
    );
    const names = planNode(planInput(aNode({ loaded }))).map(({ explanation }) => explanation.model);
    expect(names).toEqual(['llama3.1:8b', 'mxbai-embed-large:latest', 'other:1', 'another:1']);
  });

  it('tells what can be waked from what must be waited for', () => {
    const next = (node: NodeChanges) => codeFor(node).next;
    const wake = next({ state: 'off', canWake: true });
    expect(next({ state: 'unknown', canWake: true })).toBe(wake);
    const wait = next({ state: 'off', canWake: false });
    expect(wait).not.toBe(wake);
    expect(next({ state: 'trouble', canWake: true })).toBe(wait);
    expect(next({ state: 'waking', canWake: true })).toBe(wait);
  });

  it('tells a model that is being moved from one that waits for another', () => {
    const [itself, other] = [codeFor({}, { moving: 'LLAMA3.1:8b' }), codeFor({}, { moving: 'qwen:7b' })];
    expect(itself.reason).not.toContain('tower');
    expect(other.reason).toContain('qwen:7b');
    expect(codeFor({}, { blocked: 'A load waits.' }).reason).toContain('A load waits.');
  });

  it('asks in order: is it right, pinned, without a GPU, no priority, being moved, blocked', () => {
    const onGpu = [aLoaded({ vramBytes: 6 * GB })];
    const pinned = new Set(['llama3.1:8b']);
    const moving = 'x';
    const blocked = 'No.';
    expect(codeFor({ loaded: onGpu, state: 'trouble' }).code).toBe('NODE_NOT_SERVING');
    expect(codeFor({ loaded: onGpu }, { pinned }).code).toBe('RIGHT');
    expect(codeFor({ hasGpu: false }, { pinned }).code).toBe('PINNED');
    expect(codeFor({ hasGpu: false }, { priorityModels: [] }).code).toBe('NO_GPU');
    expect(codeFor({}, { priorityModels: [], moving }).code).toBe('NOT_PRIORITY');
    expect(codeFor({}, { moving, blocked }).next).toBeNull();
    expect(codeFor({}, { blocked, history: () => ({ ...NO_HISTORY, retryAt: NOW + 1 }) }).code).toBe('BUSY');
  });

  it('finds a loaded model by any spelling of its name, and what is absent on a node that serves or not', () => {
    const serving = planInput(aNode({ loaded: [onCpu] }));
    expect(explainModel(serving, 'LLAMA3.1:8B').explanation.code).toBe('FITS');
    const absent = explainModel(serving, 'x').explanation;
    expect(absent).toMatchObject({ code: 'NOT_LOADED', model: 'x', right: true, wanted: null, evicts: [] });
    const off = explainModel(planInput(aNode({ state: 'off' })), 'x');
    expect(off).toMatchObject({ move: false, lookAgainAt: null, explanation: { right: false } });
  });
});

describe('the room that a plan sees', () => {
  const large = (changes: Parameters<typeof aLoaded>[0] = {}) =>
    aLoaded({ name: 'qwen:14b', sizeBytes: 20 * GB, vramBytes: 20 * GB, ...changes });
  const unknown = { totalBytes: null, source: 'unknown' as const };

  it('is taken by another program, or too small, which call for different steps', () => {
    const gpu = {
      id: 'GPU-0',
      vendor: 'nvidia' as const,
      name: 'RTX',
      vramTotalBytes: 24 * GB,
      vramUsedBytes: 22 * GB,
      utilisationPercent: 0,
      temperatureCelsius: null,
      powerWatts: null,
      processes: [{ pid: 1, name: 'game', vramUsedBytes: 21 * GB }],
    };
    const taken = codeFor({}, { gpus: [gpu] });
    expect(taken).toMatchObject({ code: 'VRAM_TAKEN', move: false, evicts: [] });
    expect(taken.reason).toContain('game');
    const small = codeFor({ vram: { totalBytes: 4 * GB, source: 'person' } });
    expect(small.next).not.toBe(taken.next);
  });

  it('counts the model itself as what it gives back, and not among the others', () => {
    const vram = { totalBytes: 8 * GB, source: 'person' as const };
    const partial = aLoaded({ vramBytes: 3 * GB });
    expect(codeFor({ loaded: [partial], vram })).toMatchObject({ code: 'FITS', move: true, evicts: [] });
  });

  it('is risked, where it is unknown, only for others that are protected and on the GPU', () => {
    const other = (changes: Parameters<typeof aLoaded>[0]) =>
      codeFor({ vram: unknown, loaded: [onCpu, large(changes)] }, { pinned: new Set(['qwen:14b']) });
    expect(other({})).toMatchObject({ code: 'VRAM_UNKNOWN', move: false });
    expect(other({ vramBytes: 0 })).toMatchObject({ code: 'VRAM_UNKNOWN', move: true });
    expect(other({ name: 'mistral:7b' })).toMatchObject({ move: true });
    const own = { loaded: [aLoaded({ vramBytes: GB })], vram: unknown };
    expect(codeFor(own)).toMatchObject({ code: 'VRAM_UNKNOWN', move: true });
  });

  it('is made only by unloading what is neither protected nor in use', () => {
    const loaded = [onCpu, large()];
    const free = codeFor({ loaded });
    expect(free).toMatchObject({ code: 'FITS_BY_EVICTION', move: true, next: null });
    const answering = codeFor({ loaded }, { inFlight: (name) => (name === 'qwen:14b' ? 1 : 0) });
    expect(answering).toMatchObject({ code: 'BUSY', move: false });
    const both = codeFor(
      { loaded },
      { pinned: new Set(['qwen:14b']), inFlight: (name) => (name === 'qwen:14b' ? 1 : 0) },
    );
    expect(both).toMatchObject({ code: 'FITS_BY_EVICTION', move: false });
  });

  it('counts those that must stay', () => {
    const two = [
      onCpu,
      large({ name: 'qwen:14b', vramBytes: 7 * GB, sizeBytes: 7 * GB }),
      large({ name: 'phi:3b', vramBytes: 7 * GB, sizeBytes: 7 * GB }),
    ];
    const vram = { totalBytes: 15 * GB, source: 'person' as const };
    const kept = (...names: string[]) => codeFor({ loaded: two, vram }, { pinned: new Set(names) });
    const [one, both] = [kept('phi:3b'), kept('phi:3b', 'qwen:14b')];
    expect(one.code).toBe('FITS_BY_EVICTION');
    expect(one.reason).toContain('phi:3b');
    expect(both.next).not.toBe(one.next);
  });
});

describe('another tag on the same weights', () => {
  const sibling = anInstalled({ name: 'llama3.1:mine', digest: 'another' });
  const used = (at: number | null, installed = [anInstalled(), sibling], inFlight = 0) =>
    codeFor(
      { installed },
      {
        lastLoadedAt: (name) => (name === 'llama3.1:mine' ? at : null),
        inFlight: (name) => (name === 'llama3.1:mine' ? inFlight : 0),
      },
    ).code;

  it('counts as in use within ten minutes, and while it answers', () => {
    expect(used(NOW - 10 * minute + 1)).toBe('SIBLING_TAG');
    expect(used(NOW - 10 * minute)).toBe('FITS');
    expect(used(null, undefined, 1)).toBe('SIBLING_TAG');
    expect(used(null)).toBe('FITS');
  });

  it('is known by its digest, also where the loaded model is not installed any more', () => {
    const same = anInstalled({ name: 'llama3.1:mine', digest: onCpu.digest, sizeBytes: 1, family: 'x' });
    expect(used(NOW, [same])).toBe('SIBLING_TAG');
    expect(used(NOW, [sibling])).toBe('FITS');
  });

  it.each<[string, Parameters<typeof anInstalled>[0]]>([
    ['size', { sizeBytes: 1 }],
    ['family', { family: 'qwen' }],
    ['parameters', { parameterSize: '70B' }],
    ['quantization', { quantization: 'Q8_0' }],
  ])('is another model where its %s differs', (_, changes) => {
    expect(used(NOW, [anInstalled(), { ...sibling, ...changes }])).toBe('FITS');
  });

  it('is not the model itself', () => {
    expect(codeFor({ installed: [anInstalled()] }, { lastLoadedAt: () => NOW }).code).toBe('FITS');
  });
});
