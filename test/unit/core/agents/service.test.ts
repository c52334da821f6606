import { describe, expect, it } from 'vitest';
import { announcementProof } from '../../../../electron/core/agents/announcements.ts';
import { createAgentsService } from '../../../../electron/core/agents/service.ts';
import type { FleetAgents } from '../../../../electron/core/fleet/dependencies.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { nodeStateLabel } from '../../../../shared/text/node-state.ts';
import { createFakeAgents, createFakeAnnouncementListener, gone } from '../../../fakes/agent-link.ts';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { asleep } from '../../../fakes/inference-server.ts';

const url = 'http://192.168.1.20:11434';
const agentUrl = 'http://192.168.1.20:8765';
const never = new AbortController().signal;
const machine = { url, agentUrl, agentToken: 'right-token' };

/** A fleet whose agents live in memory, as compose puts both together. */
async function startedWorld() {
  const fakes = createFakeAgents();
  const late: FleetAgents = {
    probe: (nodeId, signal) => agents.probe(nodeId, signal),
    reading: (nodeId) => agents.reading(nodeId),
    gpuFound: (nodeId) => agents.gpuFound(nodeId),
    gpuTools: (nodeId) => agents.gpuTools(nodeId),
    serverReport: (nodeId) => agents.serverReport(nodeId),
    mayRestartOllama: (nodeId) => agents.mayRestartOllama(nodeId),
    takePaired: (at) => agents.takePaired(at),
    pairedToken: (at) => agents.pairedToken(at),
    tokenChanged: (nodeId) => agents.tokenChanged(nodeId),
    leave: () => {},
  };
  const world = createFakeFleetWorld({ agents: late });
  const { clock, fleet, log } = world;
  const hello = createFakeAnnouncementListener();
  const agents = createAgentsService({
    clock,
    random: () => 0.5,
    log,
    fleet,
    connectAgent: fakes.connectAgent,
    announcementListener: hello,
    settings: world.settings,
    activity: world.activity,
    panelName: () => 'Pilotlight on laptop',
  });
  const reached: { nodeId: string; bootId: string; fresh: boolean }[] = [];
  const changed: string[] = [];
  agents.onReached((nodeId, contact) => reached.push({ nodeId, ...contact }));
  agents.onChange((nodeId) => changed.push(nodeId));
  await fleet.start();
  agents.start();
  return {
    ...world,
    agents,
    hello,
    reached,
    changed,
    agent: fakes.agent,
    async stop() {
      await agents.stop();
      await world.stop();
    },
  };
}

describe('versions', () => {
  it('without one in common are said, with which side is too old', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const { id } = fleet.add(machine);
    const agent = world.agent(agentUrl);
    agent.health = { ...agent.health, protocol: { oldest: 900, newest: 901 } };
    await clock.advance(1000);
    expect(agents.view(id)).toMatchObject({ state: 'unreachable', trouble: { code: 'PANEL_TOO_OLD' } });
    // The agent was replaced.
    agent.health = { ...agent.health, protocol: { oldest: 1, newest: 1 } };
    await clock.advance(120_000);
    expect(agents.view(id)).toMatchObject({ state: 'ok', trouble: null, missing: ['update'] });
    agent.health = { ...agent.health, protocol: { oldest: 1, newest: 901 } };
    agent.endStreams();
    await clock.advance(120_000);
    expect(agents.view(id)).toMatchObject({ state: 'ok', missing: [] });
    await world.stop();
  });
});

