/** Watches machines that are shutting down until they are off. */
import type { NodePower, PowerAction } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Clock, Timer } from '../ports/time.ts';

export type PendingShutdown = NonNullable<NodePower['leaving']>;

export interface ShutdownWatch {
  get(nodeId: string): PendingShutdown | null;
  /** Does nothing if the node is already watched. */
  begin(nodeId: string, action: PowerAction): void;
  /** It stays on after all. */
  cancel(nodeId: string): void;
  stop(): void;
}

export interface ShutdownWatchOptions {
  clock: Clock;
  fleet: Pick<FleetService, 'get' | 'probeSoon' | 'onChange' | 'setShuttingDown'>;
  agents: Pick<AgentAccess, 'view' | 'onChange' | 'onReached'>;
  onOff(nodeId: string, pending: PendingShutdown): void;
  /** The deadline passed. */
  onStillOn(nodeId: string, pending: PendingShutdown): void;
  onChange(nodeId: string): void;
}

/** Services get 90 seconds to stop, and the last probe takes a while. */
const DEADLINE_MS = 180_000;
const PROBE_MS = 2000;

export function createShutdownWatch(options: ShutdownWatchOptions): ShutdownWatch {
  const { clock, fleet, agents, onOff, onStillOn, onChange } = options;
  const pending = new Map<string, { pending: PendingShutdown; timers: Timer[] }>();

  function remove(nodeId: string): PendingShutdown | null {
    const entry = pending.get(nodeId);
    if (!entry) return null;
    pending.delete(nodeId);
    for (const timer of entry.timers) timer.cancel();
    fleet.setShuttingDown(nodeId, false);
    return entry.pending;
  }

  function isOff(nodeId: string): boolean {
    return fleet.get(nodeId)?.state === 'off' && agents.view(nodeId)?.state !== 'ok';
  }

  function check(nodeId: string): void {
    if (!pending.has(nodeId)) return;
    if (fleet.get(nodeId) === null) {
      remove(nodeId);
    } else if (isOff(nodeId)) {
      const done = remove(nodeId);
      if (done) onOff(nodeId, done);
      onChange(nodeId);
    }
  }

  function probe(nodeId: string): void {
    const entry = pending.get(nodeId);
    if (!entry) return;
    fleet.probeSoon(nodeId);
    entry.timers[1] = clock.timer(PROBE_MS, () => probe(nodeId));
  }

  function expire(nodeId: string): void {
    const expired = remove(nodeId);
    if (!expired) return;
    onStillOn(nodeId, expired);
    onChange(nodeId);
  }

  const stops = [
    fleet.onChange((node, previous) => check(node?.id ?? previous?.id ?? '')),
    agents.onChange(check),
    agents.onReached((nodeId, { fresh }) => {
      // It went off and came back between two probes: a restart, or somebody was quick to turn it on again.
      const back = fresh ? remove(nodeId) : null;
      if (back === null) return;
      onOff(nodeId, back);
      onChange(nodeId);
    }),
  ];

  return {
    get: (nodeId) => pending.get(nodeId)?.pending ?? null,
    begin(nodeId, action) {
      if (pending.has(nodeId) || fleet.get(nodeId) === null) return;
      const since = clock.now();
      const entry = { action, since, deadlineAt: since + DEADLINE_MS };
      pending.set(nodeId, { pending: entry, timers: [clock.timer(DEADLINE_MS, () => expire(nodeId))] });
      fleet.setShuttingDown(nodeId, true);
      probe(nodeId);
      check(nodeId);
      onChange(nodeId);
    },
    cancel(nodeId) {
      if (remove(nodeId) !== null) onChange(nodeId);
    },
    stop() {
      for (const stop of stops) stop();
      for (const nodeId of [...pending.keys()]) remove(nodeId);
    },
  };
}
