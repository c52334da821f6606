/** Keeping machines on while somebody needs them, and letting them go: the parts of it, put together. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { Lease, NodePower } from '../../../shared/models/power.ts';
import type { SecretSetting, Settings } from '../../../shared/models/settings.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { ActivityService } from '../activity/service.ts';
import type { PowerAgents } from '../agents/agent-access.ts';
import { followAgentDamage } from '../agents/agent-damage.ts';
import { createSameMachine } from '../fleet/same-machine.ts';
import type { FleetService } from '../fleet/service.ts';
import { createAtAgents } from '../leases/agent-records.ts';
import { refuseBadEnd } from '../leases/lease-end.ts';
import { createLedger, type Ledger } from '../leases/lease-ledger.ts';
import type { Notices } from '../leases/withdrawals.ts';
import type { Policies, PolicyPatch } from '../policies/policies.ts';
import type { ConnectAgent } from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { Http, NetworkInterface } from '../ports/network.ts';
import type { PowerStore } from '../ports/power-state.ts';
import type { Secrets } from '../ports/state.ts';
import type { Clock, Ids, Random } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { createWokenBook } from '../wake/wake-attribution.ts';
import { createAgentFollow } from './agent-follow.ts';
import { gpuDoubt } from './gpu-doubt.ts';
import { createFinisher } from './idle-shutdown.ts';
import { createInUse } from './in-use.ts';
import { createAlerts } from './power-alerts.ts';
import { createOverview } from './power-overview.ts';
import { restartOllama } from './restart-server.ts';
import { createOff, type OffRequest } from './shutdown.ts';
import { createUseWatch } from './use-watch.ts';

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
  /**
   * Resolves when the machine has taken it on; that it goes is watched. `by` defaults to this panel's name. Rejects
   * with NOT_FOUND, NODE_ASLEEP, CANNOT_POWER_OFF, NOT_SUPPORTED, IN_USE (`details.reasons`), POWER_ACTION_RUNNING,
   * and as agents do.
   */
  off(request: Omit<OffRequest, 'by'> & { by?: string }, signal: AbortSignal): Promise<NodePower>;
  /** Rejects with NOT_FOUND, NO_COUNTDOWN, and as agents do. */
  cancelOff(nodeId: string, signal: AbortSignal): Promise<NodePower>;
  /** Called while the node still has its agent, which it is about to lose. Throws DISK_FULL. */
  leave(nodeId: string): void;
  /** Rejects with NOT_FOUND, NO_AGENT, NODE_ASLEEP, NOT_SUPPORTED, and as agents do. */
  restartOllama(nodeId: string, signal: AbortSignal): Promise<void>;
  start(): void;
  /** This computer goes to sleep. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

export interface KeepingDependencies {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  http: Http;
  store: PowerStore;
  streams: Pick<Streams, 'power'>;
  settings: {
    current(): Settings;
    secret(name: SecretSetting): string | null;
    onChange(listener: (settings: Settings, previous: Settings) => void): () => void;
  };
  activity: Pick<ActivityService, 'record'>;
  notices: Notices;
  secrets: Pick<Secrets, 'get' | 'change'>;
  connectAgent: ConnectAgent;
  fleet: FleetService;
  agents: PowerAgents;
  telemetry: {
    /** What a node's own tools read now; null where none does. */
    reading(nodeId: string): { gpus: GpuReading[] | null } | null;
    /** Called with each new sample of a node. */
    onSample(listener: (sample: { nodeId: string }) => void): () => void;
  };
  wakes: { onWoken(listener: (nodeId: string, woken: { wasSilent: boolean }) => void): () => void };
  policies: Policies;
  /** Under which name this computer holds leases. */
  holder(): string;
  interfaces(): NetworkInterface[];
  /** Our own requests to a node that are not answered yet. */
  inFlight(node: NodeView): number;
  /** IANA name of the zone for hours of the day; left out, this computer's own. */
  timeZone?: string;
}

/** A machine may have gone off and come back in a sleep of this computer that was longer. */
const DOUBT_AFTER_MS = 5 * 60_000;
const BLINK_MS = 45_000;

