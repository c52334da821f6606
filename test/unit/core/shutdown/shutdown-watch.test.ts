/** Machines that were told to go: what says that they have gone, and what does not. */
import { describe, expect, it } from 'vitest';
import { createShutdownWatch } from '../../../../electron/core/shutdown/shutdown-watch.ts';
import type { NodeState, NodeView } from '../../../../shared/models/fleet.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { nodeView } from '../../../fakes/indexing.ts';

const id = 'tower';
type AgentState = 'ok' | 'asleep' | 'unreachable';

function createWorld() {
  const clock = createFakeClock();
  let node: NodeView | null = nodeView({ id });
  let agent: AgentState | null = 'ok';
  const listeners = {
    fleet: new Set<(node: NodeView | null, previous: NodeView | null) => void>(),
    agents: new Set<(nodeId: string) => void>(),
    reached: new Set<(nodeId: string, contact: { bootId: string; fresh: boolean }) => void>(),
  };
  const on =
    <Listener>(set: Set<Listener>) =>
    (listener: Listener) => {
      set.add(listener);
      return () => void set.delete(listener);
    };
  const told: string[] = [];
  const leaving: boolean[] = [];
  let checks = 0;
  const departures = createShutdownWatch({
    clock,
    fleet: {
      get: () => node,
      probeSoon: () => {
        checks += 1;
      },
      setShuttingDown: (_, value) => void leaving.push(value),
      onChange: on(listeners.fleet),
    },
    agents: {
      view: () => (agent === null ? null : ({ state: agent } as never)),
      onChange: on(listeners.agents) as never,
      onReached: on(listeners.reached) as never,
    },
    onOff: (_, { action }) => void told.push(`gone: ${action}`),
    onStillOn: (_, { action }) => void told.push(`stayed: ${action}`),
    onChange: () => {},
  });
  return {
    clock,
    departures,
    told,
    leaving,
    checks: () => checks,
    setNode(state: NodeState | null) {
      const previous = node;
      node = state === null ? null : nodeView({ id, state });
      for (const listener of listeners.fleet) listener(node, previous);
    },
    setAgent(state: AgentState | null) {
      agent = state;
      for (const listener of listeners.agents) listener(id);
    },
    reach(fresh: boolean) {
      for (const listener of listeners.reached) listener(id, { bootId: 'boot', fresh });
    },
  };
}

describe('a machine that was told to go', () => {
  it('is on as long as its agent answers, though its server ended first', () => {
    const world = createWorld();
    world.departures.begin(id, 'shutdown');
    world.setNode('off');
    expect([world.told, world.departures.get(id)?.action]).toEqual([[], 'shutdown']);
    world.setAgent('unreachable');
    expect([world.told, world.departures.get(id)]).toEqual([['gone: shutdown'], null]);
    expect(world.leaving).toEqual([true, false]);
  });

  it.each<[AgentState | null]>([['asleep'], ['unreachable'], [null]])(
    'has gone when it is off and its agent is %s, and not before it is off',
    (state) => {
      const world = createWorld();
      world.departures.begin(id, 'sleep');
      world.setAgent(state);
      world.setNode('trouble');
      expect(world.told).toEqual([]);
      world.setNode('off');
      expect(world.told).toEqual(['gone: sleep']);
      world.setNode('serving');
      world.setNode('off');
      expect(world.told).toEqual(['gone: sleep']);
    },
  );

  it('has gone when its agent is reached in another boot, not in the same one', () => {
    const world = createWorld();
    world.departures.begin(id, 'restart');
    world.reach(false);
    expect(world.told).toEqual([]);
    world.reach(true);
    expect(world.told).toEqual(['gone: restart']);
  });

  it('stayed when it is still on after three minutes; until then it is checked each two seconds', async () => {
    const world = createWorld();
    world.departures.begin(id, 'shutdown');
    expect(world.departures.get(id)).toMatchObject({ deadlineAt: world.clock.now() + 180_000 });
    await world.clock.advance(179_999);
    expect([world.told, world.checks()]).toEqual([[], 90]);
    await world.clock.advance(1);
    expect([world.told, world.departures.get(id)]).toEqual([['stayed: shutdown'], null]);
    await world.clock.advance(60_000);
    expect([world.checks(), world.clock.pending()]).toEqual([90, 0]);
  });

  it('is watched once: what is asked while it goes changes nothing', async () => {
    const world = createWorld();
    world.departures.begin(id, 'shutdown');
    await world.clock.advance(60_000);
    const before = world.departures.get(id);
    world.departures.begin(id, 'restart');
    expect(world.departures.get(id)).toBe(before);
    world.departures.cancel(id);
    expect([world.departures.get(id), world.told]).toEqual([null, []]);
    await world.clock.advance(600_000);
    expect(world.told).toEqual([]);
  });

  it('is forgotten when it is removed, or was never there', () => {
    const world = createWorld();
    world.departures.begin(id, 'shutdown');
    world.setNode(null);
    expect([world.departures.get(id), world.told, world.clock.pending()]).toEqual([null, [], 0]);
    world.departures.begin(id, 'shutdown');
    expect(world.departures.get(id)).toBeNull();
  });
});
