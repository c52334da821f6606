import { describe, expect, it } from 'vitest';
import { PROBE_DEADLINE_MS } from '../../../../electron/core/diagnosis/probes.ts';
import { GONE_DEADLINE_MS, SETTLE_MS } from '../../../../electron/core/diagnosis/rehearse.ts';
import { createChecksService } from '../../../../electron/core/diagnosis/service.ts';
import type { AgentLink, AgentMachine, AgentSample } from '../../../../electron/core/ports/agents.ts';
import type { Http } from '../../../../electron/core/ports/network.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Check } from '../../../../shared/models/checks.ts';
import { fact, type MessageCode, plainText } from '../../../../shared/models/message.ts';
import { defaultPowerPolicy, type NodePower } from '../../../../shared/models/power.ts';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { createFakeHttp, type FakeSite, noStreams } from '../../../fakes/http.ts';
import { aModel, asleep } from '../../../fakes/inference-server.ts';

const url = 'http://192.168.1.20:11434';
const agentUrl = 'http://192.168.1.20:8765';
const mac = '02:00:00:00:00:20';
const lan = { name: 'eth0', address: '192.168.1.7', netmask: '255.255.255.0', internal: false };
const never = new AbortController().signal;
const wakeStopped = fact('CHECK_CANCELLED', { outcome: fact('WAKE_STOPPED') });

const machine: AgentMachine = {
  hostname: 'tower',
  bootId: 'boot-1',
  interfaces: [
    {
      name: 'eno1',
      mac,
      address: '192.168.1.20',
      netmask: '255.255.255.0',
      broadcast: null,
      wakeArmed: true,
    },
  ],
  ollama: { answers: true, version: '0.33.0', startedAt: null, gpuFound: true },
};
const sample = (at: number): AgentSample => ({
  at,
  host: { cpuPercent: 1, memoryTotalBytes: 16e9, memoryUsedBytes: 1e9 },
  gpus: [
    {
      id: 'gpu',
      vendor: 'nvidia',
      name: 'RTX 4090',
      vramTotalBytes: 24e9,
      vramUsedBytes: 0,
      utilisationPercent: 0,
      temperatureCelsius: 40,
      powerWatts: 20,
      processes: [],
    },
  ],
  gpusRead: 'all',
  problems: [],
});

