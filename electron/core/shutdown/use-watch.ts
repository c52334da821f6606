/** How long a node without an agent has been idle, from this core's leases and what its server and tools show. */

import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { Clock } from '../ports/time.ts';
import { detectUse, type UseSeen } from './use-guard.ts';

export interface UseState {
  /** Recent signs of use, without leases. */
  use: Message[];
  /** Since when it has been idle (wall time) and for how long; null while it is in use or not on. */
  idle: { since: number; ms: number } | null;
}

export interface UseWatch {
  /** Records the node's current state. */
  observe(node: NodeView): void;
  state(nodeId: string): UseState;
  /** It was needed until now: idle time starts again. */
  markNeeded(nodeId: string): void;
  forget(nodeId: string): void;
  /** This computer slept, so use during that time is unknown: idle time starts again for every node. */
  restart(): void;
}

/** How long a single sign of use counts as continued use. */
const USE_LASTS_MS = 60_000;

interface Seen {
  models: UseSeen;
  use: Message[];
  /** When it was last in use, or when it came up. */
  at: number;
  monotonic: number;
}

export function createUseWatch({
  clock,
  leases,
  inFlight,
  gpus,
  unknownLoad = () => null,
}: {
  clock: Pick<Clock, 'now' | 'monotonic'>;
  /** How many leases it has. */
  leases(nodeId: string): number;
  inFlight(node: NodeView): number;
  /** Current readings of its GPU tools; empty if it has none. */
  gpus(nodeId: string): readonly GpuReading[];
  /** Why a GPU of a measured node may be busier than reported; null if all of them were read. */
  unknownLoad?(nodeId: string): Message | null;
}): UseWatch {
  const nodes = new Map<string, Seen>();
  const moment = () => ({ at: clock.now(), monotonic: clock.monotonic() });

  return {
    observe(node) {
      // A node whose server fails for a moment is not off yet, so its record is kept.
      if (!isServing(node.state)) {
        if (node.state === 'off' || node.state === 'waking') nodes.delete(node.id);
        return;
      }
      const before = nodes.get(node.id);
      const { seen, use } = detectUse({
        node,
        gpus: gpus(node.id),
        unknownLoad: unknownLoad(node.id),
        before: before?.models ?? null,
        inFlight: inFlight(node),
        now: clock.now(),
      });
      const used = use.length > 0 || leases(node.id) > 0 || before === undefined;
      const lasting = use.length > 0 ? use : (before?.use ?? []);
      nodes.set(node.id, {
        models: seen,
        use: lasting,
        ...(used ? moment() : { at: before.at, monotonic: before.monotonic }),
      });
    },
    state(nodeId) {
      const seen = nodes.get(nodeId);
      if (!seen) return { use: [], idle: null };
      const ms = clock.monotonic() - seen.monotonic;
      const use = ms < USE_LASTS_MS ? seen.use : [];
      const idle = use.length === 0 && leases(nodeId) === 0 ? { since: seen.at, ms } : null;
      return { use, idle };
    },
    markNeeded(nodeId) {
      const seen = nodes.get(nodeId);
      if (seen) Object.assign(seen, moment(), { use: [] });
    },
    forget: (nodeId) => void nodes.delete(nodeId),
    restart() {
      for (const seen of nodes.values()) Object.assign(seen, moment(), { use: [] });
    },
  };
}
