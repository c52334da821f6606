import { describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { aFinishedRequest, createGatewayWorld, newStart } from '../../../fakes/gateway.ts';
import { aGpu, aNode } from '../../../fakes/records.ts';
import { aLiveRequest } from '../../../fakes/requests.ts';

const taken = () => Promise.reject(new PilotlightError('PORT_IN_USE'));

describe('opening the gateway', () => {
  it('starts the process, gives it its table, then lets it listen', async () => {
    const { service, fake, table } = createGatewayWorld({ nodes: [aNode()] });
    expect(service.view().state).toBe('off');
    const view = await service.start();
    expect(fake.calls).toEqual(['start', 'listen 127.0.0.1:11435']);
    expect(view).toEqual({
      state: 'running',
      url: 'http://127.0.0.1:11435',
      listening: 'loopback',
      problem: null,
      restarts: 0,
      version: table()?.version,
    });
  });

  it.each([
    ['its setting', { settings: { on: false } }, null],
    ['an option of the program', { port: 'off' as const }, 'GATEWAY_OFF_HERE'],
    ['a program without one', { hasLink: false }, 'GATEWAY_NOT_PART'],
  ])('is off by %s', async (_name, options, code) => {
    const { service, fake } = createGatewayWorld(options);
    const view = await service.start();
    expect([view.state, view.url, view.problem?.code ?? null]).toEqual(['off', null, code]);
    expect(fake.calls).toEqual([]);
  });

  it('takes the port of this run before that of the settings', async () => {
    const { service } = createGatewayWorld({ port: 4000 });
    expect((await service.start()).url).toBe('http://127.0.0.1:4000');
  });

  it('finds the process of an earlier core, and its requests', async () => {
    const { service, fake, inFlight } = createGatewayWorld();
    fake.found = {
      version: 5,
      listening: { host: '127.0.0.1', port: 11_435 },
      traffic: [{ nodeId: 'node_1', breaker: 'closed', inFlight: { 'm:latest': 2 } }],
      instance: 'found',
    };
    expect((await service.start()).state).toBe('running');
    expect(fake.calls).toEqual(['start']);
    expect(inFlight.count('node_1', 'm')).toBe(2);
  });
});

describe('a port that is taken', () => {
  it('is named with its holder, and tried again until it is free', async () => {
    const { service, fake, clock, streams } = createGatewayWorld();
    fake.onListen = taken;
    fake.holder = { name: 'ollama-herd', pid: 7 };
    const view = await service.start();
    expect([view.state, view.url, view.problem?.code]).toEqual(['failed', null, 'PORT_IN_USE']);
    expect(view.problem?.message).toEqual({
      code: 'GATEWAY_PORT_TAKEN',
      params: { port: 11_435, holder: fake.holder },
    });
    await clock.advance(1000);
    await clock.advance(2000);
    expect(fake.calls.filter((call) => call.startsWith('listen'))).toHaveLength(3);
    fake.onListen = () => Promise.resolve();
    await clock.advance(4000);
    expect(streams.gateway.get('gateway')?.state).toBe('running');
  });

  it('leaves the old address in use where the new one is taken', async () => {
    const { service, fake, set, clock } = createGatewayWorld();
    await service.start();
    fake.onListen = taken;
    set({ port: 4000 });
    await clock.flush();
    expect(service.view()).toMatchObject({
      state: 'running',
      url: 'http://127.0.0.1:11435',
      problem: { code: 'PORT_IN_USE' },
    });
  });
});

describe('a process that ends', () => {
  it('counts as a restart, has nothing in flight, and gets table and address again', async () => {
    const { service, fake, inFlight, clock } = createGatewayWorld({ nodes: [aNode()] });
    await service.start();
    fake.report({ kind: 'traffic', nodes: [{ nodeId: 'node_1', breaker: 'closed', inFlight: { m: 1 } }] });
    fake.end();
    expect(inFlight.onNode('node_1')).toBe(0);
    expect(service.view()).toMatchObject({ state: 'starting', url: null, restarts: 1, version: null });
    fake.begin(newStart);
    await clock.flush();
    expect(service.view()).toMatchObject({ state: 'running', restarts: 1 });
    expect(fake.tables).toHaveLength(2);
  });

  it('gets the free port that programs already know', async () => {
    const { service, fake, clock } = createGatewayWorld({ port: 0 });
    expect((await service.start()).url).toBe('http://127.0.0.1:40000');
    fake.end();
    fake.begin(newStart);
    await clock.flush();
    expect(fake.calls.slice(1)).toEqual(['listen 127.0.0.1:0', 'listen 127.0.0.1:40000']);
  });

  it('gets the free port of a process that was found', async () => {
    const { service, fake, clock } = createGatewayWorld({ port: 0 });
    fake.found = { ...newStart, version: 5, listening: { host: '127.0.0.1', port: 40_001 } };
    expect((await service.start()).url).toBe('http://127.0.0.1:40001');
    fake.end();
    fake.begin(newStart);
    await clock.flush();
    expect(fake.calls.at(-1)).toBe('listen 127.0.0.1:40001');
  });

  it('and never listens is a failure that is shown', async () => {
    const { service, fake, clock } = createGatewayWorld();
    fake.starts = false;
    const started = service.start();
    for (let times = 0; times < 4; times += 1) fake.end();
    expect((await started).problem?.code).toBe('GATEWAY_NOT_STARTED');
    fake.begin(newStart);
    await clock.flush();
    expect(service.view()).toMatchObject({ state: 'running', problem: null });
  });
});

describe('changed settings', () => {
  it('move it to another port, and turn it off and on', async () => {
    const { service, fake, set, clock } = createGatewayWorld();
    await service.start();
    set({ port: 4000 });
    await clock.flush();
    expect(service.view().url).toBe('http://127.0.0.1:4000');
    set({ on: false });
    await clock.flush();
    expect(service.view()).toMatchObject({ state: 'off', url: null });
    expect(fake.calls.slice(-2)).toEqual(['close', 'end']);
    set({ on: true });
    await clock.flush();
    expect(service.view().state).toBe('running');
  });

  it('let requests finish for half a minute when it is turned off', async () => {
    const { service, fake, set, clock } = createGatewayWorld({ nodes: [aNode()] });
    await service.start();
    fake.report({ kind: 'traffic', nodes: [{ nodeId: 'node_1', breaker: 'closed', inFlight: { m: 1 } }] });
    set({ on: false });
    await clock.advance(29_000);
    expect(fake.calls).not.toContain('end');
    await clock.advance(1000);
    expect(fake.calls.at(-1)).toBe('end');
  });

  it('close the network when the last key expires', async () => {
    const { service, set, access, clock } = createGatewayWorld();
    await service.start();
    for (const [name, expiresInDays] of [
      ['n8n', 30],
      ['zed', 40],
    ] as const) {
      access.addKey({ name, kind: 'program', rights: ['infer'], expiresInDays });
    }
    set({ listen: 'network' });
    const day = 86_400_000;
    await clock.advance(39 * day);
    expect(service.view().listening).toBe('network');
    await clock.advance(2 * day);
    expect(service.view().listening).toBe('loopback');
  });

  it('open it to the network only with a key for models', async () => {
    const { service, set, addKey, access, clock, fake } = createGatewayWorld();
    await service.start();
    addKey('viewer', ['view']);
    expect(() => set({ listen: 'network' })).toThrow(expect.objectContaining({ code: 'GATEWAY_NEEDS_KEY' }));
    const id = addKey('n8n', ['infer']);
    set({ listen: 'network' });
    await clock.flush();
    expect(service.view().listening).toBe('network');
    // The old listener holds a part of the new address.
    expect(fake.calls.slice(-2)).toEqual(['close', 'listen 0.0.0.0:11435']);
    access.revokeKey(id);
    await clock.flush();
    expect(service.view()).toMatchObject({ listening: 'loopback', problem: { code: 'GATEWAY_NEEDS_KEY' } });
  });
});

describe('what changes the table', () => {
  it('is a machine that goes off, at once', async () => {
    const { service, change, table, clock } = createGatewayWorld({ nodes: [aNode()] });
    await service.start();
    change(aNode({ state: 'off', loaded: [] }));
    await clock.flush();
    expect(table()?.nodes[0]?.serving).toBe(false);
  });

  it('is VRAM that other programs take, but not each of its readings', async () => {
    const { service, sample, fake, clock } = createGatewayWorld({ nodes: [aNode()] });
    await service.start();
    const used = (vramUsedBytes: number) =>
      sample({ nodeId: 'node_1', at: 1, gpus: [aGpu({ vramUsedBytes })], host: null, vramByModel: {} });
    used(10e9);
    await clock.advance(500);
    const before = fake.tables.length;
    used(10e9 + 1000);
    await clock.advance(500);
    expect(fake.tables).toHaveLength(before);
    used(20e9);
    await clock.advance(500);
    expect(fake.tables).toHaveLength(before + 1);
  });

  it('is a key that is added', async () => {
    const { service, addKey, table, clock } = createGatewayWorld();
    await service.start();
    addKey('n8n');
    await clock.flush();
    expect(table()?.credentials.map(({ name }) => name)).toEqual(['n8n']);
  });
});

describe('a move', () => {
  it('keeps new requests away before it looks at those in flight', async () => {
    const { service, fake, table, clock, inFlight } = createGatewayWorld({ nodes: [aNode()] });
    await service.start();
    const taken = Promise.withResolvers<void>();
    fake.onTable = async () => {
      await taken.promise;
      const nodes = [{ nodeId: 'node_1', breaker: 'closed' as const, inFlight: { 'llama3.1:8b': 1 } }];
      fake.report({ kind: 'traffic', nodes });
    };
    let isHeld = false;
    const holding = service.holdBack('node_1', ['Llama3.1:8b']).then((held) => {
      isHeld = true;
      return held;
    });
    await clock.flush();
    expect(isHeld).toBe(false);
    taken.resolve();
    const held = await holding;
    expect(table()?.nodes[0]?.moving).toEqual(['llama3.1:8b']);
    expect(inFlight.count('node_1', 'llama3.1:8b')).toBe(1);
    held[Symbol.dispose]();
    await clock.flush();
    expect(table()?.nodes[0]?.moving).toEqual([]);
  });

  it('does not wait for a gateway that is off', async () => {
    const { service } = createGatewayWorld({ port: 'off' });
    (await service.holdBack('node_1', ['m']))[Symbol.dispose]();
  });
});

describe('requests', () => {
  const traffic = (count: number) => ({
    kind: 'traffic' as const,
    nodes: [{ nodeId: 'node_1', breaker: 'closed' as const, inFlight: count > 0 ? { m: count } : {} }],
  });

  it('keep their machine awake, and for a minute after, for the programs that sent them', async () => {
    const { service, fake, leases, addKey, clock } = createGatewayWorld({ nodes: [aNode()] });
    const key = addKey('n8n');
    await service.start();
    fake.report(traffic(1));
    expect(leases).toEqual(['+ node_1 {"programs":[]}']);
    fake.report({ kind: 'finished', requests: [aFinishedRequest({ credentialId: key })], dropped: 0 });
    fake.report({ kind: 'finished', requests: [aFinishedRequest({ credentialId: key })], dropped: 0 });
    expect(leases.slice(1)).toEqual(['+ node_1 {"programs":["n8n"]}', '- node_1 {"programs":[]}']);
    fake.report(traffic(0));
    await clock.advance(59_000);
    fake.report(traffic(2));
    fake.report(traffic(0));
    await clock.advance(59_000);
    expect(leases).toHaveLength(3);
    await clock.advance(1000);
    expect(leases.at(-1)).toBe('- node_1 {"programs":["n8n"]}');
  });

  it('name programs without a key as they name themselves, and no more than a few', async () => {
    const { service, fake, leases } = createGatewayWorld({ nodes: [aNode()] });
    await service.start();
    fake.report(traffic(2));
    fake.report({ kind: 'live', requests: [aLiveRequest({ program: 'zed' })] });
    fake.report({
      kind: 'live',
      requests: [aLiveRequest({ program: 'zed' }), aLiveRequest({ nodeId: null, program: 'x' })],
    });
    fake.report({ kind: 'finished', requests: [aFinishedRequest({ program: 'open-webui' })], dropped: 0 });
    const begun = () => leases.filter((one) => one.startsWith('+'));
    expect(begun().slice(1)).toEqual([
      '+ node_1 {"programs":["zed"]}',
      '+ node_1 {"programs":["open-webui","zed"]}',
    ]);
    for (let count = 0; count < 50; count += 1) {
      fake.report({ kind: 'finished', requests: [aFinishedRequest({ program: `p${count}` })], dropped: 0 });
    }
    expect(JSON.parse(begun().at(-1)?.slice(9) ?? '').programs).toHaveLength(5);
  });

  it('are counted, and mark the keys that they were sent with', async () => {
    const { service, fake, access, addKey } = createGatewayWorld({ nodes: [aNode()] });
    const key = addKey('n8n');
    await service.start();
    fake.report({ kind: 'finished', requests: [aFinishedRequest()], dropped: 2 });
    fake.report({ kind: 'used', credentialIds: [key, 'unknown'] });
    expect(service.stats()).toMatchObject({ dropped: 2, total: { requests: 1 }, nodes: [{ name: 'tower' }] });
    expect(access.find(key)?.lastUsedAt).not.toBeNull();
  });

  it('have the models of a node read again after they changed them', async () => {
    const { service, fake, probed } = createGatewayWorld({ nodes: [aNode()] });
    await service.start();
    const before = probed.length;
    const requests = ['/api/pull', '/api/create', '/api/copy', '/api/delete', '/api/chat'].map((path) =>
      aFinishedRequest({ path }),
    );
    fake.report({ kind: 'finished', requests, dropped: 0 });
    fake.report({
      kind: 'finished',
      requests: [aFinishedRequest({ path: '/api/pull', outcome: 'failed' }), aFinishedRequest()],
      dropped: 0,
    });
    expect(probed.slice(before)).toEqual(['node_1, list']);
  });
});

describe('the end of the core', () => {
  it('leaves the process to the next one, and holds nothing any more', async () => {
    const { service, fake, leases, inFlight, clock } = createGatewayWorld({ nodes: [aNode()] });
    await service.start();
    fake.report({ kind: 'traffic', nodes: [{ nodeId: 'node_1', breaker: 'closed', inFlight: { m: 1 } }] });
    await service.stop();
    expect(fake.calls.at(-1)).toBe('leave');
    expect([inFlight.onNode('node_1'), leases.length, clock.pending()]).toEqual([0, 2, 0]);
  });

  it('answers who still waits for the start', async () => {
    const { service, fake } = createGatewayWorld();
    fake.starts = false;
    const started = service.start();
    await service.stop();
    expect((await started).state).toBe('starting');
  });
});