async function createWorld(
  options: {
    sites?: Record<string, FakeSite>;
    agent?: 'answers' | 'hangs';
    wakeWays?: { kind: 'relay'; url: string }[];
    node?: 'on' | 'off';
    /** Who answers for the relays. */
    relay?: Http;
  } = {},
) {
  const world = createFakeFleetWorld({
    interfaces: [lan],
    ...(options.relay ? { http: options.relay } : {}),
  });
  const { clock, fleet } = world;
  const server = world.server(url);
  if (options.node === 'off') server.answer = asleep();
  const { id } = fleet.add({
    url,
    name: 'tower',
    mac,
    ...(options.agent ? { agentUrl, agentToken: 'a-token-of-the-agent' } : {}),
    ...(options.wakeWays ? { wakeWays: options.wakeWays } : {}),
  });
  await fleet.start();
  await clock.advance(100);

  /** What was asked of the agent: only what reads. */
  const asked: string[] = [];
  const answer = async <Value>(what: string, value: Value, signal: AbortSignal): Promise<Value> => {
    asked.push(what);
    if (options.agent === 'answers') return value;
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  };
  const link = new Proxy({} as AgentLink, {
    get: (_, name) => {
      throw new Error(`Nobody was to ask an agent for ${String(name)}.`);
    },
  });
  const reads = {
    health: (signal) =>
      answer(
        'health',
        { id: 'a', version: '0.1.0', roles: ['power', 'telemetry'], protocol: { oldest: 1, newest: 2 } },
        signal,
      ),
    machine: (signal) => answer('machine', { machine, sample: sample(clock.now()) }, signal),
    power: (signal) =>
      answer(
        'power',
        { phase: 'idle', current: null, actions: ['shutdown'], mayRestartOllama: true },
        signal,
      ),
  } satisfies Partial<AgentLink>;

  const power: NodePower = {
    nodeId: id,
    policy: defaultPowerPolicy,
    means: 'agent',
    agent: null,
    leases: [],
    whyOn: [],
    wokenByUs: null,
    idleSince: null,
    offAt: null,
    countdown: null,
    leaving: null,
    lastOffError: null,
    gpuLost: null,
    sleepTrouble: null,
  };
  const offs = {
    asked: [] as { nodeId: string; force: boolean }[],
    cancelled: 0,
    refusal: null as PilotlightError | null,
    /** The machine goes at once when it is told to. */
    goes: true,
  };
  const http = createFakeHttp(options.sites ?? {});
  const checks = createChecksService({
    ...world,
    http,
    surroundings: {
      neighbours: async () => [],
      resolve: () => Promise.reject(new PilotlightError('NAME_NOT_RESOLVED')),
    },
    connectAgent: () => Object.setPrototypeOf({ ...reads }, link) as AgentLink,
    connectInferenceServer: world.server,
    powersOff: {
      async off(request) {
        if (offs.refusal) throw offs.refusal;
        offs.asked.push(request);
        if (offs.goes) server.answer = asleep();
      },
      async cancel() {
        offs.cancelled += 1;
        throw new PilotlightError('NO_COUNTDOWN');
      },
    },
    powerOf: () => power,
    lastMachine: () => null,
  });
  const check = (kind: Check['kind']) => world.streams.checks.get(`${kind}:${id}`);
  /** Lets time pass until the check has ended. */
  async function settle(pending: Promise<Check>, stepMs = 1000): Promise<Check> {
    let ended: Check | null = null;
    let failed: unknown = null;
    pending.then(
      (value) => {
        ended = value;
      },
      (error) => {
        failed = error;
      },
    );
    await clock.flush();
    for (let turn = 0; ended === null && failed === null && turn < 2000; turn += 1)
      await clock.advance(stepMs);
    if (ended === null) throw failed ?? new Error('The check did not end.');
    return ended;
  }
  const stepOf = (id: string, kind: Check['kind'] = 'rehearsal') =>
    check(kind)?.steps.find((step) => step.id === id);
  return { ...world, id, server, asked, http, power, offs, checks, check, stepOf, settle };
}

const states = (check: Check | undefined) =>
  Object.fromEntries((check?.steps ?? []).map((one) => [one.id, one.state]));