describe('contact', () => {
  it('is made when the machine is on: who it is, what holds it, and a stream', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock, reached } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add(machine);
    expect(agents.view(id)).toMatchObject({ url: agentUrl, state: 'unknown', roles: [] });
    await clock.advance(1000);
    expect(agents.view(id)).toEqual({
      url: agentUrl,
      state: 'ok',
      missing: [],
      version: '1.0.0',
      roles: ['power', 'telemetry'],
      trouble: null,
      mayRestartOllama: true,
      actions: ['shutdown', 'sleep'],
    });
    expect(reached).toEqual([{ nodeId: id, bootId: 'boot-1', fresh: true }]);
    expect(agents.policyView(id)).toMatchObject({ bootId: 'boot-1' });
    expect(agents.machine(id)).toMatchObject({ hostname: 'tower' });
    expect(agent.streams).toBe(1);
    agent.push();
    expect(agents.sample(id)?.gpus[0]?.processes).toHaveLength(1);
    await clock.advance(5001);
    expect(agents.sample(id)).toBeNull();
    await world.stop();
    expect(agent.streams).toBe(0);
  });

  it('is not sought while the machine sleeps, not once in an hour', async () => {
    const world = await startedWorld();
    world.server(url).answer = asleep();
    const { id } = world.fleet.add(machine);
    await world.clock.advance(3_600_000);
    expect(world.fleet.get(id)?.state).toBe('off');
    expect(world.agent(agentUrl)).toMatchObject({ calls: [], healthCalls: 0 });
    expect(world.agents.view(id)).toMatchObject({ state: 'asleep', trouble: null });
    await world.stop();
  });

  it('ends when the machine goes off, and begins anew when it is back, in the same run or another', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock, reached } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    agent.push();
    world.server(url).answer = asleep();
    await clock.advance(10_000);
    expect(fleet.get(id)?.state).toBe('off');
    expect(agent.streams).toBe(0);
    expect(agents.view(id)?.state).toBe('asleep');
    expect(agents.sample(id)).toBeNull();
    expect(agents.policyView(id)).toBeNull();
    // What it said of its network is needed to wake it.
    expect(agents.machine(id)).not.toBeNull();

    world.server(url).answer = 'serves';
    await fleet.probe(id);
    await clock.advance(100);
    expect(reached.at(-1)).toEqual({ nodeId: id, bootId: 'boot-1', fresh: false });
    world.server(url).answer = asleep();
    await clock.advance(10_000);
    agent.describe({ bootId: 'boot-2' });
    world.server(url).answer = 'serves';
    await fleet.probe(id);
    await clock.advance(100);
    expect(reached.at(-1)).toEqual({ nodeId: id, bootId: 'boot-2', fresh: true });
    expect(reached).toHaveLength(3);
    await world.stop();
  });

  it('that breaks off makes the fleet look at once, and is sought again with longer and longer waits', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock, reached } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    const looks = world.server(url).calls.filter((call) => call === 'loaded').length;
    agent.answer = gone();
    agent.endStreams();
    await clock.flush();
    expect(world.server(url).calls.filter((call) => call === 'loaded')).toHaveLength(looks + 1);
    expect(agent.streams).toBe(0);
    const before = agent.healthCalls;
    await clock.advance(600_000);
    expect(agents.view(id)).toMatchObject({
      state: 'unreachable',
      trouble: { code: 'HOST_UNREACHABLE' },
    });
    // 1, 2, 4, … 60 s: some fifteen in ten minutes.
    expect(agent.healthCalls - before).toBeGreaterThan(8);
    expect(agent.healthCalls - before).toBeLessThan(20);
    agent.answer = 'serves';
    await clock.advance(70_000);
    expect(agents.view(id)?.state).toBe('ok');
    expect(agent.streams).toBe(1);
    expect(reached).toHaveLength(2);
    await world.stop();
  });

  it('with a wrong token is refused, and not sought soon; a new token is tried at once', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add({ ...machine, agentToken: 'wrong' });
    await clock.advance(300_000);
    expect(agents.view(id)).toMatchObject({
      state: 'refused',
      version: '1.0.0',
      trouble: { code: 'AGENT_REFUSED' },
    });
    expect(agent.calls).toEqual(['policy', 'power', 'leases']);
    fleet.update(id, { agentToken: 'right-token' });
    await clock.flush();
    expect(agents.view(id)?.state).toBe('ok');
    await world.stop();
  });

  it('without a token only learns who it is', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const { id } = fleet.add({ url, agentUrl });
    await clock.advance(60_000);
    expect(agents.view(id)).toMatchObject({ state: 'refused', version: '1.0.0' });
    expect(agents.link(id)).toBeNull();
    expect(world.agent(agentUrl).calls).toEqual([]);
    fleet.update(id, { agentToken: 'right-token' });
    await clock.flush();
    expect(agents.view(id)?.state).toBe('ok');
    expect(agents.link(id)).not.toBeNull();
    await world.stop();
  });

  it('rests while this computer sleeps', async () => {
    const world = await startedWorld();
    const { agents, clock, reached } = world;
    const agent = world.agent(agentUrl);
    world.fleet.add(machine);
    await clock.advance(1000);
    await Promise.all([agents.pause(), world.fleet.pause()]);
    expect(agent.streams).toBe(0);
    const { healthCalls, calls } = agent;
    const asked = calls.length;
    await clock.advance(600_000);
    expect(agent.healthCalls).toBe(healthCalls);
    expect(agent.calls).toHaveLength(asked);
    world.fleet.resume();
    agents.resume();
    await clock.advance(1000);
    expect(agent.streams).toBe(1);
    // Leases there may have run out meanwhile: whoever mirrors them begins anew.
    expect(reached).toHaveLength(2);
    await world.stop();
  });

  it('ends with its node, and follows it to another address', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    const other = 'http://192.168.1.21:8765';
    fleet.update(id, { agentUrl: other });
    await clock.flush();
    expect(world.agent(agentUrl).streams).toBe(0);
    expect(world.agent(other).streams).toBe(1);
    fleet.update(id, { agentUrl: null });
    await clock.flush();
    expect(world.agent(other).streams).toBe(0);
    expect(agents.view(id)).toBeNull();
    fleet.update(id, { agentUrl });
    await clock.flush();
    expect(world.agent(agentUrl).streams).toBe(1);
    fleet.remove(id);
    await clock.flush();
    expect(world.agent(agentUrl).streams).toBe(0);
    expect(agents.view(id)).toBeNull();
    await world.stop();
  });

  it('remembers what anybody reads by its link, and tells leases of others apart', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const agent = world.agent(agentUrl);
    agent.leases = [{ id: 'x', holder: 'Ann', purpose: 'a game', ttlSeconds: 60, remainingSeconds: 60 }];
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    const link = agents.link(id);
    await link?.putLease({ id: 'ours', holder: 'me', purpose: 'a job', ttlSeconds: 120 }, never);
    await agents.refresh(id);
    expect(agents.foreignLeases(id).map((lease) => lease.id)).toEqual(['x']);
    const heard = world.changed.length;
    await link?.powerOff({ action: 'sleep', countdownSeconds: 30, force: false, by: 'Ann' }, never);
    expect(agents.power(id)).toMatchObject({ phase: 'countdown' });
    await link?.endLease('x', never);
    expect(agents.foreignLeases(id)).toEqual([]);
    expect(world.changed.length).toBe(heard + 2);
    await expect(agents.refresh('nobody')).rejects.toMatchObject({ code: 'NO_AGENT' });
    await world.stop();
  });

  it('reads again each minute what is not pushed', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    agent.policy = { ...agent.policy, keptOn: true };
    await clock.advance(61_000);
    expect(agents.policyView(id)?.keptOn).toBe(true);
    expect(agent.calls.filter((call) => call === 'policy')).toHaveLength(2);
    expect(agent.streams).toBe(1);
    await world.stop();
  });

  it('reads anew at the agent’s word, once for many words in a moment', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    agent.policy = { ...agent.policy, keptOn: true };
    for (let word = 0; word < 20; word += 1) agent.tellNews();
    await clock.advance(500);
    expect(agents.policyView(id)?.keptOn).toBe(true);
    expect(agent.calls.filter((call) => call === 'policy')).toHaveLength(2);
    await world.stop();
  });

  it('stays when the agent has too many listeners', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    agent.endStreams(new PilotlightError('AGENT_ERROR', { message: 'Too many listen to this agent.' }));
    await clock.flush();
    expect(agents.view(id)).toMatchObject({ state: 'ok' });
    await world.stop();
  });
});

