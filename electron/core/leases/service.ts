/** Leases: the ledger of this core, and its mirror at the agents. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Lease, NodePower } from '../../../shared/models/power.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { ActivityService } from '../activity/service.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Policies } from '../policies/policies.ts';
import type { AgentTraffic, ConnectAgent } from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { NetworkInterface } from '../ports/network.ts';
import type { PowerStore } from '../ports/power-state.ts';
import type { Secrets } from '../ports/state.ts';
import type { Clock, Ids, Random } from '../ports/time.ts';
import type { WakeAttribution } from '../wake/wake-attribution.ts';
import { createAgentRecords } from './agent-records.ts';
import { refuseBadEnd } from './lease-end.ts';
import { createLeaseLedger, type LeaseLedger } from './lease-ledger.ts';
import { createTrafficMirror, isOwnReport } from './traffic-mirror.ts';
import type { Notices } from './withdrawals.ts';

/** What another panel uses on a machine. */
export type OtherUse = Pick<AgentTraffic, 'holder' | 'models' | 'seenSeconds'>;

export interface LeasesService {
  readonly ledger: LeaseLedger;
  /** A request for the model has begun or ended at the node: its agent is told, so that other panels know. */
  used(nodeId: string, model: string): void;
  /** What other panels use at the node now or lately; null if that is not known. */
  usedByOthers(nodeId: string): OtherUse[] | null;
  /** Whether the node's agent holds that lease, too. */
  isMirrored(leaseId: string): boolean;
  /** Called when `isMirrored` may have changed for a node. */
  onMirrored(listener: (nodeId: string) => void): () => void;
  /** Throws NOT_FOUND, DISK_FULL, BAD_REQUEST for an end in the past. */
  keepAwake(request: { nodeId: string; until: number | null; purpose: string }): Lease;
  /** Ends a lease of this core, or any lease at the node's agent. Rejects with NOT_FOUND and as the agent's calls do. */
  release(nodeId: string, leaseId: string, signal: AbortSignal): Promise<void>;
  /** Called before the node loses its agent. Throws DISK_FULL. */
  leave(nodeId: string): void;
  start(): void;
  /** This computer is going to sleep. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export interface LeasesDependencies {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  store: PowerStore;
  secrets: Pick<Secrets, 'get' | 'change'>;
  settings: {
    current(): Settings;
    onChange(listener: (settings: Settings, previous: Settings) => void): () => void;
  };
  activity: Pick<ActivityService, 'record'>;
  notices: Notices;
  connectAgent: ConnectAgent;
  fleet: FleetService;
  agents: AgentAccess;
  policies: Policies;
  shutdownBy(nodeId: string): NodePower['means'];
  attribution: WakeAttribution;
  wakes: { onWoken(listener: (nodeId: string) => void): () => void };
  /** The name under which this computer holds leases. */
  holder(): string;
  interfaces(): NetworkInterface[];
  /** Whether requests for the model are in flight there. Left out: none are. */
  isInUse?(nodeId: string, model: string): boolean;
}

export function createLeasesService(dependencies: LeasesDependencies): LeasesService {
  const { clock, ids, log, store, settings, activity, fleet, agents, policies, holder } = dependencies;
  const ledger = createLeaseLedger({ clock, ids, log, store, holder, use: fleet.use });
  const { mirror, withdrawals, leave } = createAgentRecords({
    ...dependencies,
    ledger,
    helloPort: () => settings.current().power.helloPort,
  });
  const panelId = store.panelId();
  const traffic = createTrafficMirror({
    clock,
    log,
    agents,
    panelId,
    holder,
    isInUse: dependencies.isInUse ?? (() => false),
  });
  const stops = [
    fleet.onChange((node, previous) => {
      // A simulated machine returns unchanged.
      if (node !== null || previous === null || previous.kind === 'simulated') return;
      ledger.forget(previous.id);
      policies.forget(previous.id);
    }),
    agents.onLeaseEnded((nodeId, leaseId) => {
      const lease = ledger.get(leaseId);
      // A lease that only expired there is put there again by the mirror.
      if (lease === null || !mirror.isMirrored(leaseId)) return;
      ledger.end(leaseId);
      activity.record({
        kind: 'power',
        severity: 'info',
        message: fact('LEASE_GONE', { node: fleet.get(nodeId)?.name ?? nodeId, purpose: lease.purpose }),
        why: fact('LEASE_RELEASED_ELSEWHERE'),
        nodeId,
      });
    }),
    dependencies.wakes.onWoken(mirror.sync),
    settings.onChange((current, previous) => {
      if (current.power.helloPort === previous.power.helloPort) return;
      for (const { id } of fleet.list()) if (agents.view(id) !== null) mirror.sync(id);
    }),
  ];

  return {
    ledger,
    used: traffic.used,
    usedByOthers(nodeId) {
      const known = agents.traffic(nodeId);
      if (known === null) return null;
      return known
        .filter(({ panel }) => !isOwnReport(panelId, panel))
        .map(({ holder, models, seenSeconds }) => ({ holder, models, seenSeconds }));
    },
    isMirrored: mirror.isMirrored,
    onMirrored: mirror.onChange,
    keepAwake({ nodeId, until, purpose }) {
      fleet.require(nodeId);
      refuseBadEnd(until, clock.now());
      const { lease } = ledger.hold({ nodeId, kind: 'person', purpose, until });
      const { endedAt: _, ...rest } = lease;
      return { ...rest, origin: 'here', mirrored: mirror.isMirrored(lease.id) };
    },
    async release(nodeId, leaseId, signal) {
      fleet.require(nodeId);
      if (ledger.get(leaseId)?.nodeId === nodeId) {
        ledger.end(leaseId);
        return;
      }
      const link = agents.link(nodeId);
      if (link !== null) await agents.refresh(nodeId).catch(() => {});
      if (link === null || !agents.foreignLeases(nodeId).some(({ id }) => id === leaseId)) {
        throw new PilotlightError('NOT_FOUND', {
          message: fact('NO_SUCH_LEASE'),
          details: { nodeId, leaseId },
        });
      }
      await link.endLease(leaseId, signal);
      await agents.refresh(nodeId).catch(() => {});
    },
    leave,
    start: withdrawals.start,
    pause: withdrawals.pause,
    resume() {
      ledger.resume();
      mirror.resume();
      withdrawals.start();
    },
    async stop() {
      for (const stop of stops) stop();
      await withdrawals.stop();
      await Promise.all([mirror.stop(), traffic.stop()]);
      ledger.stop();
    },
  };
}
