/** The `power` stream: what is known of each node's power, made anew where something changed, told where it differs. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { Lease, NodePower } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { gpuLostOf } from '../agents/gpu-lost.ts';
import { sameValue } from '../fleet/equal.ts';
import type { FleetService } from '../fleet/service.ts';
import type { LeaseLedger } from '../leases/lease-ledger.ts';
import type { Policies } from '../policies/policies.ts';
import type { AgentLease, AgentPolicyView, AgentPower, AgentSample } from '../ports/agents.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import type { WakeAttribution } from '../wake/wake-attribution.ts';
import type { InUse } from './in-use.ts';
import { type Heard, nodePowerOf } from './node-power.ts';
import type { Going } from './shutdown-progress.ts';

export interface Overview {
  /** As it is at this moment. Throws NOT_FOUND. */
  get(nodeId: string): NodePower;
  list(): NodePower[];
  /** Something of a node changed: its entry is made anew a moment later, with others that changed. */
  changed(nodeId: string): void;
  start(): void;
  stop(): void;
}

export interface OverviewDependencies {
  clock: Clock;
  streams: Pick<Streams, 'power'>;
  fleet: Pick<FleetService, 'list' | 'get' | 'require' | 'onChange'>;
  agents: AgentAccess;
  policies: Policies;
  ledger: LeaseLedger;
  means(nodeId: string): NodePower['means'];
  inUse: InUse;
  attribution: WakeAttribution;
  going(nodeId: string): Going;
  isMirrored(leaseId: string): boolean;
}

/** Changes come in bursts; people see two frames a second. */
const GATHER_MS = 200;
/** Leases with a shorter time to live are renewed by a heartbeat: when they end is not known. */
const HEARTBEAT_SECONDS = 600;
/** Less is the shiver of two clocks. */
const END_MOVED_MS = 30_000;

interface HeardOfNode {
  policy: Heard<AgentPolicyView> | null;
  power: Heard<AgentPower> | null;
  leases: Map<string, Lease>;
}

/** What an agent says of the power of its machine comes from the agent. */
function concernsPower(node: NodeView, previous: NodeView): boolean {
  return (
    !node.hasAgentToken ||
    node.state !== previous.state ||
    node.hasGpu !== previous.hasGpu ||
    node.agentUrl !== previous.agentUrl ||
    node.shutdownUrl !== previous.shutdownUrl ||
    node.hasAgentToken !== previous.hasAgentToken
  );
}

/** An empty list means "none" only when every tool has reported. */
function gpusSeen(sample: AgentSample | null) {
  if (sample === null || (sample.gpus.length === 0 && sample.gpusRead === 'not-yet'))
    return { seenByTools: null };
  return {
    seenByTools: sample.gpus.length,
    toolFails: sample.gpusRead === 'failed',
    onlyIntegrated: sample.gpus.length > 0 && sample.gpus.every(({ integrated }) => integrated === true),
  };
}

export function createOverview(dependencies: OverviewDependencies): Overview {
  const { clock, streams, fleet, agents, policies, ledger, means, inUse, attribution } = dependencies;
  const heard = new Map<string, HeardOfNode>();
  const dirty = new Set<string>();
  const stops: (() => void)[] = [];
  let timer: Timer | null = null;
  let stopped = false;

  function hear(nodeId: string): HeardOfNode {
    const before = heard.get(nodeId);
    const policy = agents.policyView(nodeId);
    const power = agents.power(nodeId);
    const now: HeardOfNode = {
      policy: stamped(policy, before?.policy ?? null),
      power: stamped(power, before?.power ?? null),
      leases: new Map(),
    };
    for (const lease of agents.foreignLeases(nodeId)) {
      if (ledger.get(lease.id) !== null) continue;
      now.leases.set(lease.id, elsewhere(nodeId, lease, before?.leases.get(lease.id) ?? null));
    }
    heard.set(nodeId, now);
    return now;
  }

  function stamped<Said>(said: Said | null, before: Heard<Said> | null): Heard<Said> | null {
    if (said === null) return null;
    return before?.said === said ? before : { said, at: clock.now() };
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
    const said = hear(id);
    const agent = agents.view(id);
    const machine = agents.machine(id);
    const sample = agents.sample(id);
    return nodePowerOf({
      node,
      policy: policies.get(id),
      means: means(id),
      agent,
      leases: ledger.list(id),
      isMirrored: dependencies.isMirrored,
      elsewhere: [...said.leases.values()],
      agentPolicy: said.policy,
      agentPower: said.power,
      use: inUse.state(id),
      held: inUse.held(id),
      wokenByUs: attribution.byUs(id, machine?.bootId ?? null),
      going: dependencies.going(id),
      gpuLost: gpuLostOf({
        hasGpu: node.hasGpu,
        ...gpusSeen(sample),
        problems: sample?.problems ?? [],
        ollamaFoundGpu: machine?.ollama.answers ? machine.ollama.gpuFound : null,
        mayRestartOllama: agent?.mayRestartOllama ?? false,
      }),
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
    timer ??= clock.timer(GATHER_MS, flush);
  }

  for (const node of fleet.list()) publish(node);
  stops.push(
    fleet.onChange((node, previous) => {
      if (node !== null) {
        if (previous === null) publish(node);
        else if (concernsPower(node, previous)) changed(node.id);
      } else if (previous !== null) {
        heard.delete(previous.id);
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