describe('what an agent says of its machine', () => {
  it('is the word on the GPU, in this run of the machine', async () => {
    const world = await startedWorld();
    const { fleet, clock } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    expect(fleet.get(id)).toMatchObject({ state: 'serving', hasGpu: null });
    agent.describe({ ollama: { ...agent.machine.ollama, gpuFound: true } });
    await clock.flush();
    expect(fleet.get(id)).toMatchObject({ state: 'gpu-verified', hasGpu: true });
    agent.describe({ ollama: { ...agent.machine.ollama, gpuFound: false } });
    await clock.flush();
    expect(fleet.get(id)).toMatchObject({ state: 'serving', hasGpu: true });
    // Off and on again: what was true then says nothing about now.
    agent.describe({ ollama: { ...agent.machine.ollama, gpuFound: true } });
    world.server(url).answer = asleep();
    await clock.advance(10_000);
    agent.answer = 'hangs';
    world.server(url).answer = 'serves';
    await fleet.probe(id);
    expect(fleet.get(id)?.state).toBe('serving');
    await world.stop();
  });

  it('makes readings of the node, until they are old', async () => {
    const world = await startedWorld();
    const { fleet, clock } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    agent.push();
    await fleet.probe(id);
    const node = fleet.get(id);
    expect(node).toMatchObject({ hasGpu: true, vram: { totalBytes: 24e9, source: 'tools' } });
    expect(world.agents.reading(id)).toMatchObject({
      gpus: [{ vramUsedBytes: 6e9, processes: [{ name: 'ollama', vramUsedBytes: 6e9 }] }],
      host: { memoryTotalBytes: 32e9 },
    });
    await clock.advance(10_000);
    expect(world.agents.reading(id)).toBeNull();
    // The card is built in: that it is not measured now does not change the node.
    expect(fleet.get(id)).toMatchObject({ gpus: node?.gpus, hasGpu: true });
    await world.stop();
  });

  it('tells readings that are surely of now: the second that comes', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add(machine);
    await clock.advance(1000);
    expect(await agents.freshReading(id, never)).toBeNull();
    agent.push();
    const reading = agents.freshReading(id, never);
    agent.push();
    agent.push({ gpus: [] });
    expect((await reading)?.gpus).toEqual([]);
    const none = agents.freshReading(id, never);
    await clock.advance(4000);
    expect(await none).toBeNull();
    await world.stop();
  });
});

