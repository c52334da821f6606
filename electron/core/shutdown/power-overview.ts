/** The `power` stream: the power view of each node, rebuilt after a change and published if it differs. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { Lease, NodePower } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { sameValue } from '../fleet/equal.ts';
import type { FleetService } from '../fleet/service.ts';
import type { LeaseLedger } from '../leases/lease-ledger.ts';
import type { Policies } from '../policies/policies.ts';
import type { AgentLease, AgentPolicyView, AgentPower } from '../ports/agents.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { troubleOf } from '../runtime/trouble.ts';
import type { WakeAttribution } from '../wake/wake-attribution.ts';
import type { InUse } from './in-use.ts';
import { nodePowerOf, type Reported } from './node-power.ts';
import type { ShutdownProgress } from './shutdown-progress.ts';

export interface PowerOverview {
  /** The view now. Throws NOT_FOUND. */
  get(nodeId: string): NodePower;
  list(): NodePower[];
  /** Rebuilds the node's view a moment later, together with others that changed. */
  changed(nodeId: string): void;
  start(): void;
  stop(): void;
}

export interface PowerOverviewDependencies {
  clock: Clock;
  streams: Pick<Streams, 'power'>;
  fleet: Pick<FleetService, 'list' | 'get' | 'require' | 'onChange'>;
  agents: AgentAccess;
  policies: Policies;
  ledger: LeaseLedger;
  shutdownBy(nodeId: string): NodePower['means'];
  inUse: InUse;
  attribution: WakeAttribution;
  progress(nodeId: string): ShutdownProgress;
  isMirrored(leaseId: string): boolean;
}

/** Changes come in bursts, and the stream sends two frames a second. */
const COALESCE_MS = 200;
/** Leases with a shorter time to live are renewed by a heartbeat, so their end is unknown. */
const HEARTBEAT_SECONDS = 600;
/** A smaller difference is jitter between two clocks. */
const END_MOVED_MS = 30_000;

interface NodeReports {
  policy: Reported<AgentPolicyView> | null;
  power: Reported<AgentPower> | null;
  leases: Map<string, Lease>;
}

/** Whether a change of the node affects its power view. With an agent, the agent's own reports cover the rest. */
function concernsPower(node: NodeView, previous: NodeView): boolean {
  return (
    !node.hasAgentToken ||
    node.state !== previous.state ||
    node.hasGpu !== previous.hasGpu ||
    !sameValue(node.gpuLost, previous.gpuLost) ||
    node.agentUrl !== previous.agentUrl ||
    node.shutdownUrl !== previous.shutdownUrl ||
    node.hasAgentToken !== previous.hasAgentToken
  );
}

/** The same fact in the shape of a trouble, as it was before the fleet had it. */
const lostGpu = ({ gpuLost }: NodeView) =>
  gpuLost && troubleOf(new PilotlightError('GPU_LOST', { message: gpuLost.reason, next: gpuLost.next }));

export function createPowerOverview(dependencies: PowerOverviewDependencies): PowerOverview {
  const { clock, streams, fleet, agents, policies, ledger, shutdownBy, inUse, attribution } = dependencies;
  const reports = new Map<string, NodeReports>();
  const dirty = new Set<string>();
  const stops: (() => void)[] = [];
  let timer: Timer | null = null;
  let stopped = false;

  function readReports(nodeId: string): NodeReports {
    const before = reports.get(nodeId);
    const policy = agents.policyView(nodeId);
    const power = agents.power(nodeId);
    const now: NodeReports = {
      policy: stamped(policy, before?.policy ?? null),
      power: stamped(power, before?.power ?? null),
      leases: new Map(),
    };
    for (const lease of agents.foreignLeases(nodeId)) {
      if (ledger.get(lease.id) !== null) continue;
      now.leases.set(lease.id, elsewhere(nodeId, lease, before?.leases.get(lease.id) ?? null));
    }
    reports.set(nodeId, now);
    return now;
  }

  function stamped<Value>(value: Value | null, before: Reported<Value> | null): Reported<Value> | null {
    if (value === null) return null;
    return before?.value === value ? before : { value, at: clock.now() };
  }

  function elsewhere(nodeId: string, lease: AgentLease, before: Lease | null): Lease {
    const { id, holder, purpose } = lease;
    const end = lease.ttlSeconds < HEARTBEAT_SECONDS ? null : clock.now() + lease.remainingSeconds * 1000;
    const known = before?.until ?? null;
    const moved = end === null || known === null || Math.abs(end - known) > END_MOVED_MS;
    return {
      id,
      nodeId,
      kind: 'panel',
      holder,
      purpose,
      createdAt: before?.createdAt ?? clock.now(),
      until: moved ? end : known,
      origin: 'elsewhere',
      mirrored: true,
    };
  }

  function compose(node: NodeView): NodePower {
    const { id } = node;
    const value = readReports(id);
    const agent = agents.view(id);
    const machine = agents.machine(id);
    return nodePowerOf({
      node,
      policy: policies.get(id),
      shutdownBy: shutdownBy(id),
      agent,
      leases: ledger.list(id),
      isMirrored: dependencies.isMirrored,
      elsewhere: [...value.leases.values()],
      agentPolicy: value.policy,
      agentPower: value.power,
      use: inUse.state(id),
      blockedBy: inUse.blockedBy(id),
      wokenByUs: attribution.byUs(id, machine?.bootId ?? null),
      progress: dependencies.progress(id),
      gpuLost: lostGpu(node),
    });
  }

  function publish(node: NodeView): NodePower {
    const power = compose(node);
    if (!sameValue(streams.power.get(node.id), power)) streams.power.set(node.id, power);
    return power;
  }

  function flush(): void {
    timer = null;
    const nodes = [...dirty];
    dirty.clear();
    for (const nodeId of nodes) {
      const node = fleet.get(nodeId);
      if (node) publish(node);
    }
  }

  function changed(nodeId: string): void {
    if (stopped) return;
    dirty.add(nodeId);
    timer ??= clock.timer(COALESCE_MS, flush);
  }

  for (const node of fleet.list()) publish(node);
  stops.push(
    fleet.onChange((node, previous) => {
      if (node !== null) {
        if (previous === null) publish(node);
        else if (concernsPower(node, previous)) changed(node.id);
      } else if (previous !== null) {
        reports.delete(previous.id);
        streams.power.delete(previous.id);
      }
    }),
    ledger.onChange(changed),
    policies.onChange(changed),
    agents.onChange(changed),
  );

  return {
    get: (nodeId) => publish(fleet.require(nodeId)),
    list: () => fleet.list().map(publish),
    changed,
    start() {
      for (const node of fleet.list()) changed(node.id);
    },
    stop() {
      stopped = true;
      timer?.cancel();
      for (const stop of stops) stop();
    },
  };
}
