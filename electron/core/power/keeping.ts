/** Keeping machines on while somebody needs them, and letting them go: the parts of it, put together. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { Lease, NodePower } from '../../../shared/models/power.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Clock, Ids, Log, PowerStore } from '../ports.ts';
import type { Streams } from '../runtime/streams.ts';
import type { PowerAgents } from './agents.ts';
import { staying } from './going.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createOverview } from './overview.ts';
import type { Policies, PolicyPatch } from './policies.ts';
import { meansOf } from './policy.ts';
import { createUseWatch } from './use-watch.ts';
import { createWokenBook } from './woken.ts';

export interface KeepingService {
  readonly ledger: Ledger;
  /** Throws NOT_FOUND. */
  get(nodeId: string): NodePower;
  list(): NodePower[];
  /** Throws NOT_FOUND, DISK_FULL. */
  setPolicy(nodeId: string, patch: PolicyPatch): NodePower;
  /** Throws NOT_FOUND, DISK_FULL, BAD_REQUEST where the end lies behind. */
  keepAwake(request: { nodeId: string; until: number | null; purpose: string }): Lease;
  /** Ends a lease of this core, or at the node's agent one of anybody. Rejects with NOT_FOUND and as agents do. */
  release(nodeId: string, leaseId: string, signal: AbortSignal): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export interface KeepingDependencies {
  clock: Clock;
  ids: Ids;
  log: Log;
  store: PowerStore;
  streams: Pick<Streams, 'power'>;
  fleet: FleetService;
  agents: PowerAgents;
  policies: Policies;
  /** Under which name this computer holds leases. */
  holder(): string;
  /** Our own requests to a node that are not answered yet. */
  inFlight(node: NodeView): number;
}

export function createKeeping(dependencies: KeepingDependencies): KeepingService {
  const { clock, ids, log, store, streams, fleet, agents, policies, holder, inFlight } = dependencies;
  const ledger = createLedger({ clock, ids, log, store, holder, use: fleet.use });
  const woken = createWokenBook({ clock, log, store });
  const use = createUseWatch({ clock, leases: (nodeId) => ledger.list(nodeId).length, inFlight });

  function means(nodeId: string): NodePower['means'] {
    const roles = agents.link(nodeId) === null ? null : (agents.view(nodeId)?.roles ?? []);
    return meansOf({
      agent: roles === null ? null : { roles },
      shutdownUrl: fleet.record(nodeId)?.shutdownUrl ?? null,
      simulated: fleet.simulatedMachine(nodeId) !== null,
    });
  }

  const stops = [
    fleet.onChange((node, previous) => {
      if (node !== null) use.look(node);
      else if (previous !== null) use.forget(previous.id);
      if (node?.state === 'off' && previous?.state !== 'off') woken.over(node.id);
    }),
    ledger.onChange((nodeId) => use.needed(nodeId)),
  ];
  // After the watch of use, so that it shows what that has just seen.
  const overview = createOverview({
    clock,
    streams,
    fleet,
    agents,
    policies,
    ledger,
    use,
    woken,
    means,
    going: () => staying,
    isMirrored: () => false,
  });

  return {
    ledger,
    get: overview.get,
    list: overview.list,
    setPolicy(nodeId, patch) {
      fleet.require(nodeId);
      policies.set(nodeId, patch);
      return overview.get(nodeId);
    },
    keepAwake({ nodeId, until, purpose }) {
      fleet.require(nodeId);
      if (until !== null && until <= clock.now()) {
        throw new PilotlightError('BAD_REQUEST', {
          message: 'That time is over already.',
          next: 'Choose a later one.',
          details: { field: 'until' },
        });
      }
      const { lease } = ledger.hold({ nodeId, kind: 'person', purpose, until });
      const shown = overview.get(nodeId).leases.find(({ id }) => id === lease.id);
      const { endedAt: _, ...rest } = lease;
      return shown ?? { ...rest, origin: 'here', mirrored: false };
    },
    async release(nodeId, leaseId, signal) {
      fleet.require(nodeId);
      if (ledger.get(leaseId)?.nodeId === nodeId) {
        ledger.end(leaseId);
        return;
      }
      const link = agents.link(nodeId);
      if (link === null || !agents.foreignLeases(nodeId).some(({ id }) => id === leaseId)) {
        throw new PilotlightError('NOT_FOUND', {
          message: 'There is no such lease.',
          details: { nodeId, leaseId },
        });
      }
      await link.endLease(leaseId, signal);
      await agents.refresh(nodeId).catch(() => {});
    },
    start() {
      overview.start();
    },
    async stop() {
      for (const stop of stops) stop();
      overview.stop();
      ledger.stop();
    },
  };
}
