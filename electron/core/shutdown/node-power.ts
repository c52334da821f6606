/** Builds the power view of a node from everything known about it. Pure. */

import { leaseReason } from '../../../shared/contract/agent/lease-reason.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { AgentView, Lease, LeaseRecord, NodePower, PowerPolicy } from '../../../shared/models/power.ts';
import { isOn } from '../agents/awake.ts';
import type { AgentPolicyView, AgentPower } from '../ports/agents.ts';
import { type BlockedBy, decideIdleShutdown, type IdleDecision } from './idle-decision.ts';
import type { ShutdownProgress } from './shutdown-progress.ts';
import type { UseState } from './use-watch.ts';
import { whyOn } from './why-on.ts';

/** What an agent reported, and when this core received it. */
export interface Reported<Value> {
  value: Value;
  at: number;
}

export interface PowerFacts {
  node: NodeView;
  policy: PowerPolicy;
  shutdownBy: NodePower['means'];
  agent: AgentView | null;
  /** Leases of this core. */
  leases: readonly LeaseRecord[];
  isMirrored(leaseId: string): boolean;
  elsewhere: readonly Lease[];
  agentPolicy: Reported<AgentPolicyView> | null;
  agentPower: Reported<AgentPower> | null;
  /** As observed by this core, for nodes whose agent does not report it. */
  use: UseState;
  blockedBy?: BlockedBy | null;
  wokenByUs: boolean | null;
  progress: ShutdownProgress;
  gpuLost: NodePower['gpuLost'];
}

export function nodePowerOf(facts: PowerFacts): NodePower {
  const { node, policy, shutdownBy, agent, use, progress } = facts;
  const on = isOn(node, agent);
  const leases: Lease[] = [
    ...facts.leases.map(({ endedAt: _, ...lease }) => ({
      ...lease,
      origin: 'here' as const,
      mirrored: facts.isMirrored(lease.id),
    })),
    ...facts.elsewhere,
  ];
  const byAgent = shutdownBy === 'agent' && facts.agentPolicy !== null ? facts.agentPolicy : null;
  const countdown = progress.countdown ?? agentCountdown(facts);
  const wokenByUs = on ? (byAgent?.value.wokenInThisBoot ?? facts.wokenByUs) : null;
  const common = {
    nodeId: node.id,
    policy,
    means: shutdownBy,
    agent,
    leases,
    wokenByUs,
    countdown,
    leaving: progress.leaving,
    lastOffError: progress.lastOffError,
    gpuLost: on ? facts.gpuLost : null,
    sleepTrouble: on && shutdownBy === 'agent' ? (facts.agentPower?.value.sleepTrouble ?? null) : null,
  };
  if (!on) return { ...common, whyOn: [], idleSince: null, offAt: null };

  const reasons = byAgent ? namedOnce(byAgent.value.reasons, leases) : use.use;
  const needed = leases.length > 0 || reasons.length > 0;
  const decision = decisionFor(facts, { byAgent, wokenByUs, needed });
  const why =
    node.kind === 'this-computer' && !needed
      ? [fact('RUNS_PILOTLIGHT')]
      : whyOn({
          on,
          leases,
          reasons,
          leaving: progress.leaving !== null,
          countdown: countdown !== null,
          stayReason: decision.do === 'stay' ? decision.why : null,
          shutdownBy,
        });
  return {
    ...common,
    whyOn: why,
    idleSince: needed ? null : idleSince(facts, byAgent),
    offAt: offAt(facts, decision, byAgent, countdown),
  };
}

function decisionFor(
  { shutdownBy, policy, progress, use, blockedBy = null }: PowerFacts,
  known: { byAgent: Reported<AgentPolicyView> | null; wokenByUs: boolean | null; needed: boolean },
): IdleDecision {
  if (known.byAgent) return decisionOfAgent(known.byAgent, policy, known.needed);
  if (shutdownBy === 'agent') return { do: 'stay', why: 'agent-silent' };
  return decideIdleShutdown({
    policy,
    shutdownBy,
    wokenByUs: known.wokenByUs,
    keptOn: progress.keptOn,
    blockedBy,
    reasons: known.needed ? ['needed'] : [],
    idleMs: use.idle?.ms ?? 0,
  });
}

/** An agent lists each lease among its reasons; the view already lists leases. */
function namedOnce(reasons: readonly string[], leases: readonly Lease[]): Message[] {
  const named = new Set(leases.map(leaseReason));
  return reasons.filter((reason) => !named.has(reason)).map(plainText);
}

function agentCountdown({ agentPower, shutdownBy }: PowerFacts): NodePower['countdown'] {
  const current = agentPower?.value.phase === 'countdown' ? agentPower.value.current : null;
  if (shutdownBy !== 'agent' || agentPower === null || current === null) return null;
  const endsAt = wholeSecond(agentPower.at + current.remainingSeconds * 1000);
  return { action: current.action, by: current.by, endsAt };
}

/** The decision of an agent, from what it reports. */
function decisionOfAgent(
  { value }: Reported<AgentPolicyView>,
  policy: PowerPolicy,
  needed: boolean,
): IdleDecision {
  if (value.remainingMs !== null) return { do: 'wait', remainingMs: value.remainingMs };
  if (policy.powerOff === 'never') return { do: 'stay', why: 'not-allowed' };
  if (policy.powerOff === 'when-woken' && !value.wokenInThisBoot) return { do: 'stay', why: 'not-woken' };
  if (value.keptOn) return { do: 'stay', why: 'kept-on' };
  // Nothing here keeps it on, but another panel's policy may.
  return { do: 'stay', why: needed ? 'in-use' : 'other-panel' };
}

function idleSince(
  { shutdownBy, use }: PowerFacts,
  byAgent: Reported<AgentPolicyView> | null,
): number | null {
  if (byAgent) return wholeSecond(byAgent.at - byAgent.value.idleSeconds * 1000);
  return shutdownBy === 'agent' ? null : (use.idle?.since ?? null);
}

function offAt(
  { use, policy }: PowerFacts,
  decision: IdleDecision,
  byAgent: Reported<AgentPolicyView> | null,
  countdown: NodePower['countdown'],
): number | null {
  if (countdown !== null) return countdown.endsAt;
  if (decision.do !== 'wait') return null;
  if (byAgent) return wholeSecond(byAgent.at + decision.remainingMs);
  return use.idle === null ? null : use.idle.since + policy.idleMinutes * 60_000;
}

/** A time computed from two clocks jitters by milliseconds; the panel shows seconds. */
const wholeSecond = (ms: number) => Math.round(ms / 1000) * 1000;