export function createKeeping(dependencies: KeepingDependencies): KeepingService {
  const { clock, random, ids, log, http, store, streams, settings, activity } = dependencies;
  const { fleet, agents, telemetry, policies, holder, inFlight } = dependencies;
  const ledger = createLedger({ clock, ids, log, store, holder, use: fleet.use });
  const woken = createWokenBook({ clock, log, store });
  const leases = (nodeId: string) => ledger.list(nodeId).length;
  const use = createUseWatch({
    clock,
    leases,
    inFlight,
    gpus: (nodeId) => telemetry.reading(nodeId)?.gpus ?? [],
    doubt: (nodeId) => gpuDoubt(agents, nodeId),
  });
  const offSince = new Map<string, number>();
  let pausedAt: number | null = null;

  const sameMachine = createSameMachine(fleet);
  const inUse = createInUse({ fleet, agents, ledger, policies, watch: use, sameMachine });
  const { means } = inUse;

  /** Another run of the machine begins where it was off for longer than a network fails for a moment. */
  function noteRun({ id, state }: NodeView): void {
    if (state === 'off' && !offSince.has(id)) offSince.set(id, clock.now());
    if (!isServing(state)) return;
    const since = offSince.get(id);
    offSince.delete(id);
    if (since !== undefined && clock.now() - since > BLINK_MS) woken.over(id);
  }

  function forget({ id, kind }: NodeView): void {
    use.forget(id);
    follow.forget(id);
    offSince.delete(id);
    // A simulated machine comes back as it was.
    if (kind === 'simulated') return;
    ledger.forget(id);
    policies.forget(id);
    woken.over(id);
  }

  // First of the fleet's listeners here: the others read what it has seen.
  const stopWatching = fleet.onChange((node, previous) => {
    if (node !== null) use.look(node);
    else if (previous !== null) forget(previous);
    if (node !== null) noteRun(node);
  });
  const off = createOff({
    clock,
    log,
    http,
    fleet,
    agents,
    policies,
    activity,
    means,
    reasons: inUse.reasons,
    checkUse: inUse.check,
    holder,
  });
  const { mirror, withdrawals, leave } = createAtAgents({
    ...dependencies,
    ledger,
    woken,
    means,
    helloPort: () => settings.current().power.helloPort,
  });
  const overview = createOverview({
    clock,
    streams,
    fleet,
    agents,
    policies,
    ledger,
    inUse,
    woken,
    going: off.going,
    isMirrored: mirror.isMirrored,
  });
  const finisher = createFinisher({
    clock,
    random,
    log,
    fleet,
    policies,
    use,
    inUse,
    woken,
    off,
    leases,
    onLook: overview.changed,
  });
  const follow = createAgentFollow({
    clock,
    agents,
    leaves: off.leaves,
    ended: off.ended,
    countsDown(nodeId, by, seconds) {
      const node = fleet.get(nodeId);
      if (!node) return;
      const message = `${node.name} goes off in ${Math.round(seconds)} s.`;
      const why = `Asked by ${by}. Until then it can be cancelled.`;
      activity.record({ kind: 'power', severity: 'info', message, why, nodeId, notify: true });
    },
  });
  const alerts = createAlerts({
    clock,
    http,
    fleet,
    policies,
    off,
    activity,
    leases: ledger.list,
    power: overview.get,
    webhookUrl: () => settings.secret('power.webhookUrl'),
    timeZone: dependencies.timeZone,
  });
  const stops = [
    stopWatching,
    telemetry.onSample(({ nodeId }) => {
      const node = fleet.get(nodeId);
      if (node === null) return;
      use.look(node);
      // What an agent says of use comes from the agent.
      if (!node.hasAgentToken) overview.changed(nodeId);
    }),
    sameMachine.stop,
    followAgentDamage({ agents, fleet, activity }),
    off.onChange(overview.changed),
    // It is tried again, but not at once.
    off.onFailed(({ id }) => use.needed(id)),
    policies.onChange(off.reconsider),
    mirror.onChange(overview.changed),
    ledger.onChange((nodeId, change) => {
      use.needed(nodeId);
      if ('began' in change) off.needed(nodeId);
    }),
    agents.onLeaseGone((nodeId, leaseId) => {
      const lease = ledger.get(leaseId);
      // One that only ran out there is put anew.
      if (lease === null || !mirror.isMirrored(leaseId)) return;
      ledger.end(leaseId);
      activity.record({
        kind: 'power',
        severity: 'info',
        message: `${fleet.get(nodeId)?.name ?? nodeId} is no longer held: ${lease.purpose}.`,
        why: 'Somebody released it in another panel or at the machine.',
        nodeId,
      });
    }),
    dependencies.wakes.onWoken((nodeId, { wasSilent }) => {
      off.needed(nodeId);
      if (wasSilent) woken.woke(nodeId);
      mirror.sync(nodeId);
      overview.changed(nodeId);
    }),
    settings.onChange((current, previous) => {
      if (current.power.helloPort === previous.power.helloPort) return;
      for (const { id } of fleet.list()) if (agents.view(id) !== null) mirror.sync(id);
    }),
  ];

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
          message: 'There is no such lease.',
          details: { nodeId, leaseId },
        });
      }
      await link.endLease(leaseId, signal);
      await agents.refresh(nodeId).catch(() => {});
    },
    async off({ by = holder(), ...request }, signal) {
      await off.off({ ...request, by }, signal);
      return overview.get(request.nodeId);
    },
    async cancelOff(nodeId, signal) {
      await off.cancel(nodeId, signal);
      return overview.get(nodeId);
    },
    restartOllama: (nodeId, signal) =>
      restartOllama({ clock, fleet, agents, activity, holder }, nodeId, signal),
    leave(nodeId) {
      leave(nodeId);
      follow.forget(nodeId);
    },
    start() {
      withdrawals.start();
      overview.start();
      finisher.start();
    },
    async pause() {
      pausedAt ??= clock.now();
      off.pause();
      withdrawals.pause();
      await finisher.stop();
    },
    resume() {
      // What happened meanwhile was not seen: idle time is counted anew.
      use.restart();
      if (pausedAt !== null && clock.now() - pausedAt > DOUBT_AFTER_MS) woken.doubt();
      pausedAt = null;
      ledger.resume();
      alerts.resume();
      mirror.resume();
      withdrawals.start();
      finisher.start();
    },
    async stop() {
      for (const stop of stops) stop();
      await finisher.stop();
      follow.stop();
      alerts.stop();
      off.stop();
      await withdrawals.stop();
      await mirror.stop();
      overview.stop();
      ledger.stop();
    },
  };
}
