/** Powering machines off, by hand or when they are idle, and what is known of each node's power. */

import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { SecretSetting } from '../../../shared/models/settings.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { ActivityService } from '../activity/service.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { followAgentDamage } from '../agents/agent-damage.ts';
import { createSameMachine } from '../fleet/same-machine.ts';
import type { FleetService } from '../fleet/service.ts';
import type { LeasesService } from '../leases/service.ts';
import type { Policies, PolicyPatch } from '../policies/policies.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Clock, Random } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import type { WakeAttribution } from '../wake/wake-attribution.ts';
import { createAgentFollow } from './agent-follow.ts';
import { gpuDoubt } from './gpu-doubt.ts';
import { createIdleShutdown } from './idle-shutdown.ts';
import { createInUse } from './in-use.ts';
import { createAlerts } from './power-alerts.ts';
import { createOverview } from './power-overview.ts';
import { restartOllama } from './restart-server.ts';
import { createOff, type OffRequest } from './shutdown.ts';
import { createUseWatch } from './use-watch.ts';

export interface ShutdownService {
  /** Throws NOT_FOUND. */
  get(nodeId: string): NodePower;
  list(): NodePower[];
  /** Throws NOT_FOUND, DISK_FULL. */
  setPolicy(nodeId: string, patch: PolicyPatch): NodePower;
  /**
   * Resolves when the machine has accepted it; until it is off, it is watched. `by` defaults to this panel's name.
   * Rejects with NOT_FOUND, NODE_ASLEEP, CANNOT_POWER_OFF, NOT_SUPPORTED, IN_USE (`details.reasons`),
   * POWER_ACTION_RUNNING, and as agents do.
   */
  off(request: Omit<OffRequest, 'by'> & { by?: string }, signal: AbortSignal): Promise<NodePower>;
  /** Rejects with NOT_FOUND, NO_COUNTDOWN, and as agents do. */
  cancelOff(nodeId: string, signal: AbortSignal): Promise<NodePower>;
  /** The node is about to lose its agent. */
  agentLeft(nodeId: string): void;
  /** Rejects with NOT_FOUND, NO_AGENT, NODE_ASLEEP, NOT_SUPPORTED, and as agents do. */
  restartOllama(nodeId: string, signal: AbortSignal): Promise<void>;
  start(): void;
  /** This computer goes to sleep. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

export interface ShutdownDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  http: Http;
  streams: Pick<Streams, 'power'>;
  settings: { secret(name: SecretSetting): string | null };
  activity: Pick<ActivityService, 'record'>;
  fleet: FleetService;
  agents: AgentAccess;
  telemetry: {
    /** What a node's own tools read now; null where none does. */
    reading(nodeId: string): { gpus: GpuReading[] | null } | null;
    /** Called with each new sample of a node. */
    onSample(listener: (sample: { nodeId: string }) => void): () => void;
  };
  wakes: { onWoken(listener: (nodeId: string) => void): () => void };
  policies: Policies;
  means(nodeId: string): NodePower['means'];
  leases: Pick<LeasesService, 'ledger' | 'isMirrored' | 'onMirrored'>;
  attribution: WakeAttribution;
  /** Under which name this computer powers machines off. */
  holder(): string;
  /** Our own requests to a node that are not answered yet. */
  inFlight(node: NodeView): number;
  /** IANA name of the zone for hours of the day; left out, this computer's own. */
  timeZone?: string;
}

export function createShutdownService(dependencies: ShutdownDependencies): ShutdownService {
  const { clock, random, log, http, streams, settings, activity, fleet, agents, telemetry } = dependencies;
  const { policies, means, leases, attribution, holder, inFlight } = dependencies;
  const { ledger } = leases;
  const held = (nodeId: string) => ledger.list(nodeId).length;
  const use = createUseWatch({
    clock,
    leases: held,
    inFlight,
    gpus: (nodeId) => telemetry.reading(nodeId)?.gpus ?? [],
    doubt: (nodeId) => gpuDoubt(agents, nodeId),
  });
  const sameMachine = createSameMachine(fleet);
  const inUse = createInUse({ fleet, agents, ledger, policies, means, watch: use, sameMachine });

  // First of the fleet's listeners here: the others read what it has recorded.
  const stopWatching = fleet.onChange((node, previous) => {
    if (node !== null) use.look(node);
    else if (previous !== null) {
      use.forget(previous.id);
      follow.forget(previous.id);
    }
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
  const overview = createOverview({
    clock,
    streams,
    fleet,
    agents,
    policies,
    ledger,
    means,
    inUse,
    attribution,
    going: off.going,
    isMirrored: leases.isMirrored,
  });
  const idleShutdown = createIdleShutdown({
    clock,
    random,
    log,
    fleet,
    policies,
    means,
    use,
    inUse,
    attribution,
    off,
    leases: held,
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
      activity.record({
        kind: 'power',
        severity: 'info',
        message: fact('NODE_GOES_OFF_IN', { node: node.name, ms: Math.round(seconds) * 1000 }),
        why: fact('REQUESTED_AND_CANCELLABLE', { by }),
        nodeId,
        notify: true,
      });
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
    leases.onMirrored(overview.changed),
    ledger.onChange((nodeId, change) => {
      use.needed(nodeId);
      if ('began' in change) off.needed(nodeId);
    }),
    dependencies.wakes.onWoken((nodeId) => {
      off.needed(nodeId);
      overview.changed(nodeId);
    }),
  ];

  return {
    get: overview.get,
    list: overview.list,
    setPolicy(nodeId, patch) {
      fleet.require(nodeId);
      policies.set(nodeId, patch);
      return overview.get(nodeId);
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
    agentLeft: follow.forget,
    start() {
      overview.start();
      idleShutdown.start();
    },
    async pause() {
      off.pause();
      await idleShutdown.stop();
    },
    resume() {
      // What happened meanwhile was not observed: idle time starts again.
      use.restart();
      alerts.resume();
      idleShutdown.start();
    },
    async stop() {
      for (const stop of stops) stop();
      await idleShutdown.stop();
      follow.stop();
      alerts.stop();
      off.stop();
      overview.stop();
    },
  };
}
