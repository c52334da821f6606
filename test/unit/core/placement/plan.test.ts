import { describe, expect, it } from 'vitest';
import { explainModel } from '../../../../electron/core/placement/explain.ts';
import { NO_HISTORY } from '../../../../electron/core/placement/move-history.ts';
import { type PlanInput, planNode } from '../../../../electron/core/placement/plan.ts';
import type { GpuLost } from '../../../../shared/models/fleet.ts';
import { fact, type Message, plainText } from '../../../../shared/models/message.ts';
import type { MoveRecord } from '../../../../shared/models/placement.ts';
import { aLoaded, aMoveOf, aNode, anInstalled, GB, NOW, type NodeChanges, planInput } from './support.ts';

const onCpu = aLoaded();
/** Where `onCpu` is. */
const place = { placement: 'cpu', gpuShare: 0 } as const;
const lostGpu = (changes: Partial<GpuLost> = {}): GpuLost => ({
  since: NOW,
  shownBy: 'load',
  restarted: false,
  reason: fact('LOAD_ENDED_ON_CPU', { model: 'llama3.1:8b' }),
  next: fact('RESTART_OLLAMA_FOR_GPU'),
  ...changes,
});
const stuck = fact('LOAD_STUCK', { model: 'x', ms: 300_000 });
const codeFor = (node: NodeChanges, input: Partial<PlanInput> = {}) => {
  const decision = planNode(planInput(aNode({ loaded: [onCpu], ...node }), input))[0];
  return { ...decision?.explanation, move: decision?.move, checkAgainAt: decision?.checkAgainAt };
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
    expect(found.reason?.params).toMatchObject({ placement: 'partial', gpuShare: 1 / 3 });
  });

  it.each<[string, NodeChanges, Partial<PlanInput>, string, boolean]>([
    ['it is in place', { loaded: [aLoaded({ vramBytes: 6 * GB })] }, {}, 'RIGHT', true],
    ['it is no priority', {}, { priorityModels: ['other'] }, 'NOT_PRIORITY', true],
    ['it is pinned', {}, { pinned: new Set(['llama3.1:8b']) }, 'PINNED', true],
    ['there is no GPU', { hasGpu: false }, {}, 'NO_GPU', true],
    ['the node does not serve', { state: 'off' }, {}, 'NODE_NOT_SERVING', false],
    ['it is being moved', {}, { moving: 'llama3.1:8b' }, 'BUSY', false],
    ['another is being moved', {}, { moving: 'other' }, 'BUSY', false],
    ['the scheduler is stuck', {}, { blocked: stuck }, 'BUSY', false],
    ['it answers requests', {}, { inFlight: () => 2 }, 'BUSY', false],
    ['it was seen only once', {}, { placedSince: () => NOW - 5000 }, 'SETTLING', false],
    ['it was never seen', {}, { placedSince: () => null }, 'SETTLING', false],
    [
      'it backs off',
      {},
      {
        history: () => ({ ...NO_HISTORY, failures: 2, retryAt: NOW + 60_000, lastReason: plainText('No.') }),
      },
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
      'BACKING_OFF',
      false,
    ],
    ['its GPU is lost', { gpuLost: lostGpu() }, {}, 'GPU_LOST', false],
    ['its Modelfile keeps it on the CPU', {}, { keptByModelfile: () => true }, 'PINNED', true],
    ['it does not fit', { vram: { totalBytes: 4 * GB, source: 'person' } }, {}, 'DOES_NOT_FIT', false],
  ])('moves nothing if %s', (_, node, input, code, right) => {
    expect(codeFor(node, input)).toMatchObject({ code, right, move: false });
  });

  it('checks again when waiting alone changes the decision', () => {
    expect(codeFor({}, { placedSince: () => NOW - 5000 }).checkAgainAt).toBe(NOW + 10_000);
  });

  it('moves again after a cool-down, a reversal window and a GPU that was lost long ago', () => {
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

  it('names what a move would unload, and does it if none of that is protected', () => {
    const loaded = [onCpu, aLoaded({ name: 'qwen:14b', sizeBytes: 20 * GB, vramBytes: 20 * GB })];
    expect(codeFor({ loaded })).toMatchObject({ code: 'FITS_BY_EVICTION', move: true, evicts: ['qwen:14b'] });
    const busy = codeFor({ loaded }, { inFlight: (name) => (name === 'qwen:14b' ? 1 : 0) });
    expect(busy).toMatchObject({ code: 'BUSY', move: false, evicts: ['qwen:14b'] });
  });

  it('never unloads a pinned model or another priority model', () => {
    const loaded = [onCpu, aLoaded({ name: 'qwen:14b', sizeBytes: 20 * GB, vramBytes: 20 * GB })];
    const pinned = codeFor({ loaded }, { pinned: new Set(['qwen:14b']) });
    expect(pinned).toMatchObject({ code: 'FITS_BY_EVICTION', move: false, evicts: ['qwen:14b'] });
    expect(pinned.next).toEqual(fact('UNLOAD_OR_FORCE', { models: ['qwen:14b'] }));
    const priority = codeFor({ loaded }, { priorityModels: ['llama3.1', 'qwen'] });
    expect(priority).toMatchObject({ code: 'FITS_BY_EVICTION', move: false });
  });

  it('lets the server choose if the VRAM is unknown, unless that risks a protected model', () => {
    const vram = { totalBytes: null, source: 'unknown' as const };
    expect(codeFor({ vram, hasGpu: null })).toMatchObject({ code: 'VRAM_UNKNOWN', move: true });
    const loaded = [onCpu, aLoaded({ name: 'mxbai-embed-large:latest', vramBytes: GB, sizeBytes: GB })];
    const found = codeFor({ vram, loaded });
    expect(found).toMatchObject({ code: 'VRAM_UNKNOWN', move: false });
    expect(found.reason).toEqual(
      fact('VRAM_UNKNOWN_AT_RISK', { ...place, node: 'tower', models: ['mxbai-embed-large:latest'] }),
    );
  });

  it('does not move a model whose other tag is in use', () => {
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
      next: fact('WAKE_IT'),
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
      'BACKING_OFF',
      null,
    ],
    ['the GPU is back', { history: () => ({ ...NO_HISTORY, gpuNotUsedAt: NOW - 6 * hour }) }, 'FITS', null],
  ])('until %s', (_, input, code, checkAgainAt) => {
    expect(codeFor({}, input)).toMatchObject({ code, checkAgainAt, move: code === 'FITS' });
  });

  it('come in order: a lost GPU, a failure, a move, its place, its requests, its other tag', () => {
    const input: Partial<PlanInput> = {
      history: () => ({ ...NO_HISTORY, gpuNotUsedAt: NOW, retryAt: NOW + 1, movedAt: NOW, movedTo: 'gpu' }),
      placedSince: () => NOW,
      inFlight: () => 1,
    };
    expect(codeFor({ gpuLost: lostGpu() }, input).code).toBe('GPU_LOST');
    expect(codeFor({}, input).reason?.code).toBe('GPU_NOT_DETECTED');
    const failed = { ...input, history: () => ({ ...NO_HISTORY, retryAt: NOW + 7, movedAt: NOW }) };
    expect(codeFor({}, failed)).toMatchObject({ code: 'BACKING_OFF', checkAgainAt: NOW + 7 });
    expect(codeFor({}, { ...input, history: () => NO_HISTORY }).code).toBe('SETTLING');
    const settled = { ...input, history: () => NO_HISTORY, placedSince: () => NOW - hour };
    expect(codeFor({}, settled)).toMatchObject({ code: 'BUSY', checkAgainAt: null });
  });

  it('for a lost GPU apply only to a model that is entirely on the CPU', () => {
    const input = { history: () => ({ ...NO_HISTORY, gpuNotUsedAt: NOW }) };
    expect(codeFor({ loaded: [aLoaded({ vramBytes: 2 * GB })] }, input).code).toBe('FITS');
    const [known, unknown] = [codeFor({ hasGpu: true }, input), codeFor({ hasGpu: null }, input)];
    expect([known.code, unknown.code]).toEqual(['BACKING_OFF', 'BACKING_OFF']);
    expect(known.next).toEqual(fact('RESTART_OLLAMA_AFTER_DRIVER', { node: 'tower' }));
    expect(unknown.next).toEqual(fact('RESTART_OLLAMA_OR_SET_NO_VRAM', { node: 'tower' }));
  });

  it.each<[string, Partial<GpuLost>, string]>([
    ['tools that see no card', { shownBy: 'tools', since: NOW - 100 * hour }, 'GPU_LOST'],
    ['a server that found none', { shownBy: 'server', since: NOW - 100 * hour }, 'GPU_LOST'],
    ['a load on the CPU', { since: NOW - 6 * hour + 1 }, 'GPU_LOST'],
    ['a load on the CPU long ago', { since: NOW - 6 * hour }, 'FITS'],
    ['a server that was restarted since', { restarted: true }, 'FITS'],
  ])('for a GPU that is lost by %s', (_, changes, code) => {
    expect(codeFor({ gpuLost: lostGpu(changes) }, {}).code).toBe(code);
    expect(codeFor({ gpuLost: lostGpu(changes), loaded: [aLoaded({ vramBytes: 2 * GB })] }, {}).code).toBe(
      'FITS',
    );
  });

  it('name what they wait for', () => {
    const failed = { ...NO_HISTORY, failures: 3, retryAt: NOW + minute, lastReason: plainText('Why.') };
    expect(codeFor({}, { history: () => failed }).reason).toEqual(
      fact('BACKS_OFF', { ...place, failures: 3, reason: plainText('Why.'), retryMs: minute }),
    );
    expect(codeFor({}, { history: () => ({ ...NO_HISTORY, gpuNotUsedAt: NOW - 7 }) }).reason).toEqual(
      fact('GPU_NOT_DETECTED', { ...place, agoMs: 7 }),
    );
    expect(codeFor({}, { placedSince: () => NOW - 5000 }).reason).toEqual(
      fact('SETTLES', { ...place, seenMs: 5000, settleMs: 15_000 }),
    );
    expect(codeFor({}, { inFlight: () => 2 }).reason).toEqual(
      fact('ANSWERS_REQUESTS', { ...place, requests: 2 }),
    );
  });

  it.each([
    ['gpu', 'person', 'person', false, 10 * minute],
    ['gpu', 'optimizer', 'pilotlight', false, 10 * minute],
    ['cpu', 'person', 'person', true, hour],
    ['cpu', 'job', 'pilotlight', true, hour],
  ] as const)('after a move to the %s by %s name both', (movedTo, movedBy, by, lasted, restMs) => {
    const history = { ...NO_HISTORY, movedAt: NOW - 7, movedTo, movedBy };
    const found = codeFor({}, { history: () => history });
    expect(found.reason).toEqual(
      fact('MOVED_LATELY', { ...place, by, to: movedTo, agoMs: 7, lasted, restMs: restMs - 7 }),
    );
    expect(found.next).toEqual(lasted ? fact('PIN_TO_KEEP') : fact('FIND_WHAT_RELOADS'));
  });
});

