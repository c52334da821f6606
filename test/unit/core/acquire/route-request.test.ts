import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type GatewayRequest,
  type RequestNode,
  routeRequest,
} from '../../../../electron/core/acquire/route-request.ts';
import { createStickiness, type Stickiness } from '../../../../electron/core/acquire/stickiness.ts';
import {
  gatewayRequest,
  heldModel,
  loadedModel,
  otherWeights,
  requestNode,
  weights,
} from '../../../fakes/request-nodes.ts';

function route(
  nodes: readonly RequestNode[],
  request: Partial<GatewayRequest> = {},
  { stickiness = createStickiness(), beta = 1 }: { stickiness?: Stickiness; beta?: number } = {},
) {
  return routeRequest(gatewayRequest(request), nodes, { stickiness, beta });
}

function choices(...args: Parameters<typeof route>) {
  const result = route(...args);
  if (result.kind === 'none') throw new Error(`No route: ${result.code}`);
  return result.choices;
}

const order = (...args: Parameters<typeof route>) => choices(...args).map(({ nodeId }) => nodeId);
const reasons = (...args: Parameters<typeof route>) => choices(...args).map(({ reason }) => reason);

const loaded = loadedModel();
const busy = { inFlight: 2, inFlightOfModel: 2 };

describe('which nodes can serve a request', () => {
  it('is those that have the model, whatever the spelling', () => {
    const node = requestNode('a', { installed: [heldModel({ name: 'Qwen3:latest' })] });
    for (const model of ['qwen3', 'QWEN3:latest', 'library/qwen3']) {
      expect(choices([node, requestNode('b')], { model })).toMatchObject([
        { nodeId: 'a', node: 'a-name', model: 'Qwen3:latest', digest: weights, cloud: false },
      ]);
    }
    expect(route([node], { model: 'qwen3:8b' })).toEqual({
      kind: 'none',
      code: 'MODEL_NOT_FOUND',
      nodes: [],
    });
  });

  it('takes the spelling that was asked for, if a node has two', () => {
    const node = requestNode('a', { installed: [heldModel({ name: 'Q' }), heldModel({ name: 'q' })] });
    expect(choices([node], { model: 'q' })[0]?.model).toBe('q');
    expect(choices([node], { model: 'q:latest' })[0]?.model).toBe('Q');
  });

  it('is those with the digest, if one is given', () => {
    const other = requestNode('b', { installed: [heldModel({ digest: otherWeights })] });
    expect(order([requestNode('a'), other], { digest: otherWeights })).toEqual(['b']);
    expect(order([requestNode('a'), other])).toEqual(['a', 'b']);
    const twice = requestNode('d', { installed: [heldModel(), heldModel({ digest: otherWeights })] });
    expect(choices([twice], { digest: otherWeights })[0]?.digest).toBe(otherWeights);
    const repulled = requestNode('c', { loaded: [loadedModel({ digest: otherWeights })] });
    expect(route([repulled], { digest: weights })).toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('says that a model runs elsewhere', () => {
    const node = requestNode('a', { installed: [heldModel({ name: 'big:cloud', cloud: true })] });
    expect(choices([node], { model: 'big:cloud' })[0]?.cloud).toBe(true);
  });

  it('names those that have it and cannot serve it', () => {
    const asleep = requestNode('asleep', { serving: false });
    const failing = requestNode('failing', { excluded: true });
    const moving = requestNode('moving', { moving: ['qwen3:8b'] });
    const ollama = requestNode('ollama', { dialects: ['ollama'] });
    const none = (code: string, ...nodes: string[]) => ({ kind: 'none', code, nodes });
    expect(route([])).toEqual(none('MODEL_NOT_FOUND'));
    expect(route([asleep])).toEqual(none('NODE_ASLEEP', 'asleep-name'));
    expect(route([ollama], { dialect: 'openai' })).toEqual(none('MODEL_SPEAKS_OTHER_DIALECT', 'ollama-name'));
    expect(route([asleep, ollama], { dialect: 'openai' })).toEqual(none('NODE_ASLEEP', 'asleep-name'));
    expect(route([asleep, failing])).toEqual(none('NODE_FAILING', 'failing-name'));
    expect(route([asleep, failing, moving])).toEqual(none('MODEL_IS_MOVING', 'moving-name'));
    expect(order([asleep, failing, moving, requestNode('good')])).toEqual(['good']);
  });

  it('leaves out a node that starts no more loads, unless it has the model loaded', () => {
    const stuck = requestNode('stuck', { wedged: true });
    const loaded = requestNode('loaded', { wedged: true, loaded: [loadedModel()] });
    expect(route([stuck])).toEqual({ kind: 'none', code: 'NODE_FAILING', nodes: ['stuck-name'] });
    expect(order([stuck, requestNode('good')])).toEqual(['good']);
    expect(order([stuck, loaded])).toEqual(['loaded']);
  });

  it('is not concerned by the move of another model', () => {
    expect(order([requestNode('a', { moving: ['llama3:latest'] })])).toEqual(['a']);
    expect(route([requestNode('a', { moving: ['Qwen3:8B'] })])).toMatchObject({ code: 'MODEL_IS_MOVING' });
  });
});

describe('the order', () => {
  it('puts a loaded model first, then its share on the GPU, then a free slot, then room', () => {
    const partial = loadedModel({ gpuShare: 0.5 });
    const nodes = [
      requestNode('evicts', {
        vram: { totalBytes: 8e9, usedBytes: 7e9 },
        loaded: [loadedModel({ name: 'x', digest: '' })],
      }),
      requestNode('fits'),
      requestNode('full', { slots: 1, inFlight: 1 }),
      requestNode('cpu', { hasGpu: false }),
      requestNode('maybe-gpu', { hasGpu: null }),
      requestNode('partial', { loaded: [partial], ...busy }),
      requestNode('gpu-busy', { loaded: [loaded], slots: 2, ...busy }),
      requestNode('gpu', { loaded: [loaded] }),
    ];
    expect(order(nodes)).toEqual([
      'gpu',
      'gpu-busy',
      'partial',
      'fits',
      'evicts',
      'full',
      'maybe-gpu',
      'cpu',
    ]);
    expect(reasons(nodes).map(({ code }) => code)).toEqual([
      'ROUTE_FREE_SLOT',
      'ROUTE_GPU_SHARE',
      'ROUTE_LOADED',
      'ROUTE_FITS',
      'ROUTE_FREE_SLOT',
      'ROUTE_GPU_SHARE',
      'ROUTE_GPU_SHARE',
      'ROUTE_LAST_NODE',
    ]);
  });

  it('counts a model as loaded only with the context that was asked for', () => {
    const small = requestNode('small', { loaded: [loaded] });
    const large = requestNode('large', { loaded: [loadedModel({ contextLength: 8192 })] });
    expect(order([small, large], { contextLength: 8192 })).toEqual(['large', 'small']);
    expect(order([large, small], { contextLength: 4096 })).toEqual(['small', 'large']);
    expect(order([large, small], { contextLength: null })).toEqual(['large', 'small']);
    const unknown = requestNode('unknown', { loaded: [loadedModel({ contextLength: null })] });
    expect(order([small, unknown], { contextLength: 8192 })).toEqual(['unknown', 'small']);
  });

  it('would rather load it anew than end another context, and rather that than unload another model', () => {
    const small = requestNode('small', { loaded: [loaded] });
    const evicts = requestNode('evicts', {
      vram: { totalBytes: 8e9, usedBytes: 7e9 },
      loaded: [loadedModel({ name: 'x', digest: '' })],
    });
    const room = requestNode('room');
    expect(order([evicts, small, room], { contextLength: 8192 })).toEqual(['room', 'small', 'evicts']);
  });

  it('counts another tag of the same weights as loaded', () => {
    const twin = requestNode('twin', { loaded: [loadedModel({ name: 'twin:latest' })] });
    const stranger = requestNode('stranger', { loaded: [loadedModel({ name: 'x', digest: otherWeights })] });
    expect(order([stranger, twin])).toEqual(['twin', 'stranger']);
    const noDigest = (id: string, name: string) =>
      requestNode(id, {
        installed: [heldModel({ digest: '' })],
        loaded: [loadedModel({ name, digest: '' })],
      });
    expect(order([noDigest('other', 'x'), noDigest('same', 'Qwen3:8b')])).toEqual(['same', 'other']);
    expect(choices([noDigest('other', 'x')])[0]?.standing.loaded).toBe(0);
  });

  it('puts a server that says nothing between loaded and not loaded', () => {
    const silent = requestNode('silent', { saysPlacement: false });
    const nodes = [requestNode('no'), silent, requestNode('yes', { loaded: [loaded] })];
    expect(order(nodes)).toEqual(['yes', 'silent', 'no']);
    expect(reasons(nodes)[0]).toEqual({ code: 'ROUTE_LOADED', params: { node: 'yes-name' } });
    expect(reasons(nodes)[1]).toEqual({ code: 'ROUTE_MAYBE_LOADED', params: { node: 'silent-name' } });
    expect(choices([silent])[0]?.standing).toEqual({
      weights: 1,
      loaded: 1,
      gpuPercent: 100,
      free: 1,
      fit: 1,
    });
  });

  it('measures the room by what is known', () => {
    const roomOf = (own: Partial<RequestNode>) => choices([requestNode('a', own)])[0]?.standing.fit;
    const other = [loadedModel({ name: 'x', digest: '' })];
    expect(roomOf({ vram: { totalBytes: 6e9, usedBytes: 1e9 }, loaded: other })).toBe(2);
    expect(roomOf({ vram: { totalBytes: 6e9, usedBytes: 1e9 + 1 }, loaded: other })).toBe(0);
    expect(roomOf({ vram: { totalBytes: 6e9, usedBytes: 2e9 } })).toBe(1);
    expect(roomOf({ vram: { totalBytes: null, usedBytes: 1 }, loaded: other })).toBe(1);
    expect(roomOf({ vram: { totalBytes: 1, usedBytes: null }, loaded: other })).toBe(1);
    expect(roomOf({ installed: [heldModel({ sizeBytes: 0 })] })).toBe(1);
    expect(roomOf({ hasGpu: false, vram: { totalBytes: 1, usedBytes: 1 }, loaded: other })).toBe(1);
    expect(roomOf({ loaded: [loaded] })).toBe(2);
    expect(choices([requestNode('a', { loaded: [loaded] })], { contextLength: 1 })[0]?.standing.fit).toBe(1);
  });

  it('has a free slot below the limit, and always without one', () => {
    const free = (slots: number | null, inFlight: number) =>
      choices([requestNode('a', { slots, inFlight })])[0]?.standing.free;
    expect([free(2, 1), free(2, 2), free(2, 3), free(null, 99)]).toEqual([1, 0, 0, 1]);
  });

  it('takes the least busy of equals, then the first of the fleet', () => {
    const a = requestNode('a', { inFlight: 2, inFlightOfModel: 1 });
    const b = requestNode('b', { inFlight: 1, inFlightOfModel: 1 });
    const c = requestNode('c', { inFlight: 1, inFlightOfModel: 0 });
    const d = requestNode('d', { inFlight: 1, inFlightOfModel: 0 });
    expect(order([a, b, c, d], {}, { beta: 0 })).toEqual(['c', 'd', 'b', 'a']);
    expect(reasons([a, b, c, d], {}, { beta: 0 })).toEqual([
      { code: 'ROUTE_FLEET_ORDER', params: { node: 'c-name' } },
      { code: 'ROUTE_LESS_BUSY', params: { node: 'd-name', inFlight: 1 } },
      { code: 'ROUTE_LESS_BUSY', params: { node: 'b-name', inFlight: 1 } },
      { code: 'ROUTE_LAST_NODE', params: { node: 'a-name' } },
    ]);
    expect(order([d, c], {}, { beta: 0 })).toEqual(['d', 'c']);
    expect(reasons([a])).toEqual([{ code: 'ROUTE_ONLY_NODE', params: { node: 'a-name' } }]);
  });

  it('explains with figures', () => {
    const partial = requestNode('a', { loaded: [loadedModel({ gpuShare: 0.456 })] });
    const cpu = requestNode('b', { loaded: [loadedModel({ gpuShare: 0 })] });
    expect(reasons([cpu, partial])[0]).toEqual({
      code: 'ROUTE_GPU_SHARE',
      params: { node: 'a-name', percent: 46 },
    });
    const evicts = requestNode('e', {
      vram: { totalBytes: 1, usedBytes: 1 },
      loaded: [loadedModel({ name: 'x', digest: '' })],
    });
    expect(reasons([evicts, requestNode('f')])[0]).toEqual({
      code: 'ROUTE_FITS',
      params: { node: 'f-name' },
    });
    const full = requestNode('c', { slots: 1, inFlight: 1 });
    expect(reasons([full, requestNode('d', { inFlight: 3 })])[0]).toEqual({
      code: 'ROUTE_FREE_SLOT',
      params: { node: 'd-name', inFlight: 3 },
    });
  });
});

describe('a conversation', () => {
  const conversation = ['p1', 'p2', 'p3', 'p4'];
  function known(nodeId: string, keys = conversation, digest = weights) {
    const stickiness = createStickiness();
    stickiness.remember(keys, { nodeId, digest });
    return stickiness;
  }
  const a = requestNode('a', { loaded: [loaded] });
  const b = requestNode('b', { loaded: [loaded] });

  it('stays where it is known', () => {
    const state = { stickiness: known('b') };
    expect(order([a, b], { conversation }, state)).toEqual(['b', 'a']);
    expect(order([a, b], { conversation: ['other'] }, state)).toEqual(['a', 'b']);
    expect(reasons([a, b], { conversation }, { stickiness: known('b', ['p1']) })[0]).toEqual({
      code: 'ROUTE_KNOWS_CONVERSATION',
      params: { node: 'b-name', percent: 25 },
    });
  });

  it('moves when its node is too busy, as β says', () => {
    const state = { stickiness: known('b') };
    const at = (inFlight: number, beta: number, slots: number | null = null) =>
      order([a, { ...b, inFlight, slots }], { conversation }, { ...state, beta })[0];
    expect([at(3, 1), at(5, 1)]).toEqual(['b', 'a']);
    // Equal scores: the less busy one.
    expect(at(4, 1)).toBe('a');
    expect([at(1, 2), at(3, 2)]).toEqual(['b', 'a']);
    expect(at(99, 0)).toBe('b');
    expect([at(7, 1, 8), at(1, 1, 2)]).toEqual(['b', 'b']);
    expect(reasons([a, { ...b, inFlight: 5 }], { conversation }, state)[0]).toEqual({
      code: 'ROUTE_LESS_BUSY',
      params: { node: 'a-name', inFlight: 0 },
    });
  });

  it('does not outweigh a node of a better class', () => {
    const cold = requestNode('cold');
    expect(order([cold, a], { conversation }, { stickiness: known('cold') })).toEqual(['a', 'cold']);
  });

  it('weighs a limit of none as one', () => {
    const state = { stickiness: known('b') };
    expect(choices([{ ...b, slots: 0, inFlight: 1 }], { conversation }, state)[0]?.score).toEqual({
      match: 1,
      load: 1,
      total: 0,
    });
  });

  it('keeps the weights that it began with', () => {
    const first = requestNode('a', { loaded: [loaded] });
    const second = requestNode('b', { installed: [heldModel({ digest: otherWeights })] });
    expect(order([first, second], { conversation })).toEqual(['a', 'b']);
    // The node that answered may be gone; another one has its weights.
    const stickiness = known('gone', conversation, otherWeights);
    expect(order([first, second], { conversation }, { stickiness })).toEqual(['b', 'a']);
    expect(reasons([first, second], { conversation }, { stickiness })[0]).toEqual({
      code: 'ROUTE_SAME_WEIGHTS',
      params: { node: 'b-name' },
    });
    const strange = known('gone', conversation, 'c'.repeat(64));
    expect(order([first, second], { conversation }, { stickiness: strange })).toEqual(['a', 'b']);
  });

  it('takes the weights of its longest known part', () => {
    const stickiness = createStickiness();
    stickiness.remember(['p1', 'p2', 'p3'], { nodeId: 'x', digest: otherWeights });
    stickiness.remember(['p1'], { nodeId: 'y', digest: weights });
    const second = requestNode('b', { installed: [heldModel({ digest: otherWeights })] });
    expect(order([a, second], { conversation }, { stickiness })[0]).toBe('b');
    stickiness.remember(conversation, { nodeId: 'z', digest: weights });
    expect(order([second, requestNode('a')], { conversation }, { stickiness })[0]).toBe('a');
  });
});

describe('embeddings by two weights of one name', () => {
  const one = (id: string, own: Partial<RequestNode> = {}, held = {}) =>
    requestNode(id, { installed: [heldModel(held)], ...own });
  const embed = { capability: 'embed' } as const;

  it('come from those that most nodes have, awake or not', () => {
    const rare = one('rare', { loaded: [loadedModel({ digest: otherWeights })] }, { digest: otherWeights });
    const nodes = [rare, one('a'), one('b', { serving: false })];
    expect(order(nodes)).toEqual(['rare', 'a']);
    expect(order(nodes, embed)).toEqual(['a', 'rare']);
    expect(order([rare, one('b', { serving: false })], embed)).toEqual(['rare']);
  });

  it('come from the newest of equals, then from the smallest digest', () => {
    const newer = one('n', {}, { digest: otherWeights, modifiedAt: '2026-11-26T16:24:57.4+01:00' });
    expect(order([one('a', {}, { modifiedAt: '2026-11-26T16:24:56.3Z' }), newer], embed)).toEqual(['a', 'n']);
    expect(order([one('a', {}, { modifiedAt: '2026-11-26T15:24:56Z' }), newer], embed)).toEqual(['n', 'a']);
    expect(order([one('a'), newer], embed)).toEqual(['n', 'a']);
    const undated = one('u', {}, { digest: otherWeights });
    expect(order([undated, one('a')], embed)).toEqual(['a', 'u']);
    expect(order([one('a'), undated], embed)).toEqual(['a', 'u']);
  });
});

describe('every route', () => {
  const model = fc.constantFrom('m', 'M:latest', 'n:8b');
  const digest = fc.constantFrom('', weights, otherWeights);
  const node = fc.record({
    dialects: fc.subarray(['ollama', 'openai', 'anthropic']),
    serving: fc.boolean(),
    hasGpu: fc.constantFrom(true, false, null),
    installed: fc.array(fc.record({ name: model, digest }), { maxLength: 3 }),
    loaded: fc.array(
      fc.record({
        name: model,
        digest,
        contextLength: fc.constantFrom(null, 4096, 8192),
        gpuShare: fc.constantFrom(0, 0.5, 1),
      }),
      { maxLength: 2 },
    ),
    saysPlacement: fc.boolean(),
    vram: fc.record({ totalBytes: fc.constantFrom(null, 8e9), usedBytes: fc.constantFrom(null, 0, 7e9) }),
    slots: fc.constantFrom(null, 1, 4),
    moving: fc.subarray(['m:latest', 'n:8b']),
    inFlight: fc.nat(5),
    inFlightOfModel: fc.nat(2),
    excluded: fc.boolean(),
  });
  const fleet = fc.array(node, { maxLength: 6 }).map((nodes) =>
    nodes.map((own, index) =>
      requestNode(`n${index}`, {
        ...own,
        installed: own.installed.map((held) => heldModel(held)),
        loaded: own.loaded.map((one) => loadedModel(one)),
      }),
    ),
  );
  const request = fc.record({
    model,
    digest: fc.constantFrom(null, weights),
    contextLength: fc.constantFrom(null, 4096),
    capability: fc.constantFrom('chat' as const, 'embed' as const, null),
    dialect: fc.constantFrom('ollama', 'openai'),
    conversation: fc.subarray(['k1', 'k2', 'k3']),
  });
  const memory = fc.array(fc.tuple(fc.subarray(['k1', 'k2', 'k3']), fc.nat(5), digest), { maxLength: 4 });
  const remembered = (entries: [string[], number, string][]) => {
    const stickiness = createStickiness();
    for (const [keys, index, known] of entries)
      stickiness.remember(keys, { nodeId: `n${index}`, digest: known });
    return stickiness;
  };

  it('is the same for the same input, and uses only nodes that can serve it', () => {
    fc.assert(
      fc.property(fleet, request, memory, (nodes, asked, entries) => {
        const state = { stickiness: remembered(entries) };
        const result = route(nodes, asked, state);
        expect(route(structuredClone(nodes), asked, state)).toEqual(result);
        const canonical = (name: string) => (name === 'n:8b' ? name : 'm:latest');
        if (result.kind === 'none') return;
        expect(result.choices.length).toBeGreaterThan(0);
        expect(new Set(result.choices.map(({ nodeId }) => nodeId)).size).toBe(result.choices.length);
        for (const choice of result.choices) {
          const chosen = nodes.find(({ id }) => id === choice.nodeId);
          expect(chosen).toMatchObject({ serving: true, excluded: false });
          expect(chosen?.dialects).toContain(asked.dialect);
          expect(chosen?.moving).not.toContain(canonical(asked.model));
          expect(canonical(choice.model)).toBe(canonical(asked.model));
          expect(chosen?.installed).toContainEqual(
            expect.objectContaining({ name: choice.model, digest: choice.digest }),
          );
          if (asked.digest !== null) expect(choice.digest).toBe(asked.digest);
        }
      }),
    );
  });

  it('has the same classes in any order of the fleet', () => {
    const shuffled = fleet.chain((nodes) =>
      fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })),
    );
    fc.assert(
      fc.property(shuffled, request, memory, ([nodes, mixed], asked, entries) => {
        const state = { stickiness: remembered(entries) };
        const [one, other] = [route(nodes, asked, state), route(mixed, asked, state)];
        expect(other.kind).toBe(one.kind);
        if (one.kind === 'none' || other.kind === 'none') {
          expect(other).toMatchObject({ code: (one as { code: string }).code });
          return;
        }
        const classes = (found: typeof one) =>
          found.choices.map(({ standing, score }) => ({ standing, score }));
        expect(classes(other)).toEqual(classes(one));
      }),
    );
  });

  it('has a reason', () => {
    fc.assert(
      fc.property(fleet, request, (nodes, asked) => {
        const result = route(nodes, asked);
        if (result.kind === 'none') return;
        for (const { reason } of result.choices) expect(reason.code).toMatch(/^ROUTE_/);
      }),
    );
  });
});