describe('a node with only an agent', () => {
  it('is on as long as its agent answers, and a push is an answer', async () => {
    const world = await startedWorld();
    const { fleet, clock } = world;
    const agent = world.agent(agentUrl);
    const { id } = fleet.add({ url: null, agentUrl, agentToken: 'right-token' });
    await clock.advance(1000);
    expect(fleet.get(id)).toMatchObject({ state: 'serving', url: null, server: null, name: '192.168.1.20' });
    expect(nodeStateLabel(fleet.require(id))).toBe('on, no Ollama');
    expect(agent.healthCalls).toBe(1);
    for (let second = 0; second < 60; second += 1) {
      agent.push();
      await clock.advance(1000);
    }
    expect(agent.healthCalls).toBe(1);

    agent.answer = gone();
    agent.endStreams();
    await clock.advance(10_000);
    expect(fleet.get(id)).toMatchObject({ state: 'off', trouble: null });
    expect(nodeStateLabel(fleet.require(id))).toBe('off');
    agent.answer = 'serves';
    await fleet.probe(id);
    expect(fleet.get(id)?.state).toBe('serving');
    await world.stop();
  });

  it('is in trouble when something else answers there, in words of agents', async () => {
    const world = await startedWorld();
    const { fleet, clock } = world;
    const agent = world.agent(agentUrl);
    agent.answer = { fails: new PilotlightError('NOT_AN_AGENT') };
    const { id } = fleet.add({ url: null, agentUrl });
    await clock.advance(10_000);
    expect(fleet.get(id)).toMatchObject({ state: 'trouble', trouble: { code: 'NOT_AN_AGENT' } });
    agent.answer = {
      fails: new PilotlightError('HOST_UNREACHABLE', { details: { phase: 'connect', reason: 'refused' } }),
    };
    await fleet.probe(id);
    await fleet.probe(id);
    expect(fleet.get(id)?.trouble?.message).toBe('The machine is on, but no agent answers on that port.');
    await world.stop();
  });

  it('has the server when it gets one, and only the agent when that is taken away', async () => {
    const world = await startedWorld();
    const { fleet, clock } = world;
    const { id } = fleet.add({ url: null, agentUrl, agentToken: 'right-token' });
    await clock.advance(1000);
    world.server(url).answer = asleep();
    fleet.update(id, { url });
    await clock.advance(10_000);
    expect(fleet.get(id)?.state).toBe('off');
    fleet.update(id, { url: null });
    await clock.advance(1000);
    expect(fleet.get(id)?.state).toBe('serving');
    await world.stop();
  });
});

