/** Powers machines off, on request or when idle, and publishes the power view of each node. */

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
import { createAgentPowerWatch } from './agent-power-watch.ts';
import { createIdleShutdown } from './idle-shutdown.ts';
import { createInUse } from './in-use.ts';
import { createPowerAlerts } from './power-alerts.ts';
import { createPowerOverview } from './power-overview.ts';
import { createQuietNodes, type HoldBack } from './quiet-nodes.ts';
import { type DrainNode, restartOllama } from './restart-server.ts';
import { createShutdownRunner, type ShutdownRequest } from './shutdown-runner.ts';
import { unknownGpuLoad } from './unknown-gpu-load.ts';
import { createUseWatch } from './use-watch.ts';

export interface ShutdownService {
  /** Throws NOT_FOUND. */
  get(nodeId: string): NodePower;
  list(): NodePower[];
  /** Throws NOT_FOUND, DISK_FULL. */
  setPolicy(nodeId: string, patch: PolicyPatch): NodePower;
  /**
   * Resolves when the machine has accepted it; it is then watched until it is off. `by` defaults to this panel's name.
   * Rejects with NOT_FOUND, NODE_ASLEEP, CANNOT_POWER_OFF, NOT_SUPPORTED, IN_USE (`details.reasons`),
   * POWER_ACTION_RUNNING, and as the agent's calls do.
   */
  powerOff(request: Omit<ShutdownRequest, 'by'> & { by?: string }, signal: AbortSignal): Promise<NodePower>;
  /** Rejects with NOT_FOUND, NO_COUNTDOWN, and as the agent's calls do. */
  cancelPowerOff(nodeId: string, signal: AbortSignal): Promise<NodePower>;
  /** The node is about to lose its agent. */
  agentLeft(nodeId: string): void;
  /** Rejects with NOT_FOUND, NO_AGENT, NODE_ASLEEP, NOT_SUPPORTED, and as the agent's calls do. */
  restartOllama(nodeId: string, signal: AbortSignal): Promise<void>;
  start(): void;
  /** This computer is going to sleep. */
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
    /** Current readings of a node's GPU tools; null if it has none. */
    reading(nodeId: string): { gpus: GpuReading[] | null } | null;
    /** Called with each new sample of a node. */
    onSample(listener: (sample: { nodeId: string }) => void): () => void;
  };
  wakes: { onWoken(listener: (nodeId: string) => void): () => void };
  policies: Policies;
  shutdownBy(nodeId: string): NodePower['means'];
  leases: Pick<LeasesService, 'ledger' | 'isMirrored' | 'onMirrored'>;
  attribution: WakeAttribution;
  /** The name under which this computer powers machines off. */
  holder(): string;
  /** How many of this core's requests to the node are unanswered. */
  inFlight(node: NodeView): number;
  /** Left out: nothing sends requests. */
  holdBack?: HoldBack;
  drain?: DrainNode;
  /** IANA time zone for times of day; default: this computer's. */
  timeZone?: string;
}

const nothingHeld: Disposable = { [Symbol.dispose]() {} };

export function createShutdownService(dependencies: ShutdownDependencies): ShutdownService {
  const { clock, random, log, http, streams, settings, activity, fleet, agents, telemetry } = dependencies;
  const { policies, shutdownBy, leases, attribution, holder, inFlight } = dependencies;
  const { ledger } = leases;
  const leaseCount = (nodeId: string) => ledger.list(nodeId).length;
  const use = createUseWatch({
    clock,
    leases: leaseCount,
    inFlight,
    gpus: (nodeId) => telemetry.reading(nodeId)?.gpus ?? [],
    unknownLoad: (nodeId) => unknownGpuLoad(agents, nodeId),
  });
  const sameMachine = createSameMachine(fleet);
  const inUse = createInUse({ fleet, agents, ledger, policies, shutdownBy, watch: use, sameMachine });

  // The first fleet listener of this service, because the others read what it records.
  const stopWatching = fleet.onChange((node, previous) => {
    if (node !== null) use.observe(node);
    else if (previous !== null) {
      use.forget(previous.id);
      agentPower.forget(previous.id);
    }
  });
  const quiet = createQuietNodes({
    fleet,
    async holdBack(nodeId, models) {
      const held = (await dependencies.holdBack?.(nodeId, models)) ?? nothingHeld;
      const node = fleet.get(nodeId);
      if (node !== null) use.observe(node);
      return held;
    },
  });
  const runner = createShutdownRunner({
    quiet,
    clock,
    log,
    http,
    fleet,
    agents,
    policies,
    activity,
    shutdownBy,
    reasons: inUse.reasons,
    checkUse: inUse.check,
    holder,
  });
  const overview = createPowerOverview({
    clock,
    streams,
    fleet,
    agents,
    policies,
    ledger,
    shutdownBy,
    inUse,
    attribution,
    progress: runner.progress,
    isMirrored: leases.isMirrored,
  });
  const idleShutdown = createIdleShutdown({
    clock,
    random,
    log,
    fleet,
    policies,
    shutdownBy,
    use,
    inUse,
    attribution,
    runner,
    leases: leaseCount,
    onChecked: overview.changed,
  });
  const agentPower = createAgentPowerWatch({
    clock,
    agents,
    onShutdown: runner.watchShutdown,
    onOutcome: runner.reportOutcome,
    onCountdown(nodeId, by, seconds) {
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
  const alerts = createPowerAlerts({
    clock,
    http,
    fleet,
    policies,
    runner,
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
      use.observe(node);
      // With an agent, the agent reports use.
      if (!node.hasAgentToken) overview.changed(nodeId);
    }),
    sameMachine.stop,
    followAgentDamage({ agents, fleet, activity }),
    runner.onChange(overview.changed),
    // Counts as use, so that the shutdown is not retried at once.
    runner.onFailed(({ id }) => use.markNeeded(id)),
    policies.onChange(runner.reconsider),
    leases.onMirrored(overview.changed),
    ledger.onChange((nodeId, change) => {
      use.markNeeded(nodeId);
      if ('began' in change) runner.markNeeded(nodeId);
    }),
    dependencies.wakes.onWoken((nodeId) => {
      runner.markNeeded(nodeId);
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
    async powerOff({ by = holder(), ...request }, signal) {
      await runner.powerOff({ ...request, by }, signal);
      return overview.get(request.nodeId);
    },
    async cancelPowerOff(nodeId, signal) {
      await runner.cancel(nodeId, signal);
      return overview.get(nodeId);
    },
    restartOllama: (nodeId, signal) =>
      restartOllama(
        { clock, fleet, agents, activity, holder, quiet, drain: dependencies.drain ?? (async () => true) },
        nodeId,
        signal,
      ),
    agentLeft: agentPower.forget,
    start() {
      overview.start();
      idleShutdown.start();
    },
    async pause() {
      runner.pause();
      await idleShutdown.stop();
    },
    resume() {
      // Nothing was observed during the sleep, so idle time starts again.
      use.restart();
      alerts.resume();
      idleShutdown.start();
    },
    async stop() {
      for (const stop of stops) stop();
      await idleShutdown.stop();
      agentPower.stop();
      alerts.stop();
      runner.stop();
      overview.stop();
    },
  };
}
