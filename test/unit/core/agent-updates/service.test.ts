import { describe, expect, it } from 'vitest';
import { createAgentUpdatesService } from '../../../../electron/core/agent-updates/service.ts';
import type { AgentRelease, AgentReleases } from '../../../../electron/core/ports/agent-releases.ts';
import type { AgentLink } from '../../../../electron/core/ports/agents.ts';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createEmitter } from '../../../../shared/emitter.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import { createAgentUpdates } from '../../../fakes/agent-updates.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { aNode } from '../../../fakes/records.ts';
import { agentFile } from '../../../fakes/releases.ts';
import { createRememberingLog } from '../../../fakes/transport.ts';

const program = Buffer.alloc(600_000, 'p');
const signal = new AbortController().signal;

/** Machines with agents of version 1.1.0, and a release of 1.2.0. */
function createWorld(names: readonly string[]) {
  const clock = createFakeClock();
  const log = createRememberingLog();
  const streams = createStreams({ clock, epoch: 'test', log });
  const changed = createEmitter<[string]>({ name: 'agents', log });
  const machines = new Map(
    names.map((name) => {
      const machine = {
        version: '1.1.0',
        updates: createAgentUpdates((): string => machine.version),
        leases: [] as { holder: string; purpose: string }[],
        isOn: true,
      };
      return [name, machine] as const;
    }),
  );
  const machine = (name: string) => {
    const found = machines.get(name);
    if (found === undefined) throw new Error(name);
    return found;
  };
  const order: string[] = [];
  /** The new version proves itself at once. */
  for (const [name, one] of machines)
    one.updates.onStart = () => {
      order.push(name);
      one.updates.finish();
      one.version = '1.2.0';
    };
  let release: AgentRelease | null = {
    version: '1.2.0',
    manifest: JSON.stringify({ version: '1.2.0', files: [agentFile(program)] }),
    signature: 'signed',
    files: [agentFile(program)],
  };
  const releases: AgentReleases = {
    read: async () => release,
    local: async () => ({ path: '/agents/pilotlight-agent', sha256: '' }),
    part: async (_, from, bytes) => program.subarray(from, from + bytes),
  };
  const node = (name: string): NodeView => ({
    ...aNode(),
    id: name,
    name,
    agentUrl: `http://${name}`,
    state: machine(name).isOn ? 'serving' : 'off',
  });
  const link = (name: string): AgentLink =>
    ({
      update: async () => machine(name).updates.state(),
      offerUpdate: async (offered) => machine(name).updates.offer(offered),
      putUpdatePart: async (from, bytes) => machine(name).updates.take(from, bytes),
      startUpdate: async (version) => machine(name).updates.start(version),
    }) as Partial<AgentLink> as AgentLink;
  const service = createAgentUpdatesService({
    ...{ clock, log, streams, releases },
    activity: { record: () => {} },
    fleet: {
      list: () => names.map(node),
      get: (name) => (machines.has(name) ? node(name) : null),
      onChange: () => () => {},
    },
    agents: {
      link,
      view: (name) =>
        ({ state: machine(name).isOn ? 'ok' : 'asleep', version: machine(name).version }) as never,
      foreignLeases: () => [],
      onChange: changed.on,
    },
    leases: (name) => machine(name).leases,
    onLeaseChange: () => () => {},
    isWaking: () => false,
    panelName: () => 'test',
  });
  const state = () => streams.agentUpdates.get('state');
  return {
    clock,
    service,
    machine,
    order,
    changed,
    state,
    stateOf: (name: string) => state()?.agents.find(({ nodeId }) => nodeId === name)?.state,
    loseRelease: () => {
      release = null;
    },
    /** Until the run has come to what the test waits for. */
    async until(fits: () => boolean) {
      for (let turn = 0; turn < 500 && !fits(); turn += 1) await clock.advance(500);
      expect(fits()).toBe(true);
    },
  };
}

const all = { nodeIds: null, whenOn: false };