describe('pairing', () => {
  const code = '123456';

  it('gives the token to the node that has the agent', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock, secrets } = world;
    world.agent(agentUrl).code = code;
    const { id } = fleet.add({ url, agentUrl });
    await clock.advance(1000);
    expect(await agents.pair({ url: '192.168.1.20', code: '123 456' }, never)).toEqual({
      url: agentUrl,
      version: '1.0.0',
      roles: ['power', 'telemetry'],
    });
    expect(world.agent(agentUrl).calls).toContain('pair Pilotlight on laptop');
    expect(secrets.get(`node.${id}.agentToken`)).toBe('right-token');
    expect(agents.takePaired(agentUrl)).toBeNull();
    await clock.flush();
    expect(agents.view(id)?.state).toBe('ok');
    await world.stop();
  });

  it('keeps the token for the node that is added in the next ten minutes', async () => {
    const world = await startedWorld();
    const { fleet, agents, clock } = world;
    const line = 'pilotlight+agent://192.168.1.20:8765/#abcdefghijklmnopqrstuvwx';
    const secret = 'abcdefghijklmnopqrstuvwx';
    world.agent(agentUrl).code = secret;
    await agents.pair({ line }, never);
    expect(fleet.add({ url: null, agentUrl })).toMatchObject({ hasAgentToken: true });
    expect(agents.takePaired(agentUrl)).toBeNull();

    const other = 'http://192.168.1.30:8765';
    world.agent(other).code = code;
    await agents.pair({ url: other, code }, never);
    await clock.advance(600_001);
    expect(fleet.add({ url: null, agentUrl: other })).toMatchObject({ hasAgentToken: false });
    await world.stop();
  });

  it('keeps the token where its node could not be saved', async () => {
    const world = await startedWorld();
    const { fleet, agents, secrets } = world;
    world.agent(agentUrl).code = code;
    await agents.pair({ url: agentUrl, code }, never);
    secrets.failing = true;
    expect(() => fleet.add({ url: null, agentUrl })).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    secrets.failing = false;
    expect(fleet.add({ url: null, agentUrl })).toMatchObject({ hasAgentToken: true });
    expect(agents.pairedToken(agentUrl)).toBeNull();
    await world.stop();
  });

  it('gives one token to two panels that use one code at once, and refuses the other', async () => {
    const world = await startedWorld();
    world.agent(agentUrl).code = code;
    const both = await Promise.allSettled([
      world.agents.pair({ url: agentUrl, code }, never),
      world.agents.pair({ url: agentUrl, code }, never),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'PAIRING_CLOSED' },
    });
    expect(world.fleet.add({ url: null, agentUrl })).toMatchObject({ hasAgentToken: true });
    await world.stop();
  });

  it.each([
    [{}, 'BAD_PAIRING'],
    [{ line: 'hello' }, 'BAD_PAIRING'],
    [{ line: 'pilotlight+agent://#abcdefghijklmnopqrstuvwx' }, 'BAD_PAIRING'],
    [{ line: 'pilotlight+agent://host:8765/' }, 'BAD_PAIRING'],
    [{ line: 'pilotlight+agent://user:pass@host:8765/#abcdefghijklmnopqrstuvwx' }, 'BAD_URL'],
    [{ url: 'host', code: '12345' }, 'BAD_PAIRING'],
    [{ url: 'ho st', code }, 'BAD_URL'],
    [{ url: '192.168.1.20', code: '999999' }, 'PAIRING_CLOSED'],
  ])('%j is refused: %s', async (request, expected) => {
    const world = await startedWorld();
    await expect(world.agents.pair(request, never)).rejects.toMatchObject({ code: expected });
    await world.stop();
  });

  it('sends no code to what is no agent', async () => {
    const world = await startedWorld();
    world.agent(agentUrl).answer = { fails: new PilotlightError('NOT_AN_AGENT') };
    await expect(world.agents.pair({ url: agentUrl, code }, never)).rejects.toMatchObject({
      code: 'NOT_AN_AGENT',
    });
    expect(world.agent(agentUrl).calls).toEqual([]);
    await world.stop();
  });
});

