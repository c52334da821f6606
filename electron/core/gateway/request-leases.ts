/** Keeps a machine awake while it answers requests of the gateway, and for a minute after. */
import { fact } from '../../../shared/models/message.ts';
import type { AcquireLeases } from '../acquire/model.ts';
import { createSharedLeases } from '../acquire/shared-leases.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { NodeTraffic } from './model.ts';
import { trafficOf } from './traffic.ts';

export interface RequestLeases {
  update(traffic: NodeTraffic): void;
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

export function createRequestLeases({
  clock,
  leases,
  nameOf,
}: {
  clock: Pick<Clock, 'timer'>;
  leases: AcquireLeases;
  /** The name of a key; null if there is none with this id. */
  nameOf(credentialId: string): string | null;
}): RequestLeases {
  const shared = createSharedLeases(leases);
  const held = new Map<string, Held>();

  function hold(nodeId: string, programs: readonly string[]): void {
    const purpose = fact('GATEWAY_REQUESTS', { programs });
    const lease = shared.hold({ nodeId, by: 'request', purpose });
    // After the next one has begun, so that the machine is never without one.
    held.get(nodeId)?.lease[Symbol.dispose]();
    held.set(nodeId, { lease, programs, ending: null });
  }

  function end(nodeId: string): void {
    const entry = held.get(nodeId);
    held.delete(nodeId);
    entry?.ending?.cancel();
    entry?.lease[Symbol.dispose]();
  }

  return {
    update(traffic) {
      const { nodeId, credentialIds = [] } = traffic;
      const entry = held.get(nodeId);
      if (trafficOf(traffic) === 0) {
        if (entry) entry.ending ??= clock.timer(LINGER_MS, () => end(nodeId));
        return;
      }
      entry?.ending?.cancel();
      if (entry) entry.ending = null;
      const names = [...new Set(credentialIds.flatMap((id) => nameOf(id) ?? []))].sort();
      const isNews = names.some((name) => !entry?.programs.includes(name));
      if (!entry || isNews) hold(nodeId, names);
    },
    stop() {
      for (const nodeId of [...held.keys()]) end(nodeId);
    },
  };
}
