/** Keeps a machine awake while it answers requests of the gateway, and for a minute after. */
import { fact } from '../../../shared/models/message.ts';
import type { AcquireLeases } from '../acquire/model.ts';
import { createSharedLeases } from '../acquire/shared-leases.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { NodeTraffic } from './model.ts';
import { trafficOf } from './traffic.ts';

export interface RequestLeases {
  update(traffic: NodeTraffic): void;
  /** These programs send requests there: the lease names them from now on. */
  used(nodeId: string, programs: readonly string[]): void;
  /** Ends all of them at once. */
  stop(): void;
}

interface Held {
  lease: Disposable;
  programs: readonly string[];
  /** Runs while there is no traffic. */
  ending: Timer | null;
}

/** How long a machine stays awake after its last request: the next one often follows. */
export const LINGER_MS = 60_000;
/** Programs name themselves, so their number is limited. */
const MOST_NAMED = 5;

export function createRequestLeases({
  clock,
  leases,
}: {
  clock: Pick<Clock, 'timer'>;
  leases: AcquireLeases;
}): RequestLeases {
  const shared = createSharedLeases(leases);
  const held = new Map<string, Held>();

  function hold(nodeId: string, programs: readonly string[]): void {
    const purpose = fact('GATEWAY_REQUESTS', { programs });
    const before = held.get(nodeId);
    const lease = shared.hold({ nodeId, by: 'request', purpose });
    // After the next one has begun, so that the machine is never without one.
    before?.lease[Symbol.dispose]();
    held.set(nodeId, { lease, programs, ending: before?.ending ?? null });
  }

  function end(nodeId: string): void {
    const entry = held.get(nodeId);
    held.delete(nodeId);
    entry?.ending?.cancel();
    entry?.lease[Symbol.dispose]();
  }

  return {
    update(traffic) {
      const { nodeId } = traffic;
      const entry = held.get(nodeId);
      if (trafficOf(traffic) === 0) {
        if (entry) entry.ending ??= clock.timer(LINGER_MS, () => end(nodeId));
        return;
      }
      entry?.ending?.cancel();
      if (entry) entry.ending = null;
      else hold(nodeId, []);
    },
    used(nodeId, names) {
      const entry = held.get(nodeId);
      if (!entry || entry.programs.length >= MOST_NAMED) return;
      const programs = [...new Set([...entry.programs, ...names])].sort().slice(0, MOST_NAMED);
      if (programs.length > entry.programs.length) hold(nodeId, programs);
    },
    stop() {
      for (const nodeId of [...held.keys()]) end(nodeId);
    },
  };
}