describe('hello', () => {
  const aHello = (changes: Partial<{ agent: string; bootId: string; nonce: string; token: string }> = {}) => {
    const { token = 'right-token', ...words } = changes;
    const hello = { agent: 'a1', bootId: 'boot-2', nonce: 'nonce-00001', ...words };
    return { ...hello, proof: announcementProof(token, hello) };
  };

  async function sleepingWorld() {
    const world = await startedWorld();
    world.settings.update({ power: { helloPort: 8770 } });
    const { id } = world.fleet.add(machine);
    await world.clock.advance(1000);
    world.server(url).answer = asleep();
    await world.clock.advance(10_000);
    expect(world.fleet.get(id)?.state).toBe('off');
    world.server(url).answer = 'serves';
    return { ...world, id };
  }

  it('is heard only while a port is set', async () => {
    const world = await startedWorld();
    expect(world.hello.ports).toEqual([]);
    world.settings.update({ power: { helloPort: 8770 } });
    await world.clock.flush();
    world.settings.update({ power: { helloPort: 8771 } });
    await world.clock.flush();
    expect(world.hello.ports).toEqual([8770, 8771]);
    expect(world.hello.port).toBe(8771);
    world.settings.update({ power: { helloPort: null } });
    await world.clock.flush();
    expect(world.hello.port).toBeNull();
    await world.stop();
  });

  it('on a port that is taken is told to people, and nothing else ends', async () => {
    const world = await startedWorld();
    world.hello.taken.add(8770);
    world.settings.update({ power: { helloPort: 8770 } });
    await world.clock.flush();
    expect(world.entries).toContainEqual(expect.objectContaining({ severity: 'warning', kind: 'power' }));
    world.settings.update({ power: { helloPort: 8771 } });
    await world.clock.flush();
    expect(world.hello.port).toBe(8771);
    await world.stop();
    expect(world.hello.port).toBeNull();
  });

  it('brings a sleeping node back at once', async () => {
    const world = await sleepingWorld();
    world.agent(agentUrl).describe({ bootId: 'boot-2' });
    world.hello.announce(aHello());
    await world.clock.flush();
    expect(world.fleet.get(world.id)?.state).toBe('serving');
    expect(world.reached.at(-1)).toMatchObject({ bootId: 'boot-2', fresh: true });
    await world.stop();
  });

  it('of an agent that came later than its server ends the wait for it', async () => {
    const world = await sleepingWorld();
    const agent = world.agent(agentUrl);
    agent.answer = gone();
    await world.fleet.probe(world.id);
    await world.clock.advance(60_000);
    expect(world.agents.view(world.id)?.state).toBe('unreachable');
    agent.answer = 'serves';
    world.hello.announce(aHello());
    await world.clock.flush();
    expect(world.agents.view(world.id)?.state).toBe('ok');
    await world.stop();
  });

  it.each([
    ['with another token', [aHello({ token: 'wrong' })]],
    ['with other words than were proved', [{ ...aHello(), bootId: 'boot-9' }]],
    ['with no proof worth the name', [{ ...aHello(), proof: '' }]],
  ])('%s is nobody’s', async (_name, hellos) => {
    const world = await sleepingWorld();
    for (const hello of hellos) world.hello.announce(hello);
    await world.clock.flush();
    expect(world.fleet.get(world.id)?.state).toBe('off');
    await world.stop();
  });

  it('that was heard before, or is of a run that is over, is not taken', async () => {
    const world = await sleepingWorld();
    const { clock, fleet, id } = world;
    const first = aHello({ bootId: 'boot-1', nonce: 'nonce-old-1' });
    world.hello.announce(first);
    await clock.flush();
    expect(fleet.get(id)?.state).toBe('serving');
    const off = async () => {
      world.server(url).answer = asleep();
      await clock.advance(10_000);
      expect(fleet.get(id)?.state).toBe('off');
      world.server(url).answer = 'serves';
    };
    await off();
    world.hello.announce(first);
    await clock.flush();
    expect(fleet.get(id)?.state).toBe('off');
    // After a sleep the boot is the same, and the words are new.
    world.hello.announce(aHello({ bootId: 'boot-1', nonce: 'nonce-new-1' }));
    await clock.flush();
    expect(fleet.get(id)?.state).toBe('serving');
    world.agent(agentUrl).describe({ bootId: 'boot-2' });
    await clock.flush();
    await off();
    world.hello.announce(aHello({ bootId: 'boot-1', nonce: 'nonce-late' }));
    await clock.flush();
    expect(fleet.get(id)?.state).toBe('off');
    await world.stop();
  });

  it('is taken of an agent whose id is not known', async () => {
    const world = await sleepingWorld();
    world.hello.announce(aHello({ agent: 'another-id' }));
    await world.clock.flush();
    expect(world.fleet.get(world.id)?.state).toBe('serving');
    await world.stop();
  });
});