describe('updating agents', () => {
  it('says which are old, and changes nothing', async () => {
    const { service, machine, order } = createWorld(['a', 'b']);
    machine('b').version = '1.2.0';
    expect(await service.check(signal)).toMatchObject({
      ...{ version: '1.2.0', run: 'none', noRelease: null },
      agents: [
        { nodeId: 'a', version: '1.1.0', state: 'old' },
        { nodeId: 'b', version: '1.2.0', state: 'current' },
      ],
    });
    expect(order).toEqual([]);
  });

  it('updates one after the other', async () => {
    const { service, order, until, state, stateOf } = createWorld(['a', 'b', 'c']);
    await service.begin(all, signal);
    await until(() => state()?.run === 'done');
    expect(order).toEqual(['a', 'b', 'c']);
    expect(stateOf('c')).toBe('updated');
  });

  it('stops at the first that fails, and leaves the others alone', async () => {
    const { service, machine, order, until, state } = createWorld(['a', 'b', 'c']);
    machine('b').updates.onStart = () => machine('b').updates.finish('NEVER_WELL');
    await service.begin(all, signal);
    await until(() => state()?.run === 'stopped');
    expect(order).toEqual(['a']);
    expect(state()?.agents).toMatchObject([
      { state: 'updated' },
      { state: 'failed', trouble: { code: 'AGENT_UPDATE_FAILED' } },
      { state: 'old' },
    ]);
  });

  it('says that an agent stayed away', async () => {
    const { service, machine, until, state } = createWorld(['a']);
    machine('a').updates.onStart = () => {};
    await service.begin(all, signal);
    await until(() => state()?.run === 'stopped');
    expect(state()?.agents[0]?.trouble?.code).toBe('AGENT_UPDATE_FAILED');
  });

  it('updates the others first, and one with a lease when that has ended', async () => {
    const { service, machine, order, until, state, changed } = createWorld(['a', 'b']);
    machine('a').leases.push({ holder: 'Ann', purpose: 'index of Notes' });
    await service.begin(all, signal);
    await until(() => order.length === 1 && state()?.agents[0]?.state === 'waiting');
    expect(order).toEqual(['b']);
    expect(state()).toMatchObject({ run: 'running', agents: [{ why: { code: 'AGENT_UPDATE_LEASED' } }, {}] });
    machine('a').leases.length = 0;
    changed.emit('a');
    await until(() => state()?.run === 'done');
    expect(order).toEqual(['b', 'a']);
  });

  it('does not restart an agent that got a lease while the file was sent', async () => {
    const { service, machine, order, until, state } = createWorld(['a']);
    const take = machine('a').updates.take;
    machine('a').updates.take = (from, bytes) => {
      if (from === 0) machine('a').leases.push({ holder: 'Ann', purpose: 'a game' });
      return take(from, bytes);
    };
    await service.begin(all, signal);
    await until(
      () => machine('a').updates.next?.received === program.length && state()?.agents[0]?.state === 'waiting',
    );
    expect(order).toEqual([]);
    machine('a').leases.length = 0;
    await until(() => state()?.run === 'done');
    expect(order).toEqual(['a']);
  });

  it('does not ask one at once again that refuses to start, although it says that it is not in use', async () => {
    const { service, machine, order, until, state, clock } = createWorld(['a', 'b']);
    let offers = 0;
    const { updates } = machine('a');
    const { offer } = updates;
    updates.offer = (release) => {
      offers += 1;
      return offer(release);
    };
    updates.start = () => {
      throw new PilotlightError('IN_USE');
    };
    await service.begin(all, signal);
    await until(() => order.length === 1);
    expect(order).toEqual(['b']);
    const before = offers;
    await clock.advance(29_000);
    expect([offers - before, state()?.run]).toEqual([0, 'running']);
    await clock.advance(31_000);
    expect(offers - before).toBeLessThanOrEqual(2);
    service.cancel();
    await until(() => state()?.run === 'cancelled');
  });

  it.each([
    ['has received nothing', 0],
    ['has received less', 1000],
    ['has received more', 600_000],
    ['has received half a byte', 0.5],
  ])('gives up on one that always says that it %s', async (_, received) => {
    const { service, machine, until, state } = createWorld(['a']);
    const { updates } = machine('a');
    updates.take = () => ({ ...updates.state(), next: { version: '1.2.0', size: program.length, received } });
    await service.begin(all, signal);
    await until(() => state()?.run === 'stopped');
    expect(state()?.agents[0]?.trouble?.code).toBe('AGENT_UPDATE_OUT_OF_STEP');
  });

  it('leaves machines that are off, or waits for them if that is wanted', async () => {
    const { service, machine, order, until, state, changed } = createWorld(['a', 'b']);
    machine('a').isOn = false;
    await service.begin(all, signal);
    await until(() => state()?.run === 'done');
    expect(order).toEqual(['b']);
    await service.begin({ nodeIds: ['a'], whenOn: true }, signal);
    await until(() => state()?.agents[0]?.state === 'waiting');
    expect(state()?.run).toBe('running');
    machine('a').isOn = true;
    changed.emit('a');
    await until(() => state()?.run === 'done');
    expect(order).toEqual(['b', 'a']);
  });

  it('can be cancelled, and begun again', async () => {
    const { service, machine, until, state, order } = createWorld(['a']);
    machine('a').leases.push({ holder: 'Ann', purpose: 'a game' });
    await service.begin(all, signal);
    await expect(service.begin(all, signal)).rejects.toMatchObject({ code: 'AGENT_UPDATES_RUN' });
    service.cancel();
    await until(() => state()?.run === 'cancelled');
    machine('a').leases.length = 0;
    await service.begin(all, signal);
    await until(() => state()?.run === 'done');
    expect(order).toEqual(['a']);
    await service.stop();
  });

  it('needs a release, and nodes that are there', async () => {
    const { service, loseRelease } = createWorld(['a']);
    await expect(service.begin({ ...all, nodeIds: ['nope'] }, signal)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    loseRelease();
    await expect(service.begin(all, signal)).rejects.toMatchObject({ code: 'NO_AGENT_RELEASE' });
    expect(await service.check(signal)).toMatchObject({
      version: null,
      noRelease: { code: 'AGENT_NO_RELEASE' },
    });
  });
});