describe('a diagnosis', () => {
  it('passes a machine that is well, step by step, and only reads', async () => {
    const world = await createWorld({ agent: 'answers' });
    world.server.loadedModels = [aModel({ name: 'llama', vramBytes: 5e9 })];
    const pending = world.checks.diagnose(world.id, never);
    expect(world.check('diagnosis')).toMatchObject({ outcome: 'running', endedAt: null });
    expect(world.check('diagnosis')?.steps[0]?.state).toBe('running');
    expect(
      world
        .check('diagnosis')
        ?.steps.slice(1)
        .every(({ state }) => state === 'waiting'),
    ).toBe(true);
    const before = world.udp.sent.length;
    const done = await world.settle(pending);
    expect(states(done)).toEqual({
      name: 'not-applicable',
      ways: 'pass',
      armed: 'pass',
      route: 'pass',
      host: 'pass',
      port: 'pass',
      server: 'pass',
      agent: 'pass',
      token: 'pass',
      rights: 'pass',
      gpu: 'pass',
      'used-gpu': 'pass',
      'left-behind': 'pass',
      clock: 'pass',
    });
    expect(done).toMatchObject({ id: `diagnosis:${world.id}`, outcome: 'pass', endedAt: world.clock.now() });
    expect(world.check('diagnosis')).toEqual(done);
    // Each was asked once, for what reads: nobody was woken, powered off or written to.
    expect(world.asked.sort()).toEqual(['health', 'machine', 'power']);
    expect([world.udp.sent.length, world.offs.asked, world.http.asked]).toEqual([before, [], []]);
    expect(
      world.server.calls.filter((call) => call !== 'loaded' && call !== 'version' && call !== 'installed'),
    ).toEqual([]);
  });

  it('of a machine that hangs ends with a verdict in every step, each by its own deadline', async () => {
    const world = await createWorld({ agent: 'hangs' });
    world.server.answer = 'hangs';
    const startedAt = world.clock.monotonic();
    const done = await world.settle(world.checks.diagnose(world.id, never), 250);
    // All is asked at the same time, so one deadline ends it.
    expect(world.clock.monotonic() - startedAt).toBeLessThanOrEqual(2 * PROBE_DEADLINE_MS);
    expect(done.outcome).toBe('fail');
    expect(done.steps.filter(({ state }) => state === 'fail').map(({ id }) => id)).toEqual(['host']);
    expect(done.steps.find(({ id }) => id === 'host')).toMatchObject({
      seen: { code: 'HOST_SILENT', params: { host: '192.168.1.20' } },
      fix: { code: 'WAKE_IT_OR_CHECK_CABLE' },
    });
    expect(world.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('asks a relay whether it is there, and never to wake', async () => {
    const relay = 'http://192.168.1.2:9753';
    const wakeWays = [{ kind: 'relay' as const, url: relay }];
    const site = { '/health': { status: 'ok', gpu_pc_ip: '192.168.1.20', gpu_pc_reachable: true } };
    const there = await createWorld({ wakeWays, sites: { [relay]: site } });
    const found = await there.settle(there.checks.diagnose(there.id, never));
    expect(there.http.requests.map(({ method, url: to }) => `${method} ${to}`)).toEqual([
      `GET ${relay}/health`,
    ]);
    expect(found.steps.find(({ id }) => id === 'route')).toMatchObject({
      state: 'pass',
      seen: fact('WAKER_ANSWERS', {
        method: fact('WAKE_BY_RELAY', { host: '192.168.1.2:9753' }),
        known: true,
      }),
    });
    const gone = await createWorld({ wakeWays, sites: { [relay]: 'refused' } });
    const failed = await gone.settle(gone.checks.diagnose(gone.id, never));
    expect(states(failed).route).toBe('fail');
  });

  it.each([
    ['at its own port or that of a relay', true, 'pass', 'WAKER_ANSWERS'],
    ['nowhere', false, 'fail', 'WAKER_FAILS'],
  ])('asks the agent of another node whether it has the relay role: %s', async (_, hasRelay, state, code) => {
    const agentOfNas = 'http://192.168.1.2:8765';
    const relay: FakeSite = {
      '/health': {
        agent: 'pilotlight',
        version: '0.1.0',
        roles: ['relay'],
        protocol: { oldest: 1, newest: 2 },
        id: 'n',
      },
    };
    const world = await createWorld({
      agent: 'answers',
      sites: { 'http://192.168.1.2:9753': hasRelay ? relay : 'refused' },
    });
    const nas = world.fleet.add({
      name: 'nas',
      url: null,
      agentUrl: agentOfNas,
      agentToken: 'a-token-of-the-nas',
    });
    world.fleet.update(world.id, { wakeWays: [{ kind: 'agent', nodeId: nas.id }] });
    const done = await world.settle(world.checks.diagnose(world.id, never));
    expect(done.steps.find(({ id }) => id === 'route')).toMatchObject({
      state,
      seen: { code, params: { method: fact('WAKE_BY_AGENT', { node: 'nas' }) } },
      fix: hasRelay ? null : { params: { code: 'NOT_SUPPORTED' } },
    });
  });

  it('runs once at a time, is cancelled by the person or by whoever asked, and goes with its node', async () => {
    const world = await createWorld({ agent: 'hangs' });
    world.server.answer = 'hangs';
    const first = world.checks.diagnose(world.id, never);
    await world.clock.flush();
    await expect(world.checks.diagnose(world.id, never)).rejects.toMatchObject({ code: 'CHECK_RUNNING' });
    const cancelled = await world.checks.cancel(`diagnosis:${world.id}`);
    expect(cancelled).toMatchObject({ outcome: 'cancelled', endedAt: world.clock.now() });
    expect(cancelled.steps.some(({ state }) => state === 'running' || state === 'waiting')).toBe(false);
    expect(await first).toEqual(cancelled);
    // One that has ended stays as it is.
    expect(await world.checks.cancel(`diagnosis:${world.id}`)).toEqual(cancelled);
    await expect(world.checks.cancel('diagnosis:nope')).rejects.toMatchObject({ code: 'NOT_FOUND' });

    const controller = new AbortController();
    const second = world.checks.diagnose(world.id, controller.signal);
    await world.clock.flush();
    controller.abort();
    expect((await second).outcome).toBe('cancelled');

    const third = world.checks.diagnose(world.id, never);
    await world.clock.flush();
    world.fleet.remove(world.id);
    expect((await third).outcome).toBe('cancelled');
    expect(world.check('diagnosis')).toBeUndefined();
    await expect(world.checks.diagnose(world.id, never)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('ends when the core stops', async () => {
    const world = await createWorld({ agent: 'hangs' });
    world.server.answer = 'hangs';
    const pending = world.checks.diagnose(world.id, never);
    await world.clock.flush();
    await world.checks.stop();
    expect((await pending).outcome).toBe('cancelled');
  });
});

describe('a rehearsal', () => {
  /** It comes up as soon as it was sent a packet after it had gone to rest. */
  async function comesUp(world: Awaited<ReturnType<typeof createWorld>>, pending: Promise<Check>) {
    const packets = world.udp.sent.length;
    for (let turn = 0; world.udp.sent.length === packets && turn < 100; turn += 1)
      await world.clock.advance(1000);
    await world.clock.advance(20_000);
    world.server.answer = 'serves';
    return world.settle(pending);
  }

  it('puts a machine to sleep, wakes it, and learns how long that takes', async () => {
    const world = await createWorld();
    const done = await comesUp(world, world.checks.rehearse(world.id));
    expect(states(done)).toEqual({
      ready: 'pass',
      sleep: 'pass',
      gone: 'pass',
      wake: 'pass',
      serves: 'pass',
      gpu: 'not-applicable',
      learned: 'pass',
    });
    expect(done.outcome).toBe('pass');
    expect(world.offs.asked).toEqual([expect.objectContaining({ nodeId: world.id, force: false })]);
    expect(world.fleet.require(world.id).boot).toMatchObject({ count: 1 });
    expect(world.fleet.require(world.id).boot.usualMs).toBeGreaterThanOrEqual(20_000);
  });

  it('of a machine that is off rehearses its wake alone', async () => {
    const world = await createWorld({ node: 'off' });
    const done = await comesUp(world, world.checks.rehearse(world.id));
    expect(done.outcome).toBe('pass');
    expect([states(done).sleep, states(done).gone]).toEqual(['not-applicable', 'not-applicable']);
    expect(world.offs.asked).toEqual([]);
  });

  it('sees that the GPU is there, or is lost', async () => {
    const seen = await createWorld({ node: 'off' });
    seen.server.loadedModels = [aModel({ vramBytes: 5e9 })];
    expect(states(await comesUp(seen, seen.checks.rehearse(seen.id))).gpu).toBe('pass');
    const lost = await createWorld({ node: 'off' });
    lost.power.gpuLost = { code: 'GPU_LOST', message: 'Ollama has no GPU.', next: 'Restart Ollama.' };
    const failed = await comesUp(lost, lost.checks.rehearse(lost.id));
    expect(failed.steps.find(({ id }) => id === 'gpu')).toMatchObject({
      state: 'fail',
      seen: { params: { code: 'GPU_LOST' } },
      fix: fact('CHECK_ERROR_FIX', { code: 'GPU_LOST', next: 'Restart Ollama.' }),
    });
    expect(failed.outcome).toBe('fail');
  });

  type World = Awaited<ReturnType<typeof createWorld>>;
  it.each<[string, (world: World) => void, MessageCode, MessageCode]>([
    [
      'a person needs it',
      ({ power, id }) => {
        power.whyOn = [fact('LEASE_HELD', { holder: 'Ann', purpose: 'a game' })];
        power.leases = [
          {
            id: 'l',
            nodeId: id,
            kind: 'person',
            holder: 'Ann',
            purpose: 'a game',
            createdAt: 0,
            until: null,
            origin: 'here',
            mirrored: false,
          },
        ];
      },
      'IN_USE_BECAUSE',
      'RELEASE_OR_WAIT',
    ],
    [
      'a job uses it',
      ({ fleet, id }) => void fleet.use(id, fact('USED_FOR_INDEXING', { folder: 'Notes' })),
      'IN_USE_BECAUSE',
      'RELEASE_OR_WAIT',
    ],
    [
      'nothing powers it off',
      ({ power }) => void Object.assign(power, { means: 'none' }),
      'CANNOT_POWER_OFF_HERE',
      'ADD_POWER_ROLE',
    ],
    [
      'nothing wakes it',
      ({ fleet, id }) => void fleet.update(id, { mac: null }),
      'CANNOT_WAKE_AGAIN',
      'ADD_MAC_AND_METHOD',
    ],
    [
      'its policy allows no wake',
      ({ power }) => void Object.assign(power, { policy: { ...power.policy, wakeFor: 'never' } }),
      'POLICY_WAKES_NEVER',
      'LET_PEOPLE_WAKE_IT',
    ],
    [
      'Pilotlight runs on it',
      ({ fleet, id }) => void fleet.update(id, { url: `http://${lan.address}:11434` }),
      'ON_THIS_COMPUTER',
      'REHEARSE_OTHERS',
    ],
  ])('is refused if %s, and nothing is done', async (_, prepare, seen, fix) => {
    const world = await createWorld();
    prepare(world);
    const done = await world.settle(world.checks.rehearse(world.id));
    expect(done.steps[0]).toMatchObject({
      state: 'fail',
      seen: { code: seen },
      fix: { code: fix },
    });
    expect(done.steps.slice(1).every((step) => step.seen?.code === 'EARLIER_STEP_FAILED')).toBe(true);
    expect([world.offs.asked, world.udp.sent]).toEqual([[], []]);
  });

  it.each<[string, PilotlightError, object]>([
    [
      'of this panel',
      new PilotlightError('IN_USE', { reasons: [fact('MODEL_ANSWERING', { model: 'llama3' })] }),
      fact('IN_USE_BECAUSE', { reasons: [fact('MODEL_ANSWERING', { model: 'llama3' })], unknown: null }),
    ],
    [
      'of the machine itself',
      new PilotlightError('IN_USE', { details: { reasons: ['The GPU is busy.'] } }),
      fact('IN_USE_BECAUSE', { reasons: [plainText('The GPU is busy.')], unknown: null }),
    ],
    [
      'if none are given',
      new PilotlightError('IN_USE', { message: 'It is in use.' }),
      fact('CHECK_ERROR', { code: 'IN_USE', message: 'It is in use.' }),
    ],
  ])('shows why it does not go off, by the reasons %s', async (_, refusal, seen) => {
    const world = await createWorld();
    world.offs.refusal = refusal;
    const done = await world.settle(world.checks.rehearse(world.id));
    expect(done.steps[1]).toMatchObject({ state: 'fail', seen, fix: { code: 'REHEARSE_WHEN_IDLE' } });
    expect(world.udp.sent).toEqual([]);
  });

  it('ends where the machine does not go off, and wakes nothing', async () => {
    const world = await createWorld();
    world.offs.goes = false;
    const startedAt = world.clock.monotonic();
    const done = await world.settle(world.checks.rehearse(world.id));
    expect(world.clock.monotonic() - startedAt).toBeGreaterThan(GONE_DEADLINE_MS);
    expect(done.steps[2]).toMatchObject({ state: 'fail', seen: fact('STILL_ON', { ms: GONE_DEADLINE_MS }) });
    expect(world.udp.sent).toEqual([]);

    const told = await createWorld();
    told.offs.goes = false;
    const pending = told.checks.rehearse(told.id);
    await told.clock.advance(4000);
    told.power.lastOffError = { code: 'DID_NOT_GO_OFF', message: 'It still answers.', next: 'Look why.' };
    expect((await told.settle(pending)).steps[2]).toMatchObject({
      state: 'fail',
      seen: { params: { code: 'DID_NOT_GO_OFF' } },
      fix: { params: { next: 'Look why.' } },
    });
  });

  it('ends where the machine does not come up, with what the wake said', async () => {
    const world = await createWorld();
    const done = await world.settle(world.checks.rehearse(world.id));
    expect(done.steps.find(({ id }) => id === 'serves')).toMatchObject({
      state: 'fail',
      seen: { params: { code: 'WAKE_TIMEOUT' } },
      fix: { params: { code: 'WAKE_TIMEOUT' } },
    });
    expect(done.outcome).toBe('fail');
    expect(world.fleet.require(world.id).state).toBe('off');
    expect(world.streams.wake.get(world.id)).toBeUndefined();
  });

  it('goes on when whoever asked has gone; a cancel leaves a clear state in every step', async () => {
    const world = await createWorld();
    world.offs.goes = false;
    const id = `rehearsal:${world.id}`;
    const going = world.checks.rehearse(world.id);
    await world.clock.advance(1000);
    expect(world.stepOf('gone')?.state).toBe('running');
    const early = await world.checks.cancel(id);
    expect(await going).toEqual(early);
    expect(early.outcome).toBe('cancelled');
    expect(early.steps[2]?.seen).toEqual(fact('CHECK_CANCELLED', { outcome: fact('MAY_STILL_GO_OFF') }));
    expect(world.offs.cancelled).toBe(1);
    expect(world.udp.sent).toEqual([]);

    world.offs.goes = true;
    const second = world.checks.rehearse(world.id);
    for (let turn = 0; world.stepOf('serves')?.state !== 'running' && turn < 60; turn += 1)
      await world.clock.advance(1000);
    const late = await world.checks.cancel(id);
    expect(await second).toEqual(late);
    expect(late.steps.find(({ id: step }) => step === 'serves')?.seen).toEqual(wakeStopped);
    expect(world.fleet.require(world.id).state).toBe('off');
    expect(world.streams.wake.get(world.id)).toBeUndefined();
    const packets = world.udp.sent.length;
    await world.clock.advance(60_000);
    expect(world.udp.sent).toHaveLength(packets);
  });

  it('is cancelled at once while a relay hangs', async () => {
    let asked = 0;
    const hanging: Http = {
      ...noStreams,
      request({ signal }) {
        asked += 1;
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      },
    };
    const wakeWays = [{ kind: 'relay' as const, url: 'http://192.168.1.2:9753' }];
    const world = await createWorld({ node: 'off', wakeWays, relay: hanging });
    const pending = world.checks.rehearse(world.id);
    await world.clock.advance(100);
    expect([world.stepOf('wake')?.state, asked]).toEqual(['running', 1]);
    const cancelled = await world.checks.cancel(`rehearsal:${world.id}`);
    expect(await pending).toEqual(cancelled);
    expect(cancelled.steps.find(({ id }) => id === 'wake')?.seen).toEqual(wakeStopped);
    await world.clock.advance(60_000);
    expect(world.fleet.require(world.id).state).toBe('off');
    expect(world.streams.wake.get(world.id)).toBeUndefined();
  });

  it('ends with the core without asking anybody to stay on', async () => {
    const world = await createWorld();
    world.offs.goes = false;
    const pending = world.checks.rehearse(world.id);
    await world.clock.advance(1000);
    await world.checks.stop();
    expect((await pending).outcome).toBe('cancelled');
    expect(world.offs.cancelled).toBe(0);
  });

  it('gives the network adapter a moment to go to rest before the first packet', async () => {
    const world = await createWorld();
    const pending = world.checks.rehearse(world.id);
    for (let turn = 0; world.fleet.require(world.id).state !== 'off' && turn < 60; turn += 1)
      await world.clock.advance(500);
    const before = world.clock.monotonic();
    while (world.udp.sent.length === 0) await world.clock.advance(100);
    expect(world.clock.monotonic() - before).toBeGreaterThanOrEqual(SETTLE_MS);
    world.server.answer = 'serves';
    expect((await world.settle(pending)).outcome).toBe('pass');
  });
});
