/** The gateway's requests in flight, counted where moves and shutdowns look for them. */
import type { InFlight } from '../acquire/in-flight.ts';
import type { NodeTraffic } from './model.ts';

export interface Traffic {
  /** Nodes whose traffic or breaker changed. */
  update(nodes: readonly NodeTraffic[]): void;
  /** The process has ended: nothing of it is in flight any more. */
  clear(): void;
  /** Nodes with traffic, with a breaker that is not closed, or with a limit that was learned. */
  nodes(): NodeTraffic[];
  total(): number;
}

export function createTraffic({
  inFlight,
  onChange,
}: {
  inFlight: Pick<InFlight, 'begin'>;
  onChange(nodeId: string, now: NodeTraffic): void;
}): Traffic {
  const known = new Map<string, { traffic: NodeTraffic; marks: Map<string, Disposable[]> }>();

  function change(traffic: NodeTraffic): void {
    const { nodeId } = traffic;
    const { marks } = known.get(nodeId) ?? { marks: new Map<string, Disposable[]>() };
    for (const model of new Set([...marks.keys(), ...Object.keys(traffic.inFlight)])) {
      const held = marks.get(model) ?? [];
      const wanted = traffic.inFlight[model] ?? 0;
      while (held.length < wanted) held.push(inFlight.begin(nodeId, model === '' ? null : model, 'gateway'));
      for (const mark of held.splice(wanted)) mark[Symbol.dispose]();
      if (held.length > 0) marks.set(model, held);
      else marks.delete(model);
    }
    const learned = traffic.learnedSlots !== undefined;
    if (marks.size === 0 && traffic.breaker === 'closed' && !learned) known.delete(nodeId);
    else known.set(nodeId, { traffic, marks });
    onChange(nodeId, traffic);
  }

  return {
    update(nodes) {
      for (const traffic of nodes) change(traffic);
    },
    clear() {
      for (const nodeId of [...known.keys()]) change({ nodeId, breaker: 'closed', inFlight: {} });
    },
    nodes: () => [...known.values()].map(({ traffic }) => traffic),
    total: () => [...known.values()].reduce((sum, { traffic }) => sum + trafficOf(traffic), 0),
  };
}

/** All requests in flight on a node. */
export const trafficOf = ({ inFlight }: Pick<NodeTraffic, 'inFlight'>): number =>
  Object.values(inFlight).reduce((sum, count) => sum + count, 0);
