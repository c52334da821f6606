/** Machines that are shutting down: what proves that they are off, and what does not. */
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
  const reported: string[] = [];
  const leaving: boolean[] = [];
  let checks = 0;
  const watch = createShutdownWatch({
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
    onOff: (_, { action }) => void reported.push(`gone: ${action}`),
    onStillOn: (_, { action }) => void reported.push(`stayed: ${action}`),
    onChange: () => {},
  });
  return {
    clock,
    watch,
    reported,
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

describe('a machine that is shutting down', () => {
  it('is on as long as its agent answers, though its server ended first', () => {
    const world = createWorld();
    world.watch.begin(id, 'shutdown');
    world.setNode('off');
    expect([world.reported, world.watch.get(id)?.action]).toEqual([[], 'shutdown']);
    world.setAgent('unreachable');
    expect([world.reported, world.watch.get(id)]).toEqual([['gone: shutdown'], null]);
    expect(world.leaving).toEqual([true, false]);
  });

  it.each<[AgentState | null]>([['asleep'], ['unreachable'], [null]])(
    'has gone when it is off and its agent is %s, and not before it is off',
    (state) => {
      const world = createWorld();
      world.watch.begin(id, 'sleep');
      world.setAgent(state);
      world.setNode('trouble');
      expect(world.reported).toEqual([]);
      world.setNode('off');
      expect(world.reported).toEqual(['gone: sleep']);
      world.setNode('serving');
      world.setNode('off');
      expect(world.reported).toEqual(['gone: sleep']);
    },
  );

  it('has gone when its agent is reached in another boot, not in the same one', () => {
    const world = createWorld();
    world.watch.begin(id, 'restart');
    world.reach(false);
    expect(world.reported).toEqual([]);
    world.reach(true);
    expect(world.reported).toEqual(['gone: restart']);
  });

  it('stayed when it is still on after three minutes; until then it is checked each two seconds', async () => {
    const world = createWorld();
    world.watch.begin(id, 'shutdown');
    expect(world.watch.get(id)).toMatchObject({ deadlineAt: world.clock.now() + 180_000 });
    await world.clock.advance(179_999);
    expect([world.reported, world.checks()]).toEqual([[], 90]);
    await world.clock.advance(1);
    expect([world.reported, world.watch.get(id)]).toEqual([['stayed: shutdown'], null]);
    await world.clock.advance(60_000);
    expect([world.checks(), world.clock.pending()]).toEqual([90, 0]);
  });

  it('is watched once: what is asked while it goes changes nothing', async () => {
    const world = createWorld();
    world.watch.begin(id, 'shutdown');
    await world.clock.advance(60_000);
    const before = world.watch.get(id);
    world.watch.begin(id, 'restart');
    expect(world.watch.get(id)).toBe(before);
    world.watch.cancel(id);
    expect([world.watch.get(id), world.reported]).toEqual([null, []]);
    await world.clock.advance(600_000);
    expect(world.reported).toEqual([]);
  });

  it('is forgotten when it is removed, or was never there', () => {
    const world = createWorld();
    world.watch.begin(id, 'shutdown');
    world.setNode(null);
    expect([world.watch.get(id), world.reported, world.clock.pending()]).toEqual([null, [], 0]);
    world.watch.begin(id, 'shutdown');
    expect(world.watch.get(id)).toBeNull();
  });
});