describe('an explanation', () => {
  it.each<[string, NodeChanges, Partial<PlanInput>, 'gpu' | null]>([
    ['a priority model', {}, {}, 'gpu'],
    ['no priority model', {}, { priorityModels: [] }, null],
    ['a node without a GPU', { hasGpu: false }, {}, null],
    ['a node that may have one', { hasGpu: null }, {}, 'gpu'],
  ])('is wanted for %s: %s', (_, node, input, wanted) => {
    expect(codeFor(node, input).wanted).toBe(wanted);
  });

  it('puts models without priority last', () => {
    const loaded = ['other:1', 'llama3.1:8b', 'another:1', 'mxbai-embed-large:latest'].map((name) =>
      aLoaded({ name }),
    );
    const names = planNode(planInput(aNode({ loaded }))).map(({ explanation }) => explanation.model);
    expect(names).toEqual(['llama3.1:8b', 'mxbai-embed-large:latest', 'other:1', 'another:1']);
  });

  it('suggests a wake only if that is possible', () => {
    const next = (node: NodeChanges) => codeFor(node).next?.code;
    expect(next({ state: 'off', canWake: true })).toBe('WAKE_IT');
    expect(next({ state: 'unknown', canWake: true })).toBe('WAKE_IT');
    expect(next({ state: 'off', canWake: false })).toBe('WAIT_UNTIL_SERVING');
    expect(next({ state: 'trouble', canWake: true })).toBe('WAIT_UNTIL_SERVING');
    expect(next({ state: 'waking', canWake: true })).toBe('WAIT_UNTIL_SERVING');
  });

  const pinned = new Set(['llama3.1:8b']);
  it.each<[string, NodeChanges, Partial<PlanInput>, Message, Message | null]>([
    [
      'serves not',
      { state: 'trouble' },
      {},
      fact('LOCATION_UNKNOWN', { node: 'tower' }),
      fact('WAIT_UNTIL_SERVING'),
    ],
    ['is in place', { loaded: [aLoaded({ vramBytes: 6 * GB })] }, {}, fact('ALL_ON_GPU'), null],
    ['is pinned', {}, { pinned }, fact('STAYS_PINNED', place), fact('UNPIN_TO_MOVE')],
    ['has no GPU', { hasGpu: false }, {}, fact('STAYS_WITHOUT_GPU', { ...place, node: 'tower' }), null],
    [
      'is no priority',
      {},
      { priorityModels: [] },
      fact('STAYS_NO_PRIORITY', place),
      fact('MAKE_PRIORITY_OR_FORCE'),
    ],
    ['is moved', {}, { moving: 'LLAMA3.1:8b' }, fact('IS_BEING_MOVED'), null],
    [
      'waits for another move',
      {},
      { moving: 'qwen:7b' },
      fact('WAITS_FOR_MOVE', { ...place, model: 'qwen:7b', node: 'tower' }),
      null,
    ],
    [
      'waits for a stuck load',
      {},
      { blocked: stuck },
      fact('WAITS_FOR_LOADS', { ...place, stuck }),
      fact('RESTART_OLLAMA_ON', { node: 'tower' }),
    ],
  ])('names itself: %s', (_, node, input, reason, next) => {
    const found = codeFor(node, input);
    expect([found.reason, found.next]).toEqual([reason, next]);
  });

  it('is the first that applies: in place, pinned, no GPU, no priority, being moved, blocked', () => {
    const onGpu = [aLoaded({ vramBytes: 6 * GB })];
    const moving = 'x';
    const blocked = stuck;
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
    expect(absent).toMatchObject({
      reason: fact('NOT_LOADED_ON', { node: 'tower' }),
      next: fact('FORCE_TO_LOAD'),
    });
    const off = explainModel(planInput(aNode({ state: 'off' })), 'x');
    expect(off).toMatchObject({ move: false, checkAgainAt: null, explanation: { right: false } });
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
    expect(taken.reason).toMatchObject({
      code: 'HAS_NO_ROOM',
      params: { ...place, shortage: { code: 'VRAM_SHORTAGE', params: { holders: [{ name: 'game' }] } } },
    });
    const small = codeFor({ vram: { totalBytes: 4 * GB, source: 'person' } });
    expect(small.reason?.code).toBe('HAS_NO_ROOM');
    expect([taken.next, small.next]).toEqual([fact('CLOSE_PROGRAM_OR_FORCE'), fact('SMALLER_OR_FORCE')]);
  });

  it('counts the model itself as what it gives back, and not among the others', () => {
    const vram = { totalBytes: 8 * GB, source: 'person' as const };
    const partial = aLoaded({ vramBytes: 3 * GB });
    expect(codeFor({ loaded: [partial], vram })).toMatchObject({
      code: 'FITS',
      move: true,
      evicts: [],
      reason: fact('HAS_ROOM', {
        placement: 'partial',
        gpuShare: 0.5,
        neededBytes: 6 * GB,
        freeBytes: 8 * GB,
      }),
    });
  });

  it('is risked, where it is unknown, only for others that are protected and on the GPU', () => {
    const other = (changes: Parameters<typeof aLoaded>[0]) =>
      codeFor({ vram: unknown, loaded: [onCpu, large(changes)] }, { pinned: new Set(['qwen:14b']) });
    expect(other({})).toMatchObject({
      code: 'VRAM_UNKNOWN',
      move: false,
      next: fact('ENTER_VRAM_OR_FORCE', { node: 'tower' }),
    });
    expect(other({ vramBytes: 0 })).toMatchObject({ code: 'VRAM_UNKNOWN', move: true });
    expect(other({ name: 'mistral:7b' })).toMatchObject({ move: true });
    const own = { loaded: [aLoaded({ vramBytes: GB })], vram: unknown };
    expect(codeFor(own)).toMatchObject({
      code: 'VRAM_UNKNOWN',
      move: true,
      reason: fact('VRAM_UNKNOWN_RELOAD', { placement: 'partial', gpuShare: 1 / 6, node: 'tower' }),
    });
  });

  it('is made only by unloading what is neither protected nor in use', () => {
    const loaded = [onCpu, large()];
    const figures = { ...place, neededBytes: 6 * GB, freeBytes: 4 * GB, evicts: ['qwen:14b'] };
    const free = codeFor({ loaded });
    expect(free).toMatchObject({ code: 'FITS_BY_EVICTION', move: true, next: null });
    expect(free.reason).toEqual(fact('WOULD_UNLOAD', figures));
    const usedByOthers = [{ holder: 'laptop', models: ['qwen:14b'], seenSeconds: 1 }];
    const elsewhere = codeFor({ loaded }, { usedByOthers });
    expect(elsewhere).toMatchObject({ code: 'BUSY', move: false });
    expect(elsewhere.reason).toEqual(fact('WOULD_UNLOAD_OF_PANEL', { ...figures, holder: 'laptop' }));
    expect(
      codeFor({}, { usedByOthers: [{ holder: 'laptop', models: ['LLAMA3.1:8b'], seenSeconds: 1 }] }),
    ).toMatchObject({ code: 'BUSY', move: false, reason: { code: 'ANSWERS_OTHER_PANEL' } });
    const answering = codeFor({ loaded }, { inFlight: (name) => (name === 'qwen:14b' ? 1 : 0) });
    expect(answering).toMatchObject({ code: 'BUSY', move: false });
    expect(answering.reason).toEqual(fact('WOULD_UNLOAD_BUSY', { ...figures, busy: ['qwen:14b'] }));
    const both = codeFor(
      { loaded },
      { pinned: new Set(['qwen:14b']), inFlight: (name) => (name === 'qwen:14b' ? 1 : 0) },
    );
    expect(both).toMatchObject({ code: 'FITS_BY_EVICTION', move: false });
  });

  it('names those that must stay', () => {
    const two = [
      onCpu,
      large({ name: 'qwen:14b', vramBytes: 7 * GB, sizeBytes: 7 * GB }),
      large({ name: 'phi:3b', vramBytes: 7 * GB, sizeBytes: 7 * GB }),
    ];
    const vram = { totalBytes: 15 * GB, source: 'person' as const };
    const kept = (...names: string[]) => codeFor({ loaded: two, vram }, { pinned: new Set(names) });
    const [one, both] = [kept('phi:3b'), kept('phi:3b', 'qwen:14b')];
    expect(one.code).toBe('FITS_BY_EVICTION');
    expect(one.reason).toMatchObject({ code: 'WOULD_UNLOAD_KEPT', params: { kept: ['phi:3b'] } });
    expect(both.reason?.params).toMatchObject({ evicts: ['phi:3b', 'qwen:14b'] });
    expect(both.next).toEqual(fact('UNLOAD_OR_FORCE', { models: ['phi:3b', 'qwen:14b'] }));
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

  it('is named', () => {
    const found = codeFor(
      { installed: [anInstalled(), sibling] },
      { lastLoadedAt: (name) => (name === 'llama3.1:mine' ? NOW : null) },
    );
    expect(found.reason).toEqual(fact('SAME_WEIGHTS_IN_USE', { ...place, model: 'llama3.1:mine' }));
    expect(found.next).toEqual(fact('USE_ONE_NAME'));
  });

  it('is not the model itself', () => {
    expect(codeFor({ installed: [anInstalled()] }, { lastLoadedAt: () => NOW }).code).toBe('FITS');
  });
});

describe('after a move that failed', () => {
  const reason = plainText('llama-server ran out of memory. python3 uses 20 GB of VRAM.');
  const failure =
    (changes: Partial<MoveRecord> = {}) =>
    () =>
      aMoveOf({
        by: 'person',
        outcome: 'failed',
        code: 'OUT_OF_MEMORY',
        to: 'cpu',
        at: NOW - minute,
        reason,
        ...changes,
      });
  const explained = (
    lastFailure: NonNullable<PlanInput['lastFailure']>,
    node: NodeChanges = {},
    name = 'llama3.1:8b',
  ) => explainModel(planInput(aNode({ loaded: [onCpu], ...node }), { lastFailure }), name).explanation;

  it('the explanation is about that failure, with its own next step', () => {
    expect(explained(failure())).toMatchObject({
      right: false,
      reason: fact('FAILED_LATELY', { ...place, by: 'person', to: 'gpu', agoMs: minute, reason }),
      next: { code: 'SMALLER_OR_FORCE' },
    });
    expect(explained(failure({ code: 'VRAM_TAKEN' })).next?.code).toBe('CLOSE_PROGRAM_OR_FORCE');
    const lost = explained(failure({ code: 'GPU_NOT_USED' }), { gpuLost: lostGpu() });
    expect([lost.reason.code, lost.next?.code]).toEqual(['FAILED_LATELY', 'RESTART_OLLAMA_FOR_GPU']);
  });

  it('also for a model that is no priority, and for one that is not loaded', () => {
    const other = aLoaded({ name: 'qwen3:8b' });
    const next = explained(failure({ code: 'VRAM_TAKEN' }), { loaded: [other] }, 'qwen3:8b').next;
    expect(next?.code).toBe('CLOSE_PROGRAM_AND_RETRY');
    expect(explained(failure(), {}, 'qwen3:8b').reason.code).toBe('LOAD_FAILED_LATELY');
  });

  it('but not once the model is where it was wanted', () => {
    expect(explained(failure(), { loaded: [aLoaded({ vramBytes: 5 * GB, sizeBytes: 5 * GB })] }).code).toBe(
      'RIGHT',
    );
    expect(explained(() => null).reason.code).toBe('HAS_ROOM');
  });
});
