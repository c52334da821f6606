/** Since when nobody uses a node that has no agent to say so: our leases, and what its server and tools show. */

import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { Clock } from '../ports/time.ts';
import { lookForUse, type UseSeen } from './use-guard.ts';

export interface UseState {
  /** What was seen of use lately; leases are not among them. */
  use: Message[];
  /** Since when nobody needs it, wall time and length; null while somebody does, or while it is not on. */
  idle: { since: number; ms: number } | null;
}

export interface UseWatch {
  /** Takes in what is known of a node now. */
  look(node: NodeView): void;
  state(nodeId: string): UseState;
  /** Somebody needed it up to now: idle time begins anew. */
  needed(nodeId: string): void;
  forget(nodeId: string): void;
  /** This computer slept: what happened meanwhile is not known, so idle time begins anew everywhere. */
  restart(): void;
}

/** For so long a use that was seen once counts as one that goes on. */
const USE_LASTS_MS = 60_000;

interface Seen {
  models: UseSeen;
  use: Message[];
  /** When use was last seen, or when it came up. */
  at: number;
  monotonic: number;
}

export function createUseWatch({
  clock,
  leases,
  inFlight,
  gpus,
  doubt = () => null,
}: {
  clock: Pick<Clock, 'now' | 'monotonic'>;
  /** How many live. */
  leases(nodeId: string): number;
  inFlight(node: NodeView): number;
  /** What its own tools read now; empty where none does. */
  gpus(nodeId: string): readonly GpuReading[];
  /** Why a GPU of a node that is measured may be busier than is known; null where there is no doubt. */
  doubt?(nodeId: string): Message | null;
}): UseWatch {
  const nodes = new Map<string, Seen>();
  const moment = () => ({ at: clock.now(), monotonic: clock.monotonic() });

  return {
    look(node) {
      // One whose server fails for a moment is not off yet: what was seen of it stays.
      if (!isServing(node.state)) {
        if (node.state === 'off' || node.state === 'waking') nodes.delete(node.id);
        return;
      }
      const before = nodes.get(node.id);
      const { seen, use } = lookForUse({
        node,
        gpus: gpus(node.id),
        doubt: doubt(node.id),
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
    needed(nodeId) {
      const seen = nodes.get(nodeId);
      if (seen) Object.assign(seen, moment(), { use: [] });
    },
    forget: (nodeId) => void nodes.delete(nodeId),
    restart() {
      for (const seen of nodes.values()) Object.assign(seen, moment(), { use: [] });
    },
  };
}
